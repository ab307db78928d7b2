import {STATUS_CODES} from 'node:http'

/** Where a connection was to lead. */
export interface Destination {
  readonly server: URL
  readonly proxy: string | undefined
}

const CONNECT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ETIMEDOUT: 'i/o timeout',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
}

const CERTIFICATE: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: 'certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
}

/**
 * Why a connection failed, in the words of kubectl: people know them, and search for them.
 *
 * Source: Go's net, crypto/tls, crypto/x509 and net/http, as kubectl 1.32 prints them
 */
export function goWords(error: Error, {server, proxy}: Destination): string {
  // Each address of a name was tried; the first one tells as much as all.
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined
  const failure = (first ?? error) as NodeJS.ErrnoException & {hostname?: string; address?: string; port?: number}
  const {code = '', syscall, message} = failure
  const status = /^Bad response: (\d+)$/.exec(message)?.[1]
  if (status !== undefined) return STATUS_CODES[status] ?? `the proxy answered with HTTP status ${status}`
  const dial = dialWords(failure, server)
  if (dial !== undefined) return through(proxy) + dial
  if (/^Proxy timeout$/.test(message)) return `${through(proxy)}i/o timeout`
  const certificate = CERTIFICATE[code]
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${nameWords(failure, server)}`
  if (/wrong.version.number|packet.length.too.long|record.layer.failure/i.test(code + message))
    return 'tls: first record does not look like a TLS handshake'
  const [, alert] = /(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)[ _]ALERT[ _]([A-Z _]+)/i.exec(code === 'EPROTO' ? message : code) ?? []
  if (alert !== undefined) return `remote error: tls: ${alert.toLowerCase().replaceAll('_', ' ')}`
  if (message === 'socket hang up' || /before secure TLS connection/.test(message)) return 'EOF'
  if (code === 'ECONNRESET') return `${syscall ?? 'read'}: connection reset by peer`
  if (code.startsWith('HPE_')) return 'net/http: HTTP/1.x transport connection broken: malformed HTTP response'
  return message
}

interface DialFailure extends NodeJS.ErrnoException {
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}

/** Of a connection that did not come about; undefined for any other failure. */
function dialWords(failure: DialFailure, server: URL): string | undefined {
  const {code = '', syscall, hostname, address, port} = failure.code === undefined ? fromMessage(failure.message) : failure
  if (syscall === 'getaddrinfo') {
    const why = code === 'ENOTFOUND' ? 'no such host' : 'Temporary failure in name resolution'
    return `dial tcp: lookup ${hostname ?? server.hostname}: ${why}`
  }
  const why = CONNECT[code]
  if (why === undefined || (syscall !== undefined && syscall !== 'connect')) return undefined
  const host = address ?? server.hostname.replace(/^\[|\]$/g, '')
  return `dial tcp ${host.includes(':') ? `[${host}]` : host}:${port ?? portOf(server)}: ${why}`
}

/** What goes wrong on the way to a SOCKS proxy is told in words only: `connect ECONNREFUSED 127.0.0.1:1080`. */
function fromMessage(message: string): Partial<DialFailure> {
  const [, syscall, code, where = ''] = /^(connect|getaddrinfo) (E\w+) (\S+)$/.exec(message) ?? []
  if (syscall === undefined || code === undefined) return {}
  const [, address, port] = /^(.*):(\d+)$/.exec(where) ?? []
  return {syscall, code, ...(address === undefined ? {hostname: where} : {address, port: Number(port)})}
}

const through = (proxy: string | undefined): string => (proxy === undefined ? '' : 'proxyconnect tcp: ')

const portOf = ({port, protocol}: URL): string => port || (protocol === 'https:' ? '443' : '80')

/** Node's reason ends with the names of the certificate: `… is not in the cert's altnames: DNS:b, IP Address:1.2.3.4`, or `list: 1.2.3.4`. */
function nameWords(error: Error, {hostname}: URL): string {
  const [, names = ''] = /cert's (?:altnames|list): (.*)$/.exec(error.message) ?? []
  const valid = names.replaceAll(/(?:DNS|IP Address):/g, '')
  return valid === '' ? error.message : `certificate is valid for ${valid}, not ${hostname.replace(/^\[|\]$/g, '')}`
}
