import {readFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {run as runTool} from '../../../agent/node/run.ts'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {type FakeReviews, NODE} from '../agent/fake-reviews.ts'
import {FakeWatch} from '../agent/fake-watch.ts'
import {type OpenAgent, type OpenAgentOptions, openAgent} from '../agent/open-agent.ts'
import {type Namespace, openNamespace} from '../kernel/namespace.ts'
import {kubeProxyRules} from '../kernel/packets/kube-proxy.ts'
import {connect} from '../kernel/packets/wires.ts'
import {openTalker, type Talker} from '../kernel/talkers/talker.ts'
import type {Backend} from '../kernel/tools.ts'
import {WriterLab} from '../writer/lab.ts'

const NODE_ADDRESS = '10.77.0.1'
const [WEB, DB, OTHER] = ['10.60.0.1', '10.60.0.2', '10.60.0.3'] as const
const PORT = 8080

const pod = (name: string, podIP: string): Pod => ({
  metadata: {namespace: 'shop', name, labels: {app: name}},
  spec: {nodeName: NODE, containers: []},
  status: {phase: 'Running', podIP},
})

export const policy = (name: string, app: string, from: string): NetworkPolicy => ({
  metadata: {namespace: 'shop', name},
  spec: {
    podSelector: {matchLabels: {app}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{podSelector: {matchLabels: {app: from}}}]}],
  },
})

export const clusterOf = (...policies: NetworkPolicy[]): ClusterObjects => ({
  namespaces: [{metadata: {name: 'shop', labels: {'kubernetes.io/metadata.name': 'shop'}}}],
  nodes: [{metadata: {name: NODE}, status: {addresses: [{type: 'InternalIP', address: NODE_ADDRESS}]}}],
  pods: [pod('web', WEB), pod('db', DB), pod('other', OTHER)],
  policies,
})

/**
 * A node in a namespace, with real connections through it, and an agent that reads it: its tools run in there. Which legacy tables there are it is
 * told, because the kernel says that for the agent's own namespace only.
 */
export class NodeLab implements AsyncDisposable {
  readonly writing: WriterLab
  readonly watch = new FakeWatch()
  private readonly talkers: readonly [web: Talker, db: Talker, other: Talker]
  private readonly npmPort: number
  private readonly stack: AsyncDisposableStack

  private constructor(facts: {writing: WriterLab; talkers: NodeLab['talkers']; npmPort: number}, stack: AsyncDisposableStack) {
    this.writing = facts.writing
    this.talkers = facts.talkers
    this.npmPort = facts.npmPort
    this.stack = stack
  }

  static async open(backend: Backend = 'nft'): Promise<NodeLab> {
    await using stack = new AsyncDisposableStack()
    const writing = stack.use(await WriterLab.open(backend))
    const pods: {namespace: Namespace; address: string}[] = []
    for (const address of [WEB, DB, OTHER]) pods.push({namespace: stack.use(await openNamespace()), address})
    await connect(writing.namespace, NODE_ADDRESS, pods)
    for (const {namespace, address} of pods) await namespace.run('ip', ['address', 'add', `${address}/32`, 'dev', 'eth0'])
    const [web, db, other] = await Promise.all(pods.map(async ({namespace}) => stack.use(await openTalker(namespace))))
    if (!web || !db || !other) throw new Error('a talker is missing')
    await db.listen('tcp', PORT)
    const inside = (tool: string) =>
      `PATH=/usr/sbin:/usr/bin:/sbin:/bin exec ip netns exec ${writing.namespace.name} ${tool} "$@"`
    const before = process.env['PATH']
    stack.defer(() => void (process.env['PATH'] = before))
    process.env['PATH'] = await writing.tools(
      Object.fromEntries(['iptables-nft-save', 'iptables-legacy-save', 'ipset'].map(tool => [tool, inside(tool)])),
    )
    const npm = stack.adopt(await npmPages(), server => void server.close())
    const {port: npmPort} = npm.address() as AddressInfo
    return new NodeLab({writing, talkers: [web, db, other], npmPort}, stack.move())
  }

  /** Gives the node what Azure NPM writes for these policies, and the agent the policies. Counters begin at 0. */
  async program(...policies: NetworkPolicy[]): Promise<void> {
    this.watch.cluster = clusterOf(...policies)
    await this.writing.load(this.stateOf(...policies))
  }

  stateOf(...policies: NetworkPolicy[]) {
    const program = compile(clusterOf(...policies), {scheme: 'sha256', semantics: 'npm'})
    const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
    const rules = text(printIptablesRestore(program, {forwardIndex: 4}))
    return {sets: text(printIpsetRestore(program)), rules: `${kubeProxyRules([])}${rules}`}
  }

  /** Opens TCP connections that the policies allow. */
  async allowed(count: number): Promise<void> {
    for (let done = 0; done < count; done++) await this.talkers[0].open('tcp', DB, PORT)
  }

  /** Sends datagrams that the policies drop. */
  async dropped(count: number): Promise<void> {
    const talk = await this.talkers[2].open('udp', DB, PORT)
    for (let done = 0; done < count; done++) if (!(await talk.stalls())) throw new Error('it was answered')
  }

  /** @param options.isServing whether it has a port for scrapers */
  agent(
    options: Partial<OpenAgentOptions> & {readonly reviews?: FakeReviews; readonly isServing?: boolean} = {},
  ): Promise<OpenAgent> {
    const limits = {sharedScrapeMs: 0, scrapePauses: 0, comparisonMs: 0, comparisonPauses: 0, ...options.limits}
    const stateDir = join(this.writing.stateDir, '..', 'agent')
    return openAgent({
      run: runTool,
      legacyTables: async () => (this.writing.backend === 'legacy' ? 'filter\n' : ''),
      watch: this.watch,
      npmPort: this.npmPort,
      stateDir,
      ...(options.isServing !== false && {metrics: {auth: 'none'}}),
      ...options,
      limits,
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync()
  }
}

/** Azure NPM's pages, as a real one gave them. */
async function npmPages() {
  const folder = new URL('../../fixtures/real-npm/school-changed/', import.meta.url)
  const pages = new Map(['/node-metrics', '/cluster-metrics'].map(path => [path, readFileSync(new URL(`.${path}.txt`, folder))]))
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '')
    response.writeHead(page ? 200 : 404).end(page)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  return server
}

/** Values of an exposition by series, as printed. */
export async function valuesAt(port: number | undefined): Promise<ReadonlyMap<string, number>> {
  const values = new Map<string, number>()
  for (const path of ['/node-metrics', '/cluster-metrics'])
    for (const line of (await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).split('\n')) {
      const at = line.lastIndexOf(' ')
      if (!line.startsWith('#') && at > 0) values.set(line.slice(0, at), Number(line.slice(at + 1)))
    }
  return values
}
