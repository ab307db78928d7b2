import {once} from 'node:events'
import {createServer, request} from 'node:http'
import type {AddressInfo} from 'node:net'
import {serveReviews} from '../../support/agent/agent-process.ts'
import {FakeApiServer, paths, type Stored} from '../../support/agent/fake-api-server.ts'
import {FakeReviews} from '../../support/agent/fake-reviews.ts'

/** The API server of a cluster, as an agent asks it over HTTP: it knows tokens, and lists and watches objects. */
export interface ClusterApi extends AsyncDisposable {
  readonly url: string
  readonly reviews: FakeReviews
}

const PATH_OF: Readonly<Record<string, string>> = {
  Pod: paths.pods,
  Namespace: paths.namespaces,
  NetworkPolicy: paths.policies,
  Node: paths.nodes,
}

export async function serveCluster(objects: readonly (Stored & {readonly kind: string})[]): Promise<ClusterApi> {
  await using stack = new AsyncDisposableStack()
  const reviews = new FakeReviews()
  const served = await serveReviews(reviews)
  stack.defer(() => served.close())
  const watched = stack.use(await FakeApiServer.start())
  // The server has it by itself, without the label that a real one gives each.
  watched.put(paths.namespaces, {
    metadata: {name: 'kube-system', uid: 'a-cluster', labels: {'kubernetes.io/metadata.name': 'kube-system'}},
  })
  for (const {kind, ...object} of objects) {
    const path = PATH_OF[kind]
    if (path === undefined) throw new Error(`no agent asks for a ${kind}`)
    watched.put(path, object)
  }
  const server = createServer((asked, answer) => {
    const {method, headers, url = ''} = asked
    const isWatched = Object.values(paths).some(path => url.startsWith(path))
    const {hostname, port} = new URL(isWatched ? `http://127.0.0.1:${watched.port}` : served.url)
    const passed = request({host: hostname, port, method, path: url, headers}, given => {
      answer.writeHead(given.statusCode ?? 502, given.headers)
      given.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stack.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  const opened = stack.move()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reviews,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
