import type {SecureContext} from 'node:tls'
import type {AgentStatus} from '../../core/contract/agent.ts'
import {ScraperSignIn, type ScraperSignInOptions} from '../auth/scraper-sign-in.ts'
import type {Limits} from '../limits/limits.ts'
import type {Log} from '../log.ts'
import type {MetricsPages} from './metrics-pages.ts'
import {MetricsServer} from './metrics-server.ts'

export interface ServedMetrics {
  /** All addresses when there is none. */
  readonly host?: string | undefined
  readonly port: number
  readonly auth: 'token' | 'none'
  readonly hasSetCounts: boolean
}

export interface OpenMetricsOptions extends ScraperSignInOptions {
  readonly limits: Limits
  readonly log: Log
  readonly secureContext: SecureContext
  readonly pages: MetricsPages
}

export interface OpenMetrics extends AsyncDisposable {
  /** Whether they are served now, and why not. */
  readonly status: AgentStatus['metrics'] & {}
}

/**
 * Serves the metrics of this node. Any program of the node's network namespace may take the port: then the agent goes on without it, tells so,
 * and tries again.
 */
export async function openMetrics(
  {host, port: wanted, auth, hasSetCounts}: ServedMetrics,
  options: OpenMetricsOptions,
): Promise<OpenMetrics> {
  const {limits, log, secureContext, pages} = options
  const signIn = auth === 'token' ? new ScraperSignIn(options) : undefined
  const open = async (): Promise<{readonly server: MetricsServer; readonly port: number}> => {
    const server = new MetricsServer({
      limits,
      log,
      access: signIn && {secureContext, demand: (header, path, signal) => signIn.demand(header, path, signal)},
      page: path => pages.page(path, hasSetCounts),
      onScrape: isAnswered => pages.scrapes[isAnswered ? 'answered' : 'refused']++,
    })
    const {port} = await server.listen(host, wanted)
    log.info({address: host ?? '*', port, auth}, 'Metrics are served')
    return {server, port}
  }
  let opened: Awaited<ReturnType<typeof open>> | undefined
  let failure: string | undefined
  const attempt = async (): Promise<void> => {
    try {
      opened = await open()
      failure = undefined
      clearInterval(retry)
    } catch (error) {
      const {message} = error as Error
      if (failure === undefined)
        log.warn({address: host ?? '*', port: wanted, reason: message}, 'Metrics cannot be served there now')
      failure = message
    }
  }
  let trying: Promise<void> | undefined
  const retry = setInterval(() => {
    trying ??= attempt().finally(() => (trying = undefined))
  }, limits.metricsRetryMs).unref()
  await attempt()
  return {
    get status() {
      return {auth, ...(opened && {port: opened.port}), ...(failure !== undefined && {failure})}
    },
    async [Symbol.asyncDispose]() {
      clearInterval(retry)
      await trying
      await opened?.server.stop()
    },
  }
}
