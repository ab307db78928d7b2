import {BlockList, isIP} from 'node:net'

/**
 * The proxy that the environment names for a server.
 *
 * Source: Go, golang.org/x/net/http/httpproxy. It takes the variables in capitals first, and never a proxy for this machine.
 *
 * @returns its URL; undefined when the server is reached without one
 */
export function proxyFromEnvironment(server: URL, env: NodeJS.ProcessEnv): string | undefined {
  const of = (name: string) => env[name] || env[name.toLowerCase()] || undefined
  const proxy = server.protocol === 'https:' ? of('HTTPS_PROXY') : of('HTTP_PROXY')
  if (proxy === undefined) return undefined
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isLoopback(host)) return undefined
  const excepted = (of('NO_PROXY') ?? '').split(',').map(entry => entry.trim().toLowerCase())
  if (excepted.some(entry => entry !== '' && isMeant(entry, host, port))) return undefined
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

const isLoopback = (host: string): boolean => host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** Whether an entry of NO_PROXY means a host: `*`, an address, a range, a name and all below it, each but a range with or without a port. */
function isMeant(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [network = '', length] = entry.split('/')
  if (length !== undefined) return isInRange(network, Number(length), host)
  const [, bracketed, plain = '', ownPort] = /^(?:\[([^\]]+)\]|([^:]*|.*:.*:.*))(?::(\d+))?$/.exec(entry) ?? []
  const name = bracketed ?? plain
  if (ownPort !== undefined && ownPort !== port) return false
  if (isIP(name)) return name === host
  const suffix = name.replace(/^\*(?=\.)/, '')
  if (suffix.startsWith('.')) return host.endsWith(suffix)
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`))
}

function isInRange(network: string, length: number, host: string): boolean {
  const family = isIP(network)
  if (family === 0 || isIP(host) !== family) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  try {
    list.addSubnet(network, length, type)
  } catch {
    return false
  }
  return list.check(host, type)
}
