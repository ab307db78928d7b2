import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {Matrix, matrixEnds} from '../../../core/matrix/matrix.ts'
import type {ProbedPort} from '../../../core/matrix/ports.ts'
import {Routes} from '../../../core/trace/nodes.ts'
import {passageOf} from '../../../core/trace/passage.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {LINUX, mixedCluster, WIN} from '../../support/mixed-cluster.ts'
import {mixedNodes} from '../../support/mixed-nodes.ts'
import {linesOf} from '../../support/node-of.ts'

const ports: readonly ProbedPort[] = [
  {protocol: 'tcp', port: 80},
  {protocol: 'udp', port: 81},
  {protocol: 'sctp', port: 8080},
]

/** What differs on one of the nodes: rules of other programs, some of which change addresses. */
const filterRules = fc.constantFrom(
  '-A FORWARD -s 10.1.0.1/32 -p tcp -j ACCEPT',
  '-A FORWARD -p udp -m udp --dport 81 -j DROP',
  '-A FORWARD -d 10.1.0.2/32 -j STRANGE',
)
const natRules = fc.constantFrom(
  '-A POSTROUTING -s 10.1.0.0/30 -j MASQUERADE',
  '-A POSTROUTING ! -d 10.1.0.0/16 -j MASQUERADE',
  '-A POSTROUTING -d 10.1.0.3/32 -p tcp -m tcp --dport 80 -j SNAT --to-source 10.1.0.1',
  '-A POSTROUTING -m strange --odd -j MASQUERADE',
  '-A PREROUTING -d 10.1.0.2/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.1.0.3:81',
  '-A PREROUTING -d 10.1.0.3/32 -j DNAT --to-destination 10.1.0.1-10.1.0.2',
)
const quirks = fc.record({
  lost: fc.nat(),
  filter: fc.array(filterRules, {maxLength: 1}),
  nat: fc.array(natRules, {maxLength: 2}),
})

/** Pods run by turns on two nodes that are read and one that is not. */
const spread = (objects: ClusterObjects): ClusterObjects => ({
  ...objects,
  pods: objects.pods.map((pod, index) => ({
    ...pod,
    spec: {...pod.spec, nodeName: ['n0', 'n1', 'n0', 'n1', 'elsewhere'][index % 5] ?? ''},
  })),
  nodes: ['n0', 'n1', 'elsewhere'].map((name, index) => ({
    metadata: {name, labels: {'kubernetes.io/os': 'linux'}},
    status: {addresses: [{type: 'InternalIP', address: `192.168.0.${index + 4}`}]},
  })),
})

async function linuxNode(
  name: string,
  objects: ClusterObjects,
  {lost, filter, nat}: {lost: number; filter: string[]; nat: string[]},
) {
  const {rules, sets} = linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))
  const added = sets.filter(line => line.startsWith('add '))
  const at = rules.findIndex(line => line.startsWith('-A FORWARD'))
  const saved = [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ...nat,
    'COMMIT',
    ...rules.toSpliced(at, 0, ...filter),
    '',
  ]
  const folder = `dump/nodes/${name}`
  const {nodes} = await readDump([
    {name: `${folder}/iptables-save.txt`, folder, text: [saved.join('\n')]},
    {
      name: `${folder}/ipset-save.txt`,
      folder,
      text: [`${sets.filter(line => line !== added[lost % Math.max(1, added.length)]).join('\n')}\n`],
    },
  ])
  return (nodes[0] as NodeState).with({cluster: objects, node: name})
}

const OUTSIDE = {name: 'external', address: '203.0.113.254'}

/** Cells that are not what a trace of the packet says. */
function unlikeTraces(nodes: readonly NodeState[], objects: ClusterObjects): string[] {
  const ends = matrixEnds(objects.pods, OUTSIDE)
  const matrix = new Matrix({ends, ports, nodes, cluster: objects})
  const routes = new Routes(nodes)
  const wrong: string[] = []
  for (const [from, source] of ends.entries())
    for (const [to, destination] of ends.entries())
      for (const [at, {protocol, port}] of ports.entries()) {
        if (source.address === destination.address) continue
        const packet = {source: source.address, destination: destination.address, protocol, port}
        const traced = passageOf(packet, routes.between(source, destination)).verdict
        const {verdict} = matrix.cell(from, to, at)
        if (verdict !== traced)
          wrong.push(`${source.name} -> ${destination.name} ${protocol}/${port} is ${traced}, not ${verdict}`)
      }
  return wrong
}

const RUNS = Number(process.env['FLEET_RUNS'] ?? 30)

describe('the matrix of several nodes', () => {
  test.prop([cluster, quirks, quirks], {numRuns: RUNS})(
    'has the verdict of a trace for each pair, whatever the nodes change of a packet',
    async (objects, first, second) => {
      const placed = spread(objects)
      const nodes = [await linuxNode('n0', placed, first), await linuxNode('n1', placed, second)]
      expect(unlikeTraces(nodes, placed)).toEqual([])
    },
  )

  test.prop([mixedCluster], {numRuns: RUNS})('has it for a Linux node and a Windows one', async objects => {
    const nodes = await mixedNodes(objects, {linux: LINUX.name, windows: WIN.name})
    expect(unlikeTraces(nodes, objects)).toEqual([])
  })
})
