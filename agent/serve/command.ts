import {isIP} from 'node:net'
import {parseArgs} from 'node:util'
import {AGENT_STATE_DIR, METRICS_PORT} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {ServedMetrics} from '../metrics/open-metrics.ts'
import {nodeName} from '../node/node-name.ts'
import {nodeSource} from '../node/node-source.ts'
import {clientsAt, isWindows, mayReadNode} from '../node/system.ts'

/**
 * `npm-agent serve`: runs the agent until SIGTERM or SIGINT, its deadline, or its idle time.
 *
 * @throws InputError for flags that cannot be used
 */
export async function serveCommand(args: readonly string[], version: string): Promise<void> {
  const {values} = parseArgs({
    args: [...args],
    options: {
      socket: {type: 'string', default: clientsAt},
      kubeconfig: {type: 'string'},
      node: {type: 'string', default: nodeName()},
      namespace: {type: 'string', default: process.env['ACCOUNT_NAMESPACE'] ?? 'kubectl-npm'},
      'state-dir': {type: 'string', default: AGENT_STATE_DIR},
      'no-watch': {type: 'boolean', default: false},
      'read-only': {type: 'boolean', default: false},
      'metrics-listen': {type: 'string'},
      'metrics-auth': {type: 'string', default: 'token'},
      'no-ipset-counts': {type: 'boolean', default: false},
      lite: {type: 'boolean', default: false},
      'exit-after-idle': {type: 'string'},
      deadline: {type: 'string'},
    },
  })
  if (!mayReadNode()) throw new InputError('reading the kernel needs root', 'Run it with sudo; in a pod, with runAsUser: 0.')
  const exitAfterIdleMs = milliseconds('--exit-after-idle', values['exit-after-idle'])
  const metrics = metricsOptions(values['metrics-listen'], values['metrics-auth'], !values['no-ipset-counts'])
  const deadlineMs = milliseconds('--deadline', values.deadline)
  const {openLog} = await import('./open-log.ts')
  const log = openLog(values.node)
  const end = new AbortController()
  // Not once: while a tool runs, execa's own listener would take itself for the last one then, and end tool and agent at once.
  const endings = ['SIGTERM', 'SIGINT', ...(isWindows ? (['SIGHUP', 'SIGBREAK'] as const) : [])] as const
  for (const name of endings) process.on(name, () => end.abort(`it was told to (${name})`))
  const late = deadlineMs === undefined ? undefined : setTimeout(() => end.abort('its time is over'), deadlineMs)
  const {openApiServer} = await import('../kubernetes/open-api-server.ts')
  const {watchCluster} = await import('../watch/cluster-watch.ts')
  const {serve} = await import('./serve.ts')
  const {node, kubeconfig} = values
  const source = await nodeSource()
  if (source.hns && metrics)
    throw new InputError('--metrics-listen: on Windows nothing counts packets of rules', 'Leave it out on Windows nodes.')
  const api = await openApiServer({kubeconfig})
  const reason = await serve({
    version,
    node,
    namespace: values.namespace,
    socket: values.socket,
    api,
    stateDir: values['state-dir'],
    watch: values['no-watch'] ? undefined : watchCluster({api, node, log}),
    ...(exitAfterIdleMs !== undefined && {exitAfterIdleMs}),
    readOnly: values['read-only'],
    metrics,
    lite: values.lite,
    source,
    log,
    signal: end.signal,
  })
  clearTimeout(late)
  log.info({reason}, 'The agent ends')
}

function milliseconds(flag: string, seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined
  if (!/^[1-9]\d{0,6}$/.test(seconds))
    throw new InputError(`${flag} ${seconds}: not a number of seconds`, `For example ${flag} 60`)
  return Number(seconds) * 1000
}

/** @throws InputError */
export function metricsOptions(listen: string | undefined, auth: string, hasSetCounts: boolean): ServedMetrics | undefined {
  if (auth !== 'token' && auth !== 'none')
    throw new InputError(
      `--metrics-auth ${auth}: it is token or none`,
      'token: TLS, and only who may get the page. none: plain HTTP for everybody who reaches the port.',
    )
  if (listen === undefined) return undefined
  // The last colon is that of the port, also behind an IPv6 address.
  const [, given, digits] = /^(?:(.+):)?(\d{1,5})$/.exec(listen) ?? []
  const host = given?.replace(/^\[(.*)\]$/, '$1')
  const port = Number(digits)
  if (digits === undefined || port > LAST_PORT || (host !== undefined && isIP(host) === 0))
    throw new InputError(
      `--metrics-listen ${listen}: not a port, nor an address of this node and a port`,
      `For example --metrics-listen ${METRICS_PORT}, 10.1.0.4:${METRICS_PORT} or [fd00::4]:${METRICS_PORT}`,
    )
  return {host, port, auth, hasSetCounts}
}

const LAST_PORT = 65_535
