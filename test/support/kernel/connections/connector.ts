import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'

/** Who opens a connection to whom, by their index, and to which port. */
export type Pair = readonly [from: number, to: number, port: number]

export interface ConnectorOptions {
  readonly places: readonly {readonly namespace: string; readonly address: string}[]
  readonly ports: readonly number[]
  /** A pair that is always allowed: when its connection stands, those opened before it stand or never will. */
  readonly last: Pair
}

export interface Stream {
  /** How many connections were opened, of each kind. */
  readonly allowed: number
  readonly denied: number
  /** The first that did not do what they should, and why. */
  readonly wrong: readonly (readonly [from: number, to: number, port: number, reason: string])[]
}

/** Opens TCP connections between namespaces. */
export interface Connector extends AsyncDisposable {
  /** Opens one connection each, and tells which of them stand. */
  look(pairs: readonly Pair[]): Promise<readonly boolean[]>
  /** Opens connections of all pairs, one round after the other, while something is done. */
  during(
    expected: {readonly allowed: readonly Pair[]; readonly denied: readonly Pair[]},
    body: () => Promise<void>,
  ): Promise<Stream>
}

export async function openConnector(options: ConnectorOptions): Promise<Connector> {
  const child = spawn('python3', [fileURLToPath(new URL('connector.py', import.meta.url))])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  // A process that has died says so by its lines ending; that its stdin is closed too is no news.
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close')
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()

  const tell = (command: unknown) => child.stdin.write(`${JSON.stringify(command)}\n`)
  async function answer(): Promise<unknown> {
    const {value, done} = await lines.next()
    if (done) throw new Error(`what opens connections ended: ${said}`)
    return JSON.parse(value) as unknown
  }
  const close = async () => {
    child.stdin.end()
    await closed
  }

  tell(options)
  try {
    await answer()
  } catch (error) {
    await close()
    throw error
  }
  return {
    async look(pairs) {
      tell({do: 'look', pairs})
      return ((await answer()) as {open: boolean[]}).open
    },
    async during(expected, body) {
      tell({do: 'start', ...expected})
      await answer()
      try {
        await body()
      } finally {
        tell({do: 'stop'})
      }
      return (await answer()) as Stream
    },
    [Symbol.asyncDispose]: close,
  }
}
