import {randomInt} from 'node:crypto'
import {once} from 'node:events'
import {createServer} from 'node:net'

// Below what Linux gives to outgoing connections (from 32768), so that nobody gets one by chance while its server restarts.
const FIRST = 20_000
const LAST = 30_000

/** A TCP port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
