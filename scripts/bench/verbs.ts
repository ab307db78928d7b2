import {readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {incrementalProgram} from '../../core/linux/compile/compile.ts'
import {type ClusterSize, clusterFile} from './cluster-file.ts'
import {brokenSets, type CompiledDump, compiledDump, fleetDump, nodeDump} from './compiled-dump.ts'
import {type Dump, dumpOf} from './generate.ts'
import {type Measured, measure, median, NODE} from './measure.ts'
import {v1Rules} from './v1-rules.ts'
import {windowsDump} from './windows-dump.ts'

/** What one command took, and what it may take where starting Node takes 37 ms. */
export interface VerbResult {
  readonly what: string
  readonly size: string
  readonly measured: Measured
  readonly aim?: {readonly seconds: number; readonly megabytes?: number}
  /** What the same machine needs for a part of it that nobody can be spared, and how much longer the whole may take. */
  readonly beside?: {
    readonly name: string
    readonly measured: Measured
    readonly aim: number
    /** Whether it has a row of its own. */
    readonly isTold?: boolean
  }
  /** For those of one kind of input in several sizes: what grows, and by how much. */
  readonly growth?: {readonly what: string; readonly bytes: number}
}

const program = join(import.meta.dirname, '..', '..', 'dist', 'kubectl-npm')

const sized = (pods: number, policies: number): string =>
  `${pods.toLocaleString('en')} pods, ${policies.toLocaleString('en')} policies`

/** Measures compile, translate of NPM v1, trace, matrix and diff on made-up clusters and dumps. */
export async function* verbResults(runs: number, isQuick: boolean): AsyncGenerator<VerbResult> {
  const clusters = isQuick ? [[1000, 100] as const] : [[1000, 100] as const, [5000, 500] as const, [20_000, 2000] as const]
  for (const [pods, policies] of clusters) {
    const file = await clusterFile({pods, policies})
    const measured = await measure([NODE, program, 'compile', '-f', file, '-o', 'ipset'], runs)
    const size = sized(pods, policies)
    const aims = pods === 20_000 ? {aim: {seconds: 0.7, megabytes: 300}, beside: await readAndWrite(file, runs)} : {}
    yield {what: 'compile -o ipset', size, measured, ...aims}
  }
  const [pods, policies] = clusters.at(-1) ?? [1000, 100]
  const largest = await clusterFile({pods, policies})
  yield {
    what: 'one pod changed, in process',
    size: sized(pods, policies),
    measured: {seconds: await podChange(largest)},
    aim: {seconds: 0.005},
  }
  yield {
    what: 'translate, rules of NPM v1',
    size: '10 MB',
    measured: await measure([NODE, program, 'translate', '--from', await v1Rules()], runs),
    aim: {seconds: 1},
  }
  const trace = ['trace', 'ns-1/pod-1', 'ns-2/pod-2', '--port', '8080', '--from', largest]
  yield {
    what: 'trace over policies',
    size: sized(pods, policies),
    measured: await measure([NODE, program, ...trace], runs),
    aim: {seconds: 0.4},
  }
  for (const megabytes of isQuick ? [1] : [1, 2, 4, 10]) {
    const dump: Dump = await dumpOf(megabytes, 'sha256')
    const args = ['trace', '203.0.113.9', '10.64.0.1', '--port', '8080', '--from', dump.rules, '--from', dump.sets]
    const aim = megabytes === 10 ? {aim: {seconds: 0.6}} : {}
    yield {what: 'trace over rules', size: `${megabytes} MB`, measured: await measure([NODE, program, ...args], runs), ...aim}
  }
  yield await matrix(200, 20, '80,443,8080,53/udp', runs)
  yield await matrix(1000, 100, '8080', runs, {seconds: 0.5})
  yield await matrix(1000, 100, undefined, runs)
  if (isQuick) return
  yield await matrix(5000, 500, '8080', Math.min(runs, 3), {seconds: 5, megabytes: 600})
  yield await verify({pods: 5000, policies: 500}, Math.min(runs, 3), {seconds: 5, megabytes: 600})
  yield await verify({pods: 20_000, policies: 2000}, Math.min(runs, 3), {seconds: 30, megabytes: 1200})
  yield* diffs(Math.min(runs, 3))
  yield* fleets(1)
  yield* ofWindows({pods: 2000, policies: 500}, Math.min(runs, 3))
}

/** One Windows node with all pods of a cluster. */
async function* ofWindows(size: ClusterSize, runs: number): AsyncGenerator<VerbResult> {
  const {folder, cluster, bytes} = await windowsDump(size)
  const counted = sized(size.pods, size.policies)
  for (const [what, args] of [
    ['compile -o hns', ['compile', '-f', cluster, '-o', 'hns']],
    ['translate, a Windows node', ['translate', '--from', folder]],
    ['diff of a clean Windows node', ['diff', '--from', folder]],
    ['verify, a Windows node', ['verify', '--from', folder]],
  ] as const) {
    const isOfNode = what !== 'compile -o hns'
    const measured = await measure([NODE, program, ...args], runs)
    yield {what, size: isOfNode ? `${counted}, ${(bytes / 1e6).toFixed(0)} MB` : counted, measured}
  }
}

/** Where the aim was set, compiling may take 0.7 s and this takes 0.38 s. */
const readAndWrite = async (file: string, runs: number): Promise<NonNullable<VerbResult['beside']>> => ({
  name: 'reading and writing',
  measured: await measure([NODE, join(import.meta.dirname, 'read-and-write.mjs'), file], runs),
  aim: 0.7 / 0.38,
})

async function* diffs(runs: number): AsyncGenerator<VerbResult> {
  const usual = await compiledDump({pods: 20_000, policies: 2000})
  const clean = await diff('clean node', usual, {pods: 20_000, policies: 2000}, runs)
  yield clean
  const broken = {...usual, sets: await brokenSets(usual, 1000)}
  const result = await diff('node that lacks 1,000 members', broken, {pods: 20_000, policies: 2000}, runs)
  yield {...result, beside: {name: 'the clean one', measured: clean.measured, aim: 2, isTold: true}}
  // No set of the kernel holds more than 65,536 pods.
  for (const size of [
    {pods: 6000, policies: 2400},
    {pods: 20_000, policies: 8000},
    {pods: 60_000, policies: 24_000},
  ]) {
    const result = await diff('clean node', await compiledDump(size), size, runs)
    yield {...result, growth: {what: 'diff', bytes: result.bytes}}
  }
}

/** Policies over all nodes of a cluster, each compared with what it is asked for. It takes long: once is enough. */
export async function* fleets(runs: number): AsyncGenerator<VerbResult> {
  const size = {pods: 1000, policies: 100}
  const policies = async (nodes: number): Promise<VerbResult> => ({
    what: `policies, ${nodes} nodes in a dump`,
    size: sized(size.pods, size.policies),
    measured: await measure([NODE, program, 'policies', '--from', await fleetDump(size, nodes)], runs),
  })
  const few = await policies(20)
  yield few
  const many = await policies(250)
  yield {...many, beside: {name: 'that of 20', measured: few.measured, aim: 250 / 20, isTold: true}}
}

async function diff(
  what: string,
  {rules, sets, cluster}: CompiledDump,
  {pods, policies}: ClusterSize,
  runs: number,
): Promise<VerbResult & {bytes: number}> {
  const bytes = (await stat(rules)).size + (await stat(sets)).size
  const measured = await measure([NODE, program, 'diff', '--from', rules, '--from', sets, '--from', cluster], runs)
  return {what: `diff of a ${what}`, size: `${sized(pods, policies)}, ${(bytes / 1e6).toFixed(0)} MB`, measured, bytes}
}

/** A node of the cluster with all that Azure NPM programs, which is proven. */
async function verify(size: ClusterSize, runs: number, aim: VerbResult['aim']): Promise<VerbResult> {
  const dump = await nodeDump(await compiledDump(size), 'node-1')
  const measured = await measure([NODE, program, 'verify', '--from', dump], runs)
  return {what: 'verify', size: sized(size.pods, size.policies), measured, ...(aim && {aim})}
}

/** @param ports by default all that the policies name */
async function matrix(
  pods: number,
  policies: number,
  ports: string | undefined,
  runs: number,
  aim?: VerbResult['aim'],
): Promise<VerbResult> {
  const file = await clusterFile({pods, policies})
  const args = ports === undefined ? [] : ['--ports', ports]
  const measured = await measure([NODE, program, 'matrix', ...args, '--from', file], runs)
  const what = ports === undefined ? 'matrix, all ports of the policies' : `matrix, ${ports.split(',').length} ports`
  return {what, size: sized(pods, policies), measured, ...(aim && {aim})}
}

/** Median seconds to take in that one pod has another label. */
async function podChange(file: string): Promise<number> {
  const {objects} = readClusterObjects(JSON.parse(await readFile(file, 'utf8')) as unknown)
  const live = incrementalProgram({scheme: 'sha256', semantics: 'npm'})
  live.applyAll(objects)
  live.program()
  const times: number[] = []
  for (const [index, pod] of objects.pods.slice(0, 200).entries()) {
    const start = performance.now()
    live.apply({type: 'modified', kind: 'Pod', object: relabelled(pod, index)})
    live.program()
    times.push((performance.now() - start) / 1000)
  }
  return median(times)
}

const relabelled = (pod: ClusterObjects['pods'][number], index: number): ClusterObjects['pods'][number] => ({
  ...pod,
  metadata: {...pod.metadata, labels: {...pod.metadata.labels, app: index % 2 === 0 ? 'web' : 'api'}},
})
