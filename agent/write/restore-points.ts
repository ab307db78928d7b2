import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, rename, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {ToldStep} from '../../core/dataplane/plan.ts'
import {dumpFiles, nodeFolder} from '../../core/dump/layout.ts'
import {makeManifest, manifestText} from '../../core/dump/make-manifest.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import {renameDurable, syncFolder, writeDurable} from './durable-file.ts'
import {faultPoint} from './fault-point.ts'
import type {BeginRecord} from './journal-records.ts'
import {documentOfNode} from './read-node.ts'
import {seal, sha256, unseal} from './sealed-record.ts'
import {writeFailureOf} from './write-failure.ts'

/** How many are kept. */
export const KEPT_RESTORE_POINTS = 10

const FACTS = 'write.json'
const STEPS = 'steps.json'
const TEMPORARY = '.new'

/** What a restore point says of the write that it was made for. */
export interface RestorePointFacts extends Omit<BeginRecord, 'kind'> {
  readonly node: string
  /** SHA-256 of each file, by its path in the folder. */
  readonly files: Readonly<Record<string, string>>
}

/** A restore point, or why it cannot be used. */
export type FoundRestorePoint =
  | {readonly id: string; readonly facts: RestorePointFacts; readonly damaged?: undefined}
  | {readonly id: string; readonly facts?: RestorePointFacts; readonly damaged: string}

/** Restore points that were whole, each with when its files were written. Kept by who is asked again and again. */
export type WholePoints = Map<string, {readonly written: string; readonly facts: RestorePointFacts}>

/** What a restore point is made of. */
export interface RestorePointContent {
  /** What the node's tools printed, by the names that a dump has for them. */
  readonly files: ReadonlyMap<string, Text>
  /** What is done with the node: it tells what of a later state comes from that, and what from somebody else. */
  readonly steps: readonly ToldStep[]
  /** Of this program. */
  readonly version: string
}

export interface LoadedRestorePoint {
  readonly documents: readonly DumpDocument[]
  readonly steps: readonly ToldStep[]
}

/** One that is being written. It is none before it is kept. */
export interface RestorePointDraft {
  /**
   * Waits until all of it is on the disk, and gives it its name.
   *
   * @returns its folder
   * @throws WriteFailure
   */
  keep(): Promise<string>
  /** Takes it away. */
  drop(): Promise<void>
}

/**
 * The restore points of a node: what it had before each write. Each is a folder with the layout of a dump, so `--from` reads it, and
 * with `write.json` beside it, which has the checksum of each file.
 */
export class RestorePoints {
  readonly folder: string
  private readonly whole: WholePoints

  /** @param whole what was found to be whole before */
  constructor(stateDir: string, whole: WholePoints = new Map()) {
    this.folder = join(stateDir, 'restore-points')
    this.whole = whole
  }

  pathOf(id: string): string {
    return join(this.folder, id)
  }

  /** The names of all that are there, newest first. */
  async ids(): Promise<string[]> {
    const names: string[] = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const id of this.whole.keys()) if (!names.includes(id)) this.whole.delete(id)
    return names.filter(name => numberOf(name) !== undefined).sort((a, b) => (numberOf(b) ?? 0) - (numberOf(a) ?? 0))
  }

  /**
   * Writes one, whole or not at all.
   *
   * @returns its folder
   * @throws WriteFailure
   */
  async save(facts: Omit<RestorePointFacts, 'files'>, content: RestorePointContent): Promise<string> {
    return (await this.draft(facts, content)).keep()
  }

  /**
   * Begins to write one, and returns when its files are being written. From then on that goes on by itself, beside whatever is done until
   * it is kept or dropped; who keeps it is told what failed.
   */
  async draft(facts: Omit<RestorePointFacts, 'files'>, content: RestorePointContent): Promise<RestorePointDraft> {
    const path = this.pathOf(facts.id)
    const temporary = path + TEMPORARY
    const begun = Promise.withResolvers<void>()
    const written = this.write(temporary, facts, content, begun.resolve)
    await Promise.race([begun.promise, written.catch(() => undefined)])
    const remove = () => rm(temporary, {recursive: true, force: true}).catch(() => undefined)
    return {
      keep: async () => {
        try {
          await written
          await renameDurable(temporary, path)
          return path
        } catch (error) {
          await remove()
          throw writeFailureOf('the restore point', this.folder, error)
        }
      },
      drop: async () => {
        await written.catch(() => undefined)
        await remove()
      },
    }
  }

  /** Its files wait for the disk side by side: none of them is anything before the folder has its name. */
  private async write(
    temporary: string,
    facts: Omit<RestorePointFacts, 'files'>,
    {files, steps, version}: RestorePointContent,
    begun: () => void,
  ): Promise<void> {
    const inside = nodeFolder(facts.node, 0)
    await mkdir(this.folder, {recursive: true, mode: 0o700})
    await rm(temporary, {recursive: true, force: true})
    await mkdir(join(temporary, inside), {recursive: true, mode: 0o700})
    const manifest = makeManifest({
      id: facts.id,
      takenAt: facts.at,
      version,
      redacted: false,
      nodes: [{name: facts.node, takenAt: facts.at, documents: [...files.keys()]}],
      failures: [],
    })
    const all = new Map<string, Text>([
      [dumpFiles.manifest, [manifestText(manifest)]],
      [STEPS, [JSON.stringify(steps.map(told))]],
    ])
    for (const [name, text] of files) all.set(`${inside}/${name}`, text)
    const sums = Object.fromEntries([...all].map(([name, text]) => [name, sumOf(text)]))
    all.set(FACTS, [seal({...facts, files: sums})])
    const writes = [...all].map(([name, text]) => writeDurable(join(temporary, name), text))
    begun()
    await allOf(writes)
    await allOf([inside, dumpFiles.nodes, ''].map(folder => syncFolder(join(temporary, folder))))
  }

  /**
   * Checks all of one. One that was whole is not read again as long as nobody has written to its files: whoever returns to it reads
   * it all.
   */
  async check(id: string): Promise<FoundRestorePoint> {
    const before = await this.written(id)
    const known = this.whole.get(id)
    if (known && before !== undefined && known.written === before) return {id, facts: known.facts}
    const found = await this.read(id, () => {})
    if (before !== undefined && found.damaged === undefined) this.whole.set(id, {written: before, facts: found.facts})
    else this.whole.delete(id)
    return found
  }

  /** When its files were written, and which they are; undefined where that cannot be told. */
  private async written(id: string): Promise<string | undefined> {
    if (numberOf(id) === undefined) return undefined
    try {
      const path = this.pathOf(id)
      const entries = await readdir(path, {recursive: true, withFileTypes: true})
      const files = entries.filter(each => !each.isDirectory()).map(({parentPath, name}) => join(parentPath, name))
      const facts = await Promise.all(files.toSorted().map(async file => ({file, ...(await stat(file, {bigint: true}))})))
      return facts.map(({file, dev, ino, size, mtimeNs, ctimeNs}) => [file, dev, ino, size, mtimeNs, ctimeNs].join()).join('\n')
    } catch {
      return undefined
    }
  }

  /**
   * Reads one, if nothing of it is damaged.
   *
   * @returns its documents, as a dump's, and the steps of its write
   */
  async load(id: string): Promise<FoundRestorePoint & LoadedRestorePoint> {
    const documents: DumpDocument[] = []
    let steps: readonly ToldStep[] = []
    const found = await this.read(id, (file, content) => {
      if (file === STEPS) steps = JSON.parse(Buffer.from(content).toString()) as readonly ToldStep[]
      if (!file.startsWith(`${dumpFiles.nodes}/`)) return
      const decoding = new TextDecoding()
      decoding.push(content)
      documents.push(documentOfNode(file.slice(file.lastIndexOf('/') + 1), decoding.end()))
    })
    return {...found, documents, steps}
  }

  private async read(id: string, visit: (file: string, content: Uint8Array) => void): Promise<FoundRestorePoint> {
    // Ids come over the wire.
    if (numberOf(id) === undefined) return {id, damaged: 'a restore point has no such name'}
    const path = this.pathOf(id)
    let facts: RestorePointFacts | undefined
    try {
      const text = await readFile(join(path, FACTS), 'utf8')
      facts = unseal(text.replace(/\n$/, '')) as RestorePointFacts | undefined
      if (facts === undefined || facts.id !== id) return {id, damaged: `${join(path, FACTS)} is damaged`}
      for (const [file, sum] of Object.entries(facts.files)) {
        const content = await readFile(join(path, file))
        if (sha256(content) !== sum) return {id, facts, damaged: `${join(path, file)} is not what was written`}
        visit(file, content)
      }
      return {id, facts}
    } catch (error) {
      return {id, ...(facts && {facts}), damaged: (error as Error).message}
    }
  }

  /** Removes all but the newest, and what a crash left half written. Never fails: what stays is only more than needed. */
  async prune(): Promise<void> {
    const names = await readdir(this.folder).catch(() => [])
    const old = (await this.ids()).slice(KEPT_RESTORE_POINTS)
    for (const name of [...old, ...names.filter(each => each.endsWith(TEMPORARY))]) {
      const path = join(this.folder, name)
      const removed = name.endsWith(TEMPORARY) ? path : path + TEMPORARY
      try {
        // One that is removed by halves would be a damaged one.
        if (removed !== path) await rename(path, removed)
        faultPoint('while a restore point is removed')
        await rm(removed, {recursive: true, force: true})
      } catch {
        // It is tried again with the next write.
      }
    }
  }
}

/** The number at the beginning of an id; undefined for what is no id. */
export function numberOf(id: string): number | undefined {
  const [, number] = /^(\d{1,15})-[0-9TZ]+$/.exec(id) ?? []
  return number === undefined ? undefined : Number(number)
}

/** The id of the next write: numbers grow also when the clock is set back. */
export function nextId(known: Iterable<string>, now: Date): string {
  const last = Math.max(0, ...[...known].map(id => numberOf(id) ?? 0))
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${String(last + 1).padStart(4, '0')}-${time}`
}

function sumOf(text: Text): string {
  const hash = createHash('sha256')
  for (const piece of text) hash.update(piece)
  return hash.digest('hex')
}

/** A step without what is only said about it. */
const told = ({tool, backend, isAtomic, operations}: ToldStep): ToldStep => ({
  tool,
  ...(backend && {backend}),
  isAtomic,
  operations: operations.map(({line}) => ({line})),
})

/** Waits for all, also when one fails: who then takes away what they write must not do so under them. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({status}) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
