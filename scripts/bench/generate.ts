import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {createWriteStream, existsSync} from 'node:fs'
import {mkdir, readFile, rename, rm, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {finished} from 'node:stream/promises'
import type {Scheme} from '../../core/names/hash.ts'
import {type Cluster, makeCluster} from './cluster.ts'
import {Random} from './random.ts'
import {KernelNames, rulesText, setsText} from './save.ts'

/** What one node would have printed. */
export interface Dump {
  readonly rules: string
  readonly rulesBytes: number
  readonly sets: string
  readonly setsBytes: number
}

/** How many policies make about one megabyte of rules, by scheme: decimal names are shorter. */
const POLICIES_PER_MEGABYTE: Readonly<Record<Scheme, number>> = {sha256: 305, fnv32a: 325}

/** The dump of a node whose rules take about so many megabytes; made once and kept. */
export async function dumpOf(megabytes: number, scheme: Scheme): Promise<Dump> {
  const folder = await cacheFolder()
  const rules = join(folder, `rules-${scheme}-${megabytes}.txt`)
  const sets = join(folder, `sets-${scheme}-${megabytes}.txt`)
  if (!existsSync(rules) || !existsSync(sets)) {
    const cluster = makeCluster(Math.round(megabytes * POLICIES_PER_MEGABYTE[scheme]), scheme)
    const names = new KernelNames(scheme)
    await writeOnce(sets, setsText(cluster.sets, names))
    await writeOnce(rules, rulesText(cluster, names))
  }
  return {rules, rulesBytes: (await stat(rules)).size, sets, setsBytes: (await stat(sets)).size}
}

const MANY_SETS = 4000

/** An `ipset save` of so many members. */
export async function manyMembers(count: number): Promise<{path: string; bytes: number}> {
  const path = join(await cacheFolder(), `members-${count}.txt`)
  if (!existsSync(path)) await writeOnce(path, setsText(spreadMembers(count), new KernelNames('sha256')))
  return {path, bytes: (await stat(path)).size}
}

function spreadMembers(count: number): Cluster['sets'] {
  const random = new Random(3)
  const sets = new Map<string, string[]>()
  for (let index = 0; index < MANY_SETS; index++)
    sets.set(index % 50 === 0 ? `namedport:port-${index}` : `podlabel-app:service-${index}`, [])
  const all = [...sets]
  for (let index = 0; index < count; index++) {
    const [name, members] = random.pick(all)
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
    if (name.startsWith('namedport:')) members.push(`${address},tcp:8080`)
    else members.push(index % 100 === 0 ? `${address} nomatch` : address)
  }
  return sets
}

/** Outside the working tree, and another one whenever the generator changes. */
async function cacheFolder(): Promise<string> {
  const sources = ['random.ts', 'cluster.ts', 'save.ts', 'generate.ts']
  const hash = createHash('sha256')
  for (const source of sources) hash.update(await readFile(join(import.meta.dirname, source)))
  const folder = join(tmpdir(), `kubectl-npm-bench-${hash.digest('hex').slice(0, 12)}`)
  await mkdir(folder, {recursive: true})
  return folder
}

const CHUNK_CHARACTERS = 1024 * 1024

/** Writes lines to a file that has its name only when it is complete. */
async function writeOnce(path: string, lines: Iterable<string>): Promise<void> {
  const partial = `${path}.${process.pid}`
  const file = createWriteStream(partial)
  try {
    let chunk = ''
    for (const line of lines) {
      chunk += `${line}\n`
      if (chunk.length < CHUNK_CHARACTERS) continue
      if (!file.write(chunk)) await once(file, 'drain')
      chunk = ''
    }
    file.end(chunk)
    await finished(file)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, {force: true})
    throw error
  }
}
