import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'

/** A namespace that sends and receives. */
export interface Place {
  readonly namespace: string
  /** The node's own: there only counts what has passed INPUT. */
  readonly isNode: boolean
}

/** A place, by its index, and the identification of a packet. */
export type Arrival = readonly [place: number, id: number]

export interface Delivery {
  /** In this order. */
  readonly send: readonly (readonly [place: number, hex: string])[]
  /** What must arrive; when it has, everything sent before it has arrived or never will. */
  readonly await: readonly Arrival[]
  readonly timeoutMs: number
}

export interface Courier extends AsyncDisposable {
  /** @throws Error if what is awaited does not arrive in time */
  deliver(delivery: Delivery): Promise<readonly Arrival[]>
}

/** Starts the process that sends and receives for all places. Node has no raw sockets; Python has. */
export async function openCourier(places: readonly Place[]): Promise<Courier> {
  const child = spawn('python3', [fileURLToPath(new URL('courier.py', import.meta.url))])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  // A courier that has died says so by its lines ending; that its stdin is closed too is no news.
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close')
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()

  async function ask(request: unknown): Promise<unknown> {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    const {value, done} = await lines.next()
    if (done) throw new Error(`the courier ended: ${said}`)
    return JSON.parse(value) as unknown
  }

  const close = async () => {
    child.stdin.end()
    await closed
  }

  try {
    await ask({places})
  } catch (error) {
    await close()
    throw error
  }
  return {
    async deliver(delivery) {
      const {arrived, missing} = (await ask(delivery)) as {arrived: Arrival[]; missing: Arrival[]}
      if (missing.length > 0) {
        const names = missing.map(([place]) => places[place]?.namespace)
        throw new Error(`${missing.length} sentinels did not arrive within ${delivery.timeoutMs} ms, at ${names.join(', ')}`)
      }
      return arrived
    },
    [Symbol.asyncDispose]: close,
  }
}
