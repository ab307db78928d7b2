import {basename, dirname} from 'node:path'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import {type InputBudget, InputLimitError} from '../bytes/input-budget.ts'
import {PACKING_BYTES, packingOf} from '../bytes/packing.ts'
import {damagedProblem, innerProblems, isNamedWell, misnamedProblems, otherProblems} from './read-archive.ts'
import {LeftOut} from './walk-folder.ts'

/** Methods of files that are stored or deflated. Others need a library for each, and no tool takes them by default. */
const METHODS: ReadonlySet<number> = new Set([0, 8])
/** Of the attributes that Unix keeps of a file. */
const TYPE_MASK = 0o170_000
const REGULAR = [0, 0o100_000]
const FOLDER = 0o040_000

/**
 * Reads the files of a zip archive. Its list of files stands at its end, so the packed bytes are held; of its files only the texts are.
 * Nothing is written to disk.
 *
 * @param name of the archive
 * @throws InputLimitError, what `stream` throws
 */
export async function readZip(
  stream: AsyncGenerator<Uint8Array, void>,
  name: string,
  budget: InputBudget,
): Promise<{documents: DumpDocument[]; problems: Problem[]}> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) {
    budget.takeBytes(piece.length, name)
    pieces.push(Uint8Array.from(piece))
  }
  const packed = Buffer.concat(pieces.splice(0))
  const {default: yauzl} = await import('yauzl')
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  const [other, misnamed, unread, inner] = [new LeftOut(), new LeftOut(), new LeftOut(), new LeftOut()]
  let sizeBytes = 0
  try {
    const archive = await yauzl.fromBufferPromise(packed, {decodeStrings: false})
    for await (const entry of archive.eachEntry()) {
      budget.takeEntry(name)
      const file = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
      const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK
      if (!isNamedWell(file)) misnamed.add(`${file.slice(0, 100)}…`)
      else if (file.endsWith('/') || type === FOLDER || basename(file).startsWith('.')) continue
      else if (!REGULAR.includes(type)) other.add(file)
      else if (entry.isEncrypted() || !METHODS.has(entry.compressionMethod)) unread.add(file)
      else {
        const text = new TextDecoding()
        let first: Uint8Array | undefined
        for await (const piece of await archive.openReadStreamPromise(entry)) {
          const bytes = piece as Uint8Array
          sizeBytes += bytes.length
          budget.takeBytes(bytes.length, name)
          budget.checkRatio(sizeBytes, packed.length, name)
          first ??= bytes.slice(0, PACKING_BYTES)
          if (!packingOf(first)) text.push(bytes)
        }
        if (first && packingOf(first)) inner.add(file)
        else documents.push({name: `${name}/${file}`, folder: `${name}/${dirname(file)}`, text: text.end()})
      }
    }
  } catch (error) {
    if (error instanceof InputLimitError) throw error
    problems.push(damagedProblem(name, error))
  }
  return {
    documents,
    problems: [
      ...problems,
      ...otherProblems(other, name),
      ...misnamedProblems(misnamed, name),
      ...innerProblems(inner, name),
      ...unread.problems(name, {
        code: 'UNREADABLE_FILE',
        message: 'files of the archive that have a password, or are packed in an unusual way, are not read',
        next: 'Unpack it by hand, and give the folder.',
      }),
    ],
  }
}
