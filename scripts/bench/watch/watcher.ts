/** The watch alone, as a process of its own to be measured: `watcher.ts KUBECONFIG`. Orders come as messages. */
import {optimizeHeapForSize} from '../../../agent/serve/heap-options.ts'

export interface Report {
  readonly state: string
  readonly pods: number
  readonly rssMegabytes: number
  readonly peakMegabytes: number
  readonly cpuSeconds: number
  /** What the order itself took. */
  readonly seconds: number
}

optimizeHeapForSize()
const {openApiServer} = await import('../../../agent/kubernetes/open-api-server.ts')
const {watchCluster} = await import('../../../agent/watch/cluster-watch.ts')
const {linux} = await import('../../../core/dataplanes.ts')
const print = (fields: object, text: string) => console.error(text, fields)
const log = {info: () => undefined, warn: print, error: print, audit: () => undefined}
const api = await openApiServer({kubeconfig: process.argv[2]})
const watch = watchCluster({api, node: 'aks-pool-1', log})

const orders: Readonly<Record<string, () => void>> = {
  report: () => undefined,
  /** The two programs that a comparison asks for. */
  programs: () => {
    watch.programFor(linux, {scheme: 'sha256', semantics: 'npm'})
    watch.programFor(linux, {scheme: 'sha256', semantics: 'npm', isOnNeed: true})
  },
  json: () => {
    for (const piece of watch.clusterJson()) if (piece.length === 0) throw new Error('an empty piece')
  },
  end: () => void watch.stop().then(() => process.disconnect?.()),
}

process.on('message', (order: string) => {
  const start = performance.now()
  orders[order]?.()
  const seconds = (performance.now() - start) / 1000
  const {state, pods} = watch.syncState()
  const {user, system} = process.cpuUsage()
  process.send?.({
    state,
    pods,
    rssMegabytes: process.memoryUsage.rss() / 1024 ** 2,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    cpuSeconds: (user + system) / 1e6,
    seconds,
  } satisfies Report)
})
