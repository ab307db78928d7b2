import {describe, expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {listDenied} from '../../../core/flows/list-denied.ts'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {type Namespace, openNamespace} from '../../support/kernel/namespace.ts'
import {kubeProxyRules} from '../../support/kernel/packets/kube-proxy.ts'
import {connect} from '../../support/kernel/packets/wires.ts'
import {openTalker} from '../../support/kernel/talkers/talker.ts'
import {type Backend, backends} from '../../support/kernel/tools.ts'
import {WriterLab} from '../../support/writer/lab.ts'

/*
 * Connections over real sockets, through a node whose rules change: those that the new rules deny go on, are named and are ended; all others
 * go on whatever is ended.
 */

const NODE = {name: 'aks-1', address: '10.77.0.1'}
const [WEB, DB, OTHER] = ['10.60.0.1', '10.60.0.2', '10.60.0.3'] as const
const SERVICE = {
  name: 'shop/db:sql',
  address: '10.0.0.7',
  protocol: 'tcp',
  port: 80,
  backends: [{address: DB, port: 8080}],
} as const

const pod = (name: string, podIP: string): Pod => ({
  metadata: {namespace: 'shop', name, labels: {app: name}},
  spec: {nodeName: NODE.name, containers: []},
  status: {phase: 'Running', podIP},
})
const dbFromWeb: NetworkPolicy = {
  metadata: {namespace: 'shop', name: 'db-from-web'},
  spec: {
    podSelector: {matchLabels: {app: 'db'}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{podSelector: {matchLabels: {app: 'web'}}}]}],
  },
}
const cluster = (...policies: NetworkPolicy[]): ClusterObjects => ({
  namespaces: [{metadata: {name: 'shop', labels: {'kubernetes.io/metadata.name': 'shop'}}}],
  nodes: [],
  pods: [pod('web', WEB), pod('db', DB), pod('other', OTHER)],
  policies,
})

function stateOf(objects: ClusterObjects, backend: Backend) {
  const program = compile(objects, {scheme: backend === 'nft' ? 'sha256' : 'fnv32a', semantics: 'npm'})
  const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
  const rules = text(printIptablesRestore(program, {forwardIndex: 4}))
  return {sets: text(printIpsetRestore(program)), rules: `${kubeProxyRules([SERVICE])}${rules}`}
}

/** A node with three pods around it. */
async function openNode(backend: Backend, stack: AsyncDisposableStack) {
  const lab = stack.use(await WriterLab.open(backend))
  const pods: {namespace: Namespace; address: string}[] = []
  for (const address of [WEB, DB, OTHER]) pods.push({namespace: stack.use(await openNamespace()), address})
  await connect(lab.namespace, NODE.address, pods)
  for (const {namespace, address} of pods) await namespace.run('ip', ['address', 'add', `${address}/32`, 'dev', 'eth0'])
  const [web, db, other, node] = await Promise.all(
    [...pods.map(({namespace}) => namespace), lab.namespace].map(async each => stack.use(await openTalker(each))),
  )
  if (!web || !db || !other || !node) throw new Error('a talker is missing')
  return {lab, web, db, other, node}
}

const sorted = (flows: readonly {readonly protocol: string; readonly service?: string}[] | undefined) =>
  (flows ?? []).toSorted((one, two) => (`${one.protocol}${one.service ?? ''}` < `${two.protocol}${two.service ?? ''}` ? -1 : 1))

describeKernel('connections that a new policy denies', () => {
  describe.each(backends)('on %s', backend => {
    test('go on and are named; they are ended when that is asked for, and no others', async () => {
      await using stack = new AsyncDisposableStack()
      const {lab, web, db, other, node} = await openNode(backend, stack)
      await lab.load(stateOf(cluster(dbFromWeb), backend))
      const wanted = await lab.read()
      await lab.load(stateOf(cluster(), backend))
      for (const protocol of ['tcp', 'udp'] as const) await db.listen(protocol, 8080)
      await web.listen('tcp', 9090)

      const denied = {
        direct: await other.open('tcp', DB, 8080),
        service: await other.open('tcp', SERVICE.address, SERVICE.port),
        udp: await other.open('udp', DB, 8080),
      }
      const allowed = {
        direct: await web.open('tcp', DB, 8080),
        service: await web.open('tcp', SERVICE.address, SERVICE.port),
        udp: await web.open('udp', DB, 8080),
        elsewhere: await other.open('tcp', WEB, 9090),
        ofDb: await db.open('tcp', WEB, 9090),
        ofNode: await node.open('tcp', DB, 8080),
      }
      const unanswered = await other.open('udp', DB, 7070)
      for (const talk of [...Object.values(denied), ...Object.values(allowed)]) expect(await talk.goesOn()).toBe(true)
      expect(await unanswered.stalls()).toBe(true)

      const {file} = await lab.plan(await lab.read(), wanted)
      await using writer = await lab.writer()
      const {result} = await writer.tell({does: 'apply', plan: file})
      expect(result).toMatchObject({outcome: 'applied', flowCounts: {denied: 3, ended: 0, unknown: 0}, problems: []})
      const flow = {source: OTHER, destination: DB, destinationPort: 8080, reason: expect.stringContaining('INGRESS')}
      const service = `${SERVICE.address}:${SERVICE.port}`
      expect(sorted(result.deniedFlows)).toMatchObject([
        {...flow, protocol: 'tcp'},
        {...flow, protocol: 'tcp', service},
        {...flow, protocol: 'udp'},
      ])
      for (const [name, talk] of Object.entries({...denied, ...allowed}))
        expect([name, await talk.goesOn()]).toEqual([name, true])

      // What a person finds who has only what the tools print.
      const document = async (name: string, program: string, ...args: string[]) => ({
        name,
        folder: '',
        text: [(await lab.namespace.run(program, args)).stdout],
      })
      const {nodes} = await readDump([
        await document('rules.txt', `iptables-${backend}-save`),
        await document('sets.txt', 'ipset', 'list'),
        await document('connections.txt', 'conntrack', '-L', '-o', 'extended'),
      ])
      const list = listDenied(nodes, [], {ownAddresses: new Set([NODE.address])})
      expect(list.nodes).toMatchObject([{denied: 3, unanswered: 1, unknown: 0, unread: 0}])

      const again = (await lab.plan(await lab.read(), await lab.read())).file
      const {result: second} = await writer.tell({does: 'apply', plan: again, endDeniedFlows: true})
      expect(second).toMatchObject({outcome: 'nothingToDo', flowCounts: {denied: 3, ended: 3}, problems: []})
      expect(second.deniedFlows?.map(({ended}) => ended)).toEqual([true, true, true])
      for (const [name, talk] of Object.entries(denied)) expect([name, await talk.stalls()]).toEqual([name, true])
      for (const [name, talk] of Object.entries(allowed)) expect([name, await talk.goesOn()]).toEqual([name, true])
    }, 120_000)
  })
})
