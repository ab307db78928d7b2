import {basename, dirname} from 'node:path'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import {type InputBudget, InputLimitError} from '../bytes/input-budget.ts'
import {PACKING_BYTES, packingOf} from '../bytes/packing.ts'
import {reasonOf} from './reason.ts'
import {DEEPEST, LeftOut} from './walk-folder.ts'

/** Characters of a path that a system takes. Source: PATH_MAX of Linux. */
const LONGEST_NAME = 4096

/**
 * Reads the files of a tar archive while it comes: only their texts are ever held. Nothing is written to disk. Files before a damaged
 * place are kept.
 *
 * @param name of the archive
 * @throws InputLimitError, what `stream` throws
 */
export async function readArchive(
  stream: AsyncGenerator<Uint8Array, void>,
  name: string,
  budget: InputBudget,
): Promise<{documents: DumpDocument[]; problems: Problem[]}> {
  const {createTarDecoder} = await import('modern-tar')
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  const other = new LeftOut()
  const misnamed = new LeftOut()
  const inner = new LeftOut()
  try {
    for await (const {header, body} of webStream(stream).pipeThrough(createTarDecoder())) {
      budget.takeEntry(name)
      const isNamed = isNamedWell(header.name)
      const isRead = header.type === 'file' && isNamed && !basename(header.name).startsWith('.')
      if (!isNamed) misnamed.add(`${header.name.slice(0, 100)}…`)
      else if (header.type !== 'file' && header.type !== 'directory') other.add(header.name)
      const text = new TextDecoding()
      let first: Uint8Array | undefined
      for await (const piece of body) {
        if (!isRead) continue
        first ??= piece.slice(0, PACKING_BYTES)
        if (!packingOf(first)) text.push(piece)
      }
      if (isRead && first && packingOf(first)) inner.add(header.name)
      else if (isRead)
        documents.push({name: `${name}/${header.name}`, folder: `${name}/${dirname(header.name)}`, text: text.end()})
    }
  } catch (error) {
    if (error instanceof InputLimitError) throw error
    problems.push(damagedProblem(name, error))
  }
  return {
    documents,
    problems: [...problems, ...otherProblems(other, name), ...misnamedProblems(misnamed, name), ...innerProblems(inner, name)],
  }
}

/** Whether a system could have a file of that name. */
export const isNamedWell = (name: string): boolean =>
  name.length <= LONGEST_NAME && name.split('/', DEEPEST + 2).length <= DEEPEST + 1

/** Says that an archive could not be read to its end. */
export const damagedProblem = (name: string, error: unknown): Problem => ({
  code: 'TRUNCATED_FILE',
  file: name,
  message: `the archive is damaged or cut off (${reasonOf(error)}); the files before the damage are read`,
  next: 'Copy the archive again; compare its size with the original.',
})

/** What is said of entries that are neither files nor folders. */
export const otherProblems = (other: LeftOut, archive: string): Problem[] =>
  other.problems(archive, {
    code: 'UNSUPPORTED_FILE',
    message: 'links, pipes and devices of the archive are passed over',
    next: 'Nothing to do, unless a node lacks a file: then put the file itself in the archive.',
  })

/** What is said of entries with names that no system takes. */
export const misnamedProblems = (misnamed: LeftOut, archive: string): Problem[] =>
  misnamed.problems(archive, {
    code: 'UNREADABLE_FILE',
    message: `names of more than ${LONGEST_NAME} characters or ${DEEPEST} folders are passed over`,
    next: 'No dump has such names. Take it again.',
  })

/** What is said of packed files and archives within an archive. */
export const innerProblems = (inner: LeftOut, archive: string): Problem[] =>
  inner.problems(archive, {
    code: 'UNSUPPORTED_FILE',
    message: 'files within the archive that are packed themselves are not read',
    next: 'Unpack the archive, and give its folder: archives in a folder are read.',
  })

/** Nothing is read ahead: what is not asked for is not unpacked. */
function webStream(stream: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      async pull(controller) {
        const {done, value} = await stream.next()
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array<ArrayBuffer>)
      },
      async cancel() {
        await stream.return()
      },
    },
    {highWaterMark: 0},
  )
}
