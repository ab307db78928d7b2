import type {Stats} from 'node:fs'
import {stat} from 'node:fs/promises'
import {sep} from 'node:path'
import {detectKind} from '../../core/dump/detect-kind.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {ProblemList} from '../../core/problem/problem-list.ts'
import {decodeText, TextDecoding} from '../../core/text/decode.ts'
import {InputBudget} from '../bytes/input-budget.ts'
import {type Packing, packingOf} from '../bytes/packing.ts'
import {copied, peek, readFound, readGiven} from '../bytes/read-bytes.ts'
import {reasonOf} from './reason.ts'
import {isTar, TAR_HEAD_BYTES} from './tar-head.ts'

interface ReadFiles {
  readonly documents: DumpDocument[]
  readonly problems: Problem[]
}

/** What is read so far, and how much more there may be. */
interface Reading {
  readonly documents: DumpDocument[]
  readonly problems: ProblemList
  readonly budget: InputBudget
}

/**
 * Reads what a flag names: folders with all files below them, archives, single files, `-` for standard input.
 *
 * @param flag as the person gave it, for errors
 * @param budget for all paths together
 * @throws InputError when a path cannot be read at all, InputLimitError when there is more than this machine's memory takes
 */
export async function readFiles(
  paths: readonly string[],
  flag: '--from' | '-f' = '--from',
  budget: InputBudget = new InputBudget('files'),
): Promise<ReadFiles> {
  const reading: Reading = {documents: [], problems: new ProblemList(), budget}
  for (const path of paths) {
    const stats = path === '-' ? undefined : await statOf(path, flag)
    if (stats?.isDirectory()) await readFolder(path, flag, reading)
    else await readGivenFile(path, stats?.size ?? 0, flag, reading)
  }
  return {documents: reading.documents, problems: reading.problems.all()}
}

async function statOf(path: string, flag: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (error) {
    throw new InputError(
      `${flag} ${path}: ${reasonOf(error)}`,
      'Check the path. A folder, an archive, a file, or - for standard input can be given.',
    )
  }
}

async function readGivenFile(path: string, expectedBytes: number, flag: string, reading: Reading): Promise<void> {
  const name = path === '-' ? 'stdin' : withSlashes(path)
  try {
    await addContent(readGiven(path), {name, folder: '', expectedBytes}, reading)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${flag} ${path === '-' ? name : path}: ${reasonOf(error)}`, 'Check the path and its rights.')
  }
}

/** Nodes and dumps are told by folders and names, and in archives these have slashes everywhere. Windows takes them, too. */
const withSlashes = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'))

async function readFolder(folder: string, flag: string, reading: Reading): Promise<void> {
  const {walkFolder} = await import('./walk-folder.ts')
  const {files, problems} = await walkFolder(folder, reading.budget).catch((error: unknown) => {
    if (error instanceof InputError) throw error
    throw new InputError(`${flag} ${folder}: ${reasonOf(error)}`, 'Check the rights of the folder.')
  })
  for (const problem of problems) reading.problems.add(problem)
  for (const {path, folder: parent} of files) {
    try {
      const {size} = await stat(path)
      await addContent(readFound(path), {name: withSlashes(path), folder: withSlashes(parent), expectedBytes: size}, reading)
    } catch (error) {
      if (error instanceof InputError) throw error
      reading.problems.add({
        code: 'UNREADABLE_FILE',
        file: path,
        message: `cannot be read: ${reasonOf(error)}`,
        next: 'It is left out. Check its rights.',
      })
    }
  }
}

/** What is being read. */
interface Input {
  readonly name: string
  /** Empty for what was given by name. */
  readonly folder: string
  /** Its size, if known. */
  readonly expectedBytes: number
}

/** Adds a file, or the files of an archive. Only their texts are held, never their bytes as a whole, but for those of a zip archive. */
async function addContent(chunks: AsyncGenerator<Uint8Array, void>, input: Input, reading: Reading): Promise<void> {
  const {head, stream, release} = await peek(chunks, TAR_HEAD_BYTES)
  const packing = packingOf(head)
  if (!packing) return await addUnpacked(head, counted(stream, input, reading), input, reading)
  const {name} = input
  if (packing === 'zip') {
    const {readZip} = await import('./read-zip.ts')
    return addFiles(await readZip(stream, name, reading.budget), reading, () => false)
  }
  const content = await unpacked(packing, copied(stream), input, reading)
  if (!content) {
    await release()
    reading.problems.add({
      code: 'UNSUPPORTED_FILE',
      file: name,
      message: `is packed with ${packing}, which is not read`,
      next: 'Unpack it, and give the folder or the file. Read are .tgz, .tar, .zip, and what is packed with gzip, xz or zstd.',
    })
    return
  }
  const inner = await peek(content.parts, TAR_HEAD_BYTES)
  await addUnpacked(inner.head, inner.stream, {...input, expectedBytes: 0}, reading, content.isDamaged)
}

/** Adds a text, or the files of a tar archive. */
async function addUnpacked(
  head: Uint8Array,
  stream: AsyncGenerator<Uint8Array, void>,
  input: Input,
  reading: Reading,
  isDamaged = () => false,
): Promise<void> {
  if (!isTar(head)) return await addText(stream, input, reading, isDamaged)
  // Few files are archives, and it takes longer to load than a small file to read.
  const {readArchive} = await import('./read-archive.ts')
  // The library keeps pieces of the stream.
  addFiles(await readArchive(copied(stream), input.name, reading.budget), reading, isDamaged)
}

function addFiles({documents, problems}: ReadFiles, reading: Reading, isDamaged: () => boolean): void {
  const isCut = isDamaged() || problems.some(({code}) => code === 'TRUNCATED_FILE')
  for (const document of documents) reading.documents.push(isCut ? {...document, isCut} : document)
  for (const problem of problems) reading.problems.add(problem)
}

/** As many bytes have at least the characters that show of what kind a text is. */
const KIND_BYTES = 256 * 1024

async function addText(
  stream: AsyncGenerator<Uint8Array, void>,
  input: Input,
  {documents}: Reading,
  isDamaged: () => boolean,
): Promise<void> {
  const {name, folder, expectedBytes} = input
  const start = await peek(stream, folder === '' ? KIND_BYTES : 0)
  const head = decodeText(start.head)
  // What was given by name is told by its content. Nothing more is read of a device that never ends, or of zeros that were packed.
  if (detectKind(head) === 'binary') {
    await start.release()
    documents.push({name, folder, text: head, ...(isDamaged() && {isCut: true})})
    return
  }
  const text = new TextDecoding(expectedBytes)
  for await (const chunk of start.stream) text.push(chunk)
  documents.push({name, folder, text: text.end(), ...(isDamaged() && {isCut: true})})
}

async function* counted(
  stream: AsyncGenerator<Uint8Array, void>,
  {name}: Input,
  {budget}: Reading,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) {
    budget.takeBytes(chunk.length, name)
    yield chunk
  }
}

/** A file that is unpacked while it is read. */
interface Unpacked {
  readonly parts: AsyncGenerator<Uint8Array, void>
  /** Whether the file turned out to be damaged, once the parts are read. */
  readonly isDamaged: () => boolean
}

/** Unpacks a file. Of a damaged or cut-off one everything before the damage is given. Undefined when it cannot be unpacked. */
async function unpacked(
  packing: Packing,
  stream: AsyncGenerator<Uint8Array, void>,
  {name}: Input,
  {budget, problems}: Reading,
): Promise<Unpacked | undefined> {
  // Few files are packed, and it takes longer to load than a small file to read.
  const {isDamage, unpack} = await import('../bytes/unpack.ts')
  let isDamaged = false
  const content = unpack(packing, stream, (pieceBytes, sizeBytes, packedBytes) => {
    budget.takeBytes(pieceBytes, name)
    budget.checkRatio(sizeBytes, packedBytes, name)
  })
  return content && {parts: undamaged(content), isDamaged: () => isDamaged}

  async function* undamaged(parts: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* parts
    } catch (error) {
      if (!isDamage(error)) throw error
      isDamaged = true
      problems.add({
        code: 'TRUNCATED_FILE',
        file: name,
        message: `the compressed file is damaged or cut off (${error.message}); what stands before the damage is read`,
        next: 'Copy the file again; compare its size with the original.',
      })
    }
  }
}
