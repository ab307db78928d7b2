import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {stringify} from 'yaml'
import {freePort} from '../../cluster/lab/ports.ts'

/** A series at one moment, as Prometheus answers. Values are texts there. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus on loopback. */
export interface Prometheus extends AsyncDisposable {
  /** @throws Error with what Prometheus says of an expression that it does not take */
  query(expr: string): Promise<Series[]>
  /** Of each job: `up`, or why the last scrape failed. */
  targets(): Promise<Record<string, string>>
}

const START_MS = 60_000

/** @param folder for its files, below which its configuration may name others */
export async function startPrometheus(folder: string, config: object): Promise<Prometheus> {
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config, {aliasDuplicateObjects: false}))
  const port = await freePort()
  const flags = [
    '--config.file=prometheus.yaml',
    '--storage.tsdb.path=data',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ]
  const child = spawn('prometheus', flags, {cwd: folder, stdio: ['ignore', 'ignore', 'pipe']})
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ask = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as {
      status: string
      error?: string
      data: unknown
    }
    if (answer.status !== 'success') throw new Error(answer.error)
    return answer.data
  }
  const end = performance.now() + START_MS
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ok}) => ok,
      () => false,
    )
    if (isReady) break
    if (child.exitCode !== null || performance.now() > end) throw new Error(`Prometheus does not start: ${said}`)
    await sleep(100)
  }
  return {
    async query(expr) {
      const {result} = (await ask(`/api/v1/query?${new URLSearchParams({query: expr}).toString()}`)) as {
        result: {metric: Record<string, string>; value: [number, string]}[]
      }
      return result.map(({metric, value}) => ({metric, value: Number(value[1])}))
    },
    async targets() {
      const {activeTargets} = (await ask('/api/v1/targets')) as {
        activeTargets: {labels: {job: string}; health: string; lastError: string}[]
      }
      return Object.fromEntries(activeTargets.map(({labels, health, lastError}) => [labels.job, lastError || health]))
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
