import {type ConnectionOptions, connect, type TLSSocket} from 'node:tls'

/** Begins a TLS handshake with an agent at its unix socket for clients. Errors come as events; nobody needs to listen. */
export const connectTls = (path: string, options: ConnectionOptions = {}): TLSSocket =>
  connect({path, rejectUnauthorized: false, ...options}).on('error', () => {})
