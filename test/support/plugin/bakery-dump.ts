import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parse} from 'yaml'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'
import {documentProcedures, type FakeAgent, type FakeAgentOptions, startFakeAgent} from './fake-agent.ts'
import {type FakeAnswer, type FakeApiServer, refusal, startFakeApiServer} from './fake-api-server.ts'
import {fixture} from './run-cli.ts'

const read = (path: string) => readFileSync(fixture(path), 'utf8')

export const NODES = ['aks-oven-0', 'aks-oven-1'] as const
export type NodeName = (typeof NODES)[number]

/** What the agents of the two nodes read. */
export const documentsOf = (node: NodeName): Partial<Record<NodeDocument, string>> => ({
  'iptables-nft-save.txt': read(`two-nodes/${node}/iptables-save.txt`),
  'ipset-save.txt': read(`two-nodes/${node}/ipset-save.txt`),
  'conntrack-count.txt': '17\n',
  'versions.txt': `npm-agent: 0.1.0\nuname -a: Linux ${node} 5.15.0-1064-azure #73-Ubuntu SMP x86_64 GNU/Linux\n`,
  'cluster.json': JSON.stringify(parse(read('two-nodes/cluster.yaml'))),
})

/** Lines as Azure NPM writes them, with names that are in the objects and with one that is nowhere else: of a pod that has gone. */
export const npmLog = (node: NodeName, when: string): string =>
  [
    `I1127 08:14:00.000000       1 podController.go:224] [ADD POD EVENT] oven-0 bakery 10.60.0.10 on ${node} (${when})`,
    'I1127 08:14:01.000000       1 dataplane.go:310] updating endpoint 10.60.0.20 of storefront/till-0',
    'E1127 08:14:02.000000       1 ipsetmanager.go:88] failed to add 10.60.7.77 to set podlabel-flavour:pistachio of pod bakery/eclair-99',
    'I1127 08:14:03.000000       1 policymanager.go:12] policy bakery/line applied, chain AZURE-NPM-INGRESS-8gp9s7ca2i',
    '',
  ].join('\n')

/** The pods of Azure NPM, one for each node. */
export const npmPods = (nodes: readonly string[] = NODES): FakeAnswer => ({
  body: {
    kind: 'PodList',
    items: nodes.map(node => ({
      metadata: {name: `azure-npm-${node.slice(-1)}`},
      spec: {nodeName: node, containers: [{name: 'sidecar'}, {name: 'azure-npm'}]},
    })),
  },
})

export const PODS = '/api/v1/namespaces/kube-system/pods'

/** A cluster in which Azure NPM runs and has been restarted on the first node only. */
export const withLogs = (_method: string, path: string, url: string): FakeAnswer | undefined => {
  if (path === PODS) return npmPods()
  const node = /^\/api\/v1\/namespaces\/kube-system\/pods\/azure-npm-(\d)\/log$/.exec(path)?.[1]
  if (node === undefined) return undefined
  const isPrevious = new URL(url, 'http://x').searchParams.get('previous') === 'true'
  if (isPrevious && node === '1')
    return refusal(400, 'BadRequest', 'previous terminated container "azure-npm" in pod "azure-npm-1" not found')
  return {body: npmLog(`aks-oven-${node}` as NodeName, isPrevious ? 'before' : 'now')}
}

export interface Bakery extends AsyncDisposable {
  readonly api: FakeApiServer
  readonly agents: Readonly<Record<NodeName, FakeAgent>>
  /** A folder of its own. */
  readonly folder: string
}

export interface BakeryOptions {
  readonly answer?: (method: string, path: string, url: string) => FakeAnswer | 'never' | undefined
  /** In place of an agent that gives all documents. */
  readonly agents?: Partial<Record<NodeName, Partial<FakeAgentOptions>>>
}

/** Stand-ins for an API server and for the agents of two nodes; kubectl and the way between are real. */
export async function startBakery({answer = withLogs, agents = {}}: BakeryOptions = {}): Promise<Bakery> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-dump-'))
  stack.defer(() => rmSync(folder, {recursive: true, force: true}))
  const start = (node: NodeName) =>
    startFakeAgent({node, procedures: documentProcedures(node, documentsOf(node), 1000), ...agents[node]})
  const started = {'aks-oven-0': stack.use(await start('aks-oven-0')), 'aks-oven-1': stack.use(await start('aks-oven-1'))}
  const ports = {'aks-oven-0': started['aks-oven-0'].port, 'aks-oven-1': started['aks-oven-1'].port}
  const api = stack.use(await startFakeApiServer({agents: ports, answer}))
  const held = stack.move()
  return {api, agents: started, folder, [Symbol.asyncDispose]: () => held.disposeAsync()}
}
