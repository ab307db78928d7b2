import {InputError} from '../../core/problem/input-error.ts'
import {requireRoot, services} from '../services.ts'
import {chosenNodes, clusterFlagsOf, isLive, oneDump, openSource, type SourceFlags} from '../source/open-source.ts'
import type {LiveRequest, LiveSource} from './live-source.ts'
import {isRecording, openRecording} from './recording-source.ts'

/** What is asked of nodes until somebody asks for something else. */
const FIRST: LiveRequest = {intervalMs: 1000, rulesOf: new Set()}

/**
 * Opens what the flags name: a recording, a dump, this machine or the nodes of a cluster.
 *
 * @returns to be disposed of when nobody watches any more
 * @throws InputError when it cannot be opened
 */
export async function openLiveSource(flags: SourceFlags, signal: AbortSignal): Promise<LiveSource & AsyncDisposable> {
  if (isLive(flags)) return openLiveCluster(flags, signal)
  const [path, ...others] = flags.from ?? []
  if (!flags.local && path !== undefined && (await isRecording(path))) {
    if (others.length > 0) throw new InputError('a recording is shown alone', 'Give --from once.')
    return withEnd(await openRecording(path), async () => {})
  }
  const waiting = {signal, progress: {show() {}, clear() {}}}
  if (flags.local) return openLiveLocal(flags, signal)
  const {nodes, failures} = chosenNodes(await openSource(flags, waiting, 'all'), flags)
  const {LiveDump} = await import('./live-dump.ts')
  return withEnd(new LiveDump(nodes, failures, new Date().toISOString()), async () => {})
}

async function openLiveCluster(flags: SourceFlags, signal: AbortSignal): Promise<LiveSource & AsyncDisposable> {
  const clusterFlags = await clusterFlagsOf(flags)
  const [{openCluster}, {LiveCluster}] = await Promise.all([import('../agents/cluster.ts'), import('./live-cluster.ts')])
  const cluster = await openCluster(clusterFlags, signal)
  return withEnd(new LiveCluster(cluster, clusterFlags, FIRST), async () => cluster[Symbol.asyncDispose]())
}

async function openLiveLocal(flags: SourceFlags, signal: AbortSignal): Promise<LiveSource & AsyncDisposable> {
  requireRoot('reads the kernel')
  const {LiveLocal} = await import('./live-local.ts')
  const counters = await services().localCounters()
  const read = async (given: AbortSignal) =>
    oneDump(await openSource(flags, {signal: given, progress: {show() {}, clear() {}}}), flags)
  // What cannot be read at all is said before a screen is drawn.
  await read(signal)
  return withEnd(new LiveLocal(counters, read, FIRST), async () => counters.stop())
}

const withEnd = <Source extends LiveSource>(source: Source, end: () => Promise<void>): Source & AsyncDisposable =>
  Object.assign(source, {[Symbol.asyncDispose]: end})
