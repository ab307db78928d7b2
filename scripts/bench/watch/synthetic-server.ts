import {once} from 'node:events'
import {createServer, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'
import {type ClusterSize, namespaceCount, servedNamespace, servedNode, servedPod, servedPolicy} from './served-objects.ts'

/** An API server of a large made-up cluster: lists in pages, and watches on which pods and nodes change their status. */
export interface SyntheticServer extends AsyncDisposable {
  readonly url: string
  /** Bytes of answers so far: as they are, and as they went over the wire. */
  readonly listBytes: {plain: number; sent: number}
  /** How many watches are open. */
  watches(): number
  /** Changes so many pods and nodes in a way that policies do not see, and so many pods in one that they do. */
  churn(unseen: number, seen: number): void
}

type Make = (index: number) => object

export async function startSyntheticServer(size: ClusterSize): Promise<SyntheticServer> {
  const kinds: Readonly<Record<string, {readonly count: number; readonly make: Make}>> = {
    '/api/v1/pods': {count: size.pods, make: index => servedPod(index, size)},
    '/api/v1/namespaces': {count: namespaceCount(size), make: servedNamespace},
    '/apis/networking.k8s.io/v1/networkpolicies': {count: size.policies, make: servedPolicy},
    '/api/v1/nodes': {count: size.nodes, make: index => servedNode(index)},
  }
  const watches = new Map<ServerResponse, string>()
  const listBytes = {plain: 0, sent: 0}
  let turn = 0
  const server = createServer((request, response) => {
    const {pathname, searchParams} = new URL(request.url ?? '', 'http://synthetic')
    const kind = kinds[pathname]
    if (!kind) {
      response.statusCode = 404
      response.end('{}')
    } else if (searchParams.has('watch')) {
      watches.set(response, pathname)
      response.on('close', () => watches.delete(response))
      response.flushHeaders()
    } else {
      const from = Number(searchParams.get('continue') ?? 0)
      const to = Math.min(kind.count, from + Number(searchParams.get('limit') ?? kind.count))
      const items = Array.from({length: to - from}, (_, index) => kind.make(from + index))
      const metadata = {resourceVersion: '1000', ...(to < kind.count && {continue: String(to)})}
      const plain = Buffer.from(JSON.stringify({kind: 'List', apiVersion: 'v1', metadata, items}))
      // As kube-apiserver does it: fast, and only for who takes it.
      const isPacked = request.headers['accept-encoding'] === 'gzip' && plain.length > 128 * 1024
      const sent = isPacked ? gzipSync(plain, {level: 1}) : plain
      listBytes.plain += plain.length
      listBytes.sent += sent.length
      if (isPacked) response.setHeader('Content-Encoding', 'gzip')
      response.end(sent)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const tell = (path: string, object: object) => {
    const line = `${JSON.stringify({type: 'MODIFIED', object})}\n`
    for (const [response, of] of watches) if (of === path) response.write(line)
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    listBytes,
    watches: () => watches.size,
    churn(unseen, seen) {
      for (let index = 0; index < unseen; index++) {
        turn++
        tell('/api/v1/pods', servedPod(turn % size.pods, size, turn))
        tell('/api/v1/nodes', servedNode(turn % size.nodes, turn))
      }
      for (let index = 0; index < seen; index++) {
        turn++
        const pod = servedPod(turn % size.pods, size, turn) as {metadata: {labels: Record<string, string>}}
        pod.metadata.labels['version'] = `v${turn % 41}`
        tell('/api/v1/pods', pod)
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
