import {createHash} from 'node:crypto'
import {once} from 'node:events'
import type {Duplex} from 'node:stream'
import {connect, createSecureContext, type SecureContext, type TLSSocket} from 'node:tls'
import {audienceOf} from '../../core/contract/agent.ts'

/** TLS to whoever listens, and the audience of a token that only this one can use. */
export interface SecuredStream {
  readonly socket: TLSSocket
  readonly audience: string
}

/** The same for all agents: making one takes a tenth of the time of a connection. */
let context: SecureContext | undefined

/**
 * Begins TLS on a stream. No authority vouches for the other end: its key is taken as it is seen, and the token that is
 * shown to it afterwards is made for this very key. An impostor gets a token that opens nothing.
 */
export async function secure(stream: Duplex, signal: AbortSignal): Promise<SecuredStream> {
  // TLS 1.3 hides the certificate from whoever listens on the way, and proves the key in every handshake.
  context ??= createSecureContext({minVersion: 'TLSv1.3'})
  const socket = connect({socket: stream, rejectUnauthorized: false, secureContext: context})
  // Node may emit an error of the stream below twice; who waits hears the first.
  socket.on('error', () => {})
  // A stream that breaks tells why; the TLS socket above it says only that it was disconnected.
  stream.once('error', error => socket.destroy(error))
  socket.once('close', () => stream.destroy())
  try {
    await once(socket, 'secureConnect', {signal})
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) throw new Error('it showed no certificate')
    const spki = certificate.publicKey.export({type: 'spki', format: 'der'})
    return {socket, audience: audienceOf(createHash('sha256').update(spki).digest('base64url'))}
  } catch (error) {
    socket.destroy()
    throw stream.errored ?? error
  }
}
