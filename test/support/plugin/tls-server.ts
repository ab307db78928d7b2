import {once} from 'node:events'
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer as createPlainServer, type RequestListener} from 'node:http'
import {createServer} from 'node:https'
import {type AddressInfo, createServer as createTcpServer, type Server, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {makeAuthority, type Subject} from '../pki.ts'

export interface ServerOptions {
  /** Of the certificate; plain HTTP without it. */
  readonly subject?: Partial<Subject>
  /** Asks for a certificate of the client, and tells the listener. */
  readonly asksClient?: boolean
  readonly listener?: RequestListener
  /** The authority of the kubeconfig is not the highest one. */
  readonly isBelow?: boolean
}

/** A server of a test, and the folder of its files. */
export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly caFile: string
  /** Connections that came, open or not. */
  readonly connections: () => number
  readonly server: Server
  /** Writes a kubeconfig, with a context `here` of cluster `c` and user `u`. @returns its path */
  kubeconfig(cluster?: object, user?: object, name?: string): Promise<string>
  /** A certificate for a person, in PEM. */
  client(
    name: string,
  ): Promise<{readonly cert: string; readonly key: string; readonly certFile: string; readonly keyFile: string}>
}

/** Serves on the loopback with a certificate of an authority of its own. */
export async function startTestServer({subject, asksClient = false, listener, isBelow}: ServerOptions = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-server-'))
  await mkdir(join(folder, 'clients'))
  const authority = await makeAuthority(folder, isBelow)
  const own = subject && (await authority.issue('server', {name: 'CN=server', ips: ['127.0.0.1'], ...subject}))
  const server = own
    ? createServer(
        {
          cert: await readFile(own.certFile),
          key: await readFile(own.keyFile),
          ...(asksClient && {requestCert: true, rejectUnauthorized: true, ca: await readFile(authority.certFile)}),
        },
        listener,
      )
    : createPlainServer(listener ?? (() => {}))
  return serve(server, own ? 'https' : 'http', folder, authority)
}

/** Something that listens and is no HTTP server. */
export async function startTcpServer(onConnection: (socket: Socket) => void, scheme: string): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-server-'))
  await mkdir(join(folder, 'clients'))
  return serve(createTcpServer(onConnection), scheme, folder, await makeAuthority(folder))
}

async function serve(
  server: Server,
  scheme: string,
  folder: string,
  authority: Awaited<ReturnType<typeof makeAuthority>>,
): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let count = 0
  server.on('connection', (socket: Socket) => {
    count++
    sockets.add(socket.on('error', () => {}))
    socket.once('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const {port} = server.address() as AddressInfo
  const url = `${scheme}://127.0.0.1:${port}`
  return {
    url,
    port,
    folder,
    server,
    caFile: authority.certFile,
    connections: () => count,
    async kubeconfig(cluster = {}, user = {}, name = 'kubeconfig') {
      const ca = scheme === 'https' ? {'certificate-authority': 'ca.crt'} : {}
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{name: 'c', cluster: {server: url, ...ca, ...cluster}}],
        // With a token, as kubectl would ask for a name and a password.
        users: [{name: 'u', user: {token: 'secret', ...user}}],
        contexts: [{name: 'here', context: {cluster: 'c', user: 'u'}}],
        'current-context': 'here',
      }
      const file = join(folder, name)
      await writeFile(file, JSON.stringify(config), {mode: 0o600})
      return file
    },
    async client(name) {
      const {certFile, keyFile} = await authority.issue(join('clients', name), {name: `CN=${name}`})
      return {certFile, keyFile, cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8')}
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => {
        server.close(resolve)
      })
      await rm(folder, {recursive: true})
    },
  }
}
