import {InputError} from '../../core/problem/input-error.ts'
import {requireRoot, services} from '../services.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'
import type {LiveRequest, LiveSource} from './live-source.ts'

/** What is asked of nodes until somebody asks for something else. */
const FIRST: LiveRequest = {intervalMs: 1000, rulesOf: new Set()}

/**
 * Opens what the flags name: a recording, a dump, this machine or the nodes of a cluster.
 *
 * @param say takes what a login program says to the person; without it that goes to stderr
 * @returns to be disposed of when nobody watches any more
 * @throws InputError when it cannot be opened
 */
export async function openLiveSource(
  flags: SourceFlags,
  signal: AbortSignal,
  say?: (text: string) => void,
): Promise<LiveSource & AsyncDisposable> {
  if (isLive(flags)) return openLiveCluster(flags, signal, say)
  const {isRecording, openRecording} = await import('./recording-source.ts')
  const [path, ...others] = flags.from ?? []
  if (!flags.local && path !== undefined && (await isRecording(path))) {
    if (others.length > 0) throw new InputError('a recording is shown alone', 'Give --from once.')
    return withEnd(await openRecording(path), async () => {})
  }
  if (flags.local) return openLiveLocal(flags, signal)
  const [{chosenNodes, openSource}, {LiveDump}] = await Promise.all([
    import('../source/open-source.ts'),
    import('./live-dump.ts'),
  ])
  const {nodes, failures} = chosenNodes(await openSource(flags, unseen(signal), 'all'), flags)
  return withEnd(new LiveDump(nodes, failures, new Date().toISOString()), async () => {})
}

async function openLiveCluster(
  flags: SourceFlags,
  signal: AbortSignal,
  say?: (text: string) => void,
): Promise<LiveSource & AsyncDisposable> {
  const clusterFlags = clusterFlagsOf(flags)
  const {openWay} = await import('../kubernetes/open-way.ts')
  // kubectl takes longer than anything else here, and starts while what talks to it is loaded.
  const way = openWay(clusterFlags, signal, say ? {say} : {})
  way.catch(() => {})
  const [{openCluster}, {LiveCluster}] = await Promise.all([import('../agents/cluster.ts'), import('./live-cluster.ts')])
  const cluster = await openCluster(clusterFlags, signal, {way})
  return withEnd(new LiveCluster(cluster, clusterFlags, FIRST), async () => cluster[Symbol.asyncDispose]())
}

async function openLiveLocal(flags: SourceFlags, signal: AbortSignal): Promise<LiveSource & AsyncDisposable> {
  requireRoot('reads the kernel')
  const [{LiveLocal}, {localNode, openSource}] = await Promise.all([
    import('./live-local.ts'),
    import('../source/open-source.ts'),
  ])
  const counters = await services().localCounters()
  const read = async (given: AbortSignal) => localNode(await openSource(flags, unseen(given)))
  // What cannot be read at all is no node that will come back.
  await read(signal)
  return withEnd(new LiveLocal(counters, read, FIRST), async () => counters.stop())
}

/** A screen is open: no line of progress may be written into it. */
const unseen = (signal: AbortSignal) => ({signal, progress: {show() {}, clear() {}}})

const withEnd = <Source extends LiveSource>(source: Source, end: () => Promise<void>): Source & AsyncDisposable =>
  Object.assign(source, {[Symbol.asyncDispose]: end})
