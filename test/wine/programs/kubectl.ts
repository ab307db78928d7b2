/**
 * As much of kubectl as comes between the plugin and an API server: `kubectl proxy` on a port, for a kubeconfig in JSON without logins. Its
 * parameters are written into the file that STAND_IN_PARAMETERS names.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {createServer, request} from 'node:http'
import {type AddressInfo, connect, type Socket} from 'node:net'

const parameters = process.argv.slice(2)
const flag = (name: string) => parameters.find(each => each.startsWith(`--${name}=`))?.slice(name.length + 3)
writeFileSync(process.env['STAND_IN_PARAMETERS'] ?? '', JSON.stringify(parameters))

const kubeconfig = flag('kubeconfig') ?? process.env['KUBECONFIG'] ?? ''
const {clusters} = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {clusters: {cluster: {server: string}}[]}
const server = new URL(clusters[0]?.cluster.server ?? '')
const prefix = flag('api-prefix') ?? '/'
/** The path of a request at the API server; undefined for one without our prefix. */
const pathOf = (url = ''): string | undefined => (url.startsWith(prefix) ? url.slice(prefix.length - 1) : undefined)

const proxy = createServer((asked, answer) => {
  const path = pathOf(asked.url)
  if (path === undefined) return void answer.writeHead(404).end()
  const {method, headers} = asked
  const passed = request({host: server.hostname, port: server.port, method, path, headers}, given => {
    answer.writeHead(given.statusCode ?? 502, given.headers)
    given.pipe(answer)
  })
  asked.pipe(passed)
})
proxy.on('upgrade', (asked, socket: Socket, head) => {
  const path = pathOf(asked.url)
  if (path === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
  const behind = connect(Number(server.port), server.hostname, () => {
    const fields = asked.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${asked.rawHeaders[at + 1]}`] : []))
    behind.write([`${asked.method} ${path} HTTP/1.1`, ...fields, '', ''].join('\r\n'))
    behind.write(head)
    behind.pipe(socket).pipe(behind)
  })
  for (const [one, other] of [[socket, behind] as const, [behind, socket] as const]) one.on('error', () => other.destroy())
})
proxy.listen(Number(flag('port')), '127.0.0.1', () => {
  process.stdout.write(`Starting to serve on 127.0.0.1:${(proxy.address() as AddressInfo).port}\n`)
})
