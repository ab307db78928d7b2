import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../core/kubernetes/objects.ts'
import {sharedAddressProblems} from '../../core/kubernetes/shared-addresses.ts'
import type {Packet} from '../../core/net/packet.ts'
import {tracePacket} from '../../core/trace/trace-packet.ts'
import {verifyNode} from '../../core/verify/verify-node.ts'
import {loadProgram, NODE, readBack, verifyClaims} from '../support/agreement/verified-node.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {kubeProxyRules} from '../support/kernel/packets/kube-proxy.ts'
import {openPacketNode, type PacketNode} from '../support/kernel/packets/packet-node.ts'
import {backends} from '../support/kernel/tools.ts'

/*
 * Ends that no policy parts, though policies deny everything: a pod and itself, a pod and its own node. And two pods with one address,
 * of which the kernel knows one.
 */

const [quay, dock, outside] = ['10.60.0.1', '10.60.0.2', '203.0.113.9'] as const
const service = {
  name: 'harbour/dock:http',
  address: '10.0.0.7',
  protocol: 'tcp',
  port: 80,
  backends: [{address: dock, port: 8080}],
} as const

const pod = (namespace: string, name: string, podIP: string): Pod => ({
  metadata: {namespace, name, labels: {app: name}},
  spec: {nodeName: NODE.name, containers: []},
  status: {phase: 'Running', podIP},
})
const denyAll = (namespace: string): NetworkPolicy => ({
  metadata: {namespace, name: 'deny-all'},
  spec: {podSelector: {}, policyTypes: ['Ingress', 'Egress']},
})
const harbour: ClusterObjects = {
  namespaces: ['harbour', 'island'].map(name => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})),
  nodes: [],
  pods: [pod('harbour', 'quay', quay), pod('harbour', 'dock', dock)],
  policies: [denyAll('harbour')],
}

const tcp = (source: string, destination: string, port: number): Packet => ({source, destination, protocol: 'tcp', port})

describePackets('ends that no policy parts', () => {
  describe.each(backends)('%s', backend => {
    let node: PacketNode
    const options = {scheme: backend === 'nft' ? 'sha256' : 'fnv32a', semantics: 'npm'} as const

    beforeAll(async () => {
      node = await openPacketNode({
        pods: [
          {name: 'quay', ip: quay},
          {name: 'dock', ip: dock},
        ],
        externals: [outside],
        nodeAddress: NODE.address,
        backend,
        base: kubeProxyRules([service]),
      })
    })

    afterAll(() => node[Symbol.asyncDispose]())

    const iptables = (...words: string[]) => node.node.run(`iptables-${backend}`, words)

    /** What a real packet, its walk and a trace say, each by itself. */
    async function told(cluster: ClusterObjects, packet: Packet): Promise<{arrived: string; walk: string; trace: string}> {
      const state = await readBack(node, cluster)
      const {source, destination, protocol, port} = packet
      const [arrived] = await node.probe([packet])
      const trace = tracePacket([state], {source, destination, protocol, port: String(port)}, [])
      return {arrived: arrived ?? '', walk: state.walk(packet).verdict, trace: trace.verdict}
    }

    const all = (verdict: string) => ({arrived: verdict, walk: verdict, trace: verdict})

    describe('where policies deny everything', () => {
      beforeEach(() => loadProgram(node, harbour, options))

      test('what is sent to another pod is dropped', async () => {
        expect(await told(harbour, tcp(quay, dock, 8080))).toEqual(all('drop'))
      })

      test('a pod reaches itself by its service, masqueraded, if kube-proxy comes before Azure NPM', async () => {
        expect(await told(harbour, tcp(dock, service.address, 80))).toEqual(all('accept'))
        expect(await told(harbour, tcp(quay, service.address, 80))).toEqual(all('drop'))
      })

      test('and not if Azure NPM comes first, which takes it for any other packet', async () => {
        await iptables('-I', 'FORWARD', '1', '-m', 'conntrack', '--ctstate', 'NEW', '-j', 'AZURE-NPM')
        expect(await told(harbour, tcp(dock, service.address, 80))).toEqual(all('drop'))
      })

      test('the node reaches its pods, as probes of kubelet do, and they reach it', async () => {
        for (const port of [80, 10_250]) {
          expect(await told(harbour, tcp(NODE.address, dock, port))).toEqual(all('accept'))
          expect(await told(harbour, tcp(dock, NODE.address, port))).toEqual(all('accept'))
        }
        const {result, domain} = verifyNode(await readBack(node, harbour), {against: 'policies'}, [])
        expect([result, domain.ofNode]).toEqual(['proven', true])
      })

      test('unless rules in INPUT and OUTPUT say otherwise', async () => {
        await iptables('-A', 'OUTPUT', '-d', dock, '-p', 'tcp', '--dport', '81', '-j', 'DROP')
        await iptables('-A', 'INPUT', '-s', dock, '-p', 'tcp', '--dport', '81', '-j', 'DROP')
        expect(await told(harbour, tcp(NODE.address, dock, 81))).toEqual(all('drop'))
        expect(await told(harbour, tcp(dock, NODE.address, 81))).toEqual(all('drop'))
        expect(await told(harbour, tcp(NODE.address, dock, 80))).toEqual(all('accept'))
      })

      test('a pod reaches itself directly: its node does not see that', async () => {
        const namespace = await namespaceOf(node, dock)
        await iptables('-I', 'FORWARD', '1', '-s', dock, '-d', dock, '-j', 'DROP')
        await namespace('ip', 'addr', 'add', `${dock}/32`, 'dev', 'lo')
        try {
          const [arrived] = await node.arrivals([tcp(dock, dock, 8080)])
          expect(arrived).toBe('dock')
        } finally {
          await namespace('ip', 'addr', 'del', `${dock}/32`, 'dev', 'lo')
        }
        const asked = {source: 'harbour/dock', destination: 'harbour/dock', protocol: 'tcp', port: '8080'} as const
        expect(tracePacket([await readBack(node, harbour)], asked, []).verdict).toBe('accept')
      })
    })

    test('two pods with one address are judged each by its own policies, and meet the rules of both', async () => {
      // One is closed by its policy, the other is selected by none.
      const both: ClusterObjects = {...harbour, pods: [...harbour.pods, pod('island', 'buoy', dock)]}
      await loadProgram(node, both, options)
      const state = await readBack(node, both)
      const trace = (destination: string) => tracePacket([state], {source: outside, destination, protocol: 'tcp', port: '80'}, [])
      expect(await node.probe([tcp(outside, dock, 80)])).toEqual(['drop'])
      expect(trace('harbour/dock')).toMatchObject({verdict: 'drop', expected: {verdict: 'drop'}, disagreements: []})
      expect(trace('island/buoy')).toMatchObject({verdict: 'drop', expected: {verdict: 'accept'}})
      expect(trace('island/buoy').disagreements).toEqual([expect.stringContaining('harbour/dock, island/buoy have one address')])
      expect(sharedAddressProblems(both).map(({code}) => code)).toEqual(['SHARED_ADDRESS'])

      const verification = verifyNode(state, {against: 'policies'}, [])
      expect(verification.counterexamples.map(({effect, packet, cause}) => [effect, packet.source.pod, cause])).toEqual([
        ['closed', 'island/buoy', expect.stringContaining('have one address')],
      ])
      const claims = verifyClaims(verification)
      expect(await node.probe(claims.map(({packet}) => packet))).toEqual(claims.map(({verdict}) => verdict))
    })
  })
})

/** Runs commands in the namespace behind the wire to an address. */
async function namespaceOf(node: PacketNode, address: string): Promise<(...words: string[]) => Promise<unknown>> {
  const {stdout} = await node.node.run('ip', ['-o', 'route', 'get', address])
  const device = / dev (\S+)/.exec(stdout)?.[1] ?? ''
  const {stdout: link} = await node.node.run('ip', ['-o', 'link', 'show', 'dev', device])
  const name = /link-netns (\S+)/.exec(link)?.[1] ?? ''
  return (...words) => node.node.run('ip', ['netns', 'exec', name, ...words])
}
