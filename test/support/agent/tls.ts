import {type ConnectionOptions, connect, type TLSSocket} from 'node:tls'

/** Begins a TLS handshake with an agent at its unix socket for clients, or at its port of loopback. Errors come as events; nobody needs to listen. */
export const connectTls = (at: string, options: ConnectionOptions = {}): TLSSocket =>
  connect({...placeOf(at), rejectUnauthorized: false, ...options}).on('error', () => {})

const placeOf = (at: string): {path: string} | {host: string; port: number} => {
  const [, host = '', port] = /^([\d.]+):(\d+)$/.exec(at) ?? []
  return port === undefined ? {path: at} : {host, port: Number(port)}
}
