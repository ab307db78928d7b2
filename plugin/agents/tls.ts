import {createHash} from 'node:crypto'
import {once} from 'node:events'
import type {Duplex} from 'node:stream'
import {connect, createSecureContext, type SecureContext, type TLSSocket} from 'node:tls'
import {audienceOf} from '../../core/contract/agent.ts'

/** A TLS connection, and the audience of a token that only the other end's key can use. */
export interface SecuredStream {
  readonly socket: TLSSocket
  readonly audience: string
}

/** Shared by all connections: making one takes a tenth of the time of a connection. */
let context: SecureContext | undefined

/**
 * Starts TLS on a stream. No authority vouches for the other end: its key is accepted as it is, and the token that is sent afterwards
 * is valid for this key only, so that an impostor gets a token that no agent accepts.
 *
 * @throws what breaks the stream or the handshake
 */
export async function secure(stream: Duplex, signal: AbortSignal): Promise<SecuredStream> {
  // TLS 1.3 encrypts the certificate, and proves the key in every handshake.
  context ??= createSecureContext({minVersion: 'TLSv1.3'})
  const socket = connect({socket: stream, rejectUnauthorized: false, secureContext: context})
  // Node may emit an error of the stream below twice; the first is handled below.
  socket.on('error', () => {})
  // The stream's error has the reason; the TLS socket's says only that it was disconnected.
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
