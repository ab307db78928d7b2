import {once} from 'node:events'
import type {AddressInfo, Server} from 'node:net'
import {InputError} from '../../core/problem/input-error.ts'

/** An address of this machine that no other one reaches. */
export interface LoopbackAddress {
  readonly host: '127.0.0.1'
  readonly port: number
}

/** Reads `127.0.0.1:PORT`. @returns undefined for what is a path */
export function loopbackAddress(text: string): LoopbackAddress | undefined {
  const [, digits] = /^127\.0\.0\.1:(\d{1,5})$/.exec(text) ?? []
  return digits === undefined ? undefined : {host: '127.0.0.1', port: Number(digits)}
}

/**
 * Listens where no folder has to be looked after: at a port of loopback, or at a pipe of Windows, which administrators alone can open.
 *
 * @returns the port
 * @throws InputError when somebody listens there
 */
export async function listenAt(server: Server, at: LoopbackAddress | {readonly path: string}): Promise<number | undefined> {
  const shown = 'path' in at ? at.path : `${at.host}:${at.port}`
  try {
    server.listen({...at, exclusive: true})
    await once(server, 'listening')
  } catch (error) {
    server.close()
    throw new InputError(
      `cannot listen at ${shown}: ${(error as Error).message}`,
      'One npm-agent is enough for a node. See who listens there, or give another address: --socket 127.0.0.1:PORT',
    )
  }
  return (server.address() as AddressInfo | null)?.port
}
