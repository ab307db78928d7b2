import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {Matrix, matrixEnds} from '../../../core/matrix/matrix.ts'
import type {ProbedPort} from '../../../core/matrix/ports.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {linesOf} from '../../support/node-of.ts'

const ports: readonly ProbedPort[] = [
  {protocol: 'tcp', port: 80},
  {protocol: 'udp', port: 81},
  {protocol: 'sctp', port: 8080},
  {protocol: 'tcp', port: 9999},
]
const foreign = fc.constantFrom(
  '-A FORWARD -i eth0 -j DROP',
  '-A FORWARD -s 10.1.0.1/32 -p tcp -j ACCEPT',
  '-A FORWARD -p udp -m udp --dport 81 -j DROP',
  '-A FORWARD -d 10.1.0.2/32 -j STRANGE',
)

describe('the cells of a matrix', () => {
  test.prop([cluster, fc.nat(), fc.array(foreign, {maxLength: 2})], {numRuns: 40})(
    'are what each packet alone gets from the rules and from the policies',
    async (objects, gone, others) => {
      const {rules, sets} = linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))
      const able = sets.filter(line => line.startsWith('add '))
      const at = rules.findIndex(line => line.startsWith('-A FORWARD'))
      const saved = ['*nat', ':PREROUTING ACCEPT [0:0]', 'COMMIT', ...rules.toSpliced(at, 0, ...others), '']
      const folder = 'dump/nodes/node'
      const {nodes} = await readDump([
        {name: `${folder}/iptables-save.txt`, folder, text: [saved.join('\n')]},
        {
          name: `${folder}/ipset-save.txt`,
          folder,
          text: [`${sets.filter(line => line !== able[gone % Math.max(1, able.length)]).join('\n')}\n`],
        },
      ])
      const dump = (nodes[0] as NodeState).with({cluster: objects})
      const ends = matrixEnds(objects.pods, {name: 'external', address: '203.0.113.254'})
      const matrix = new Matrix({ends, ports, nodes: [dump], cluster: objects})
      const evaluator = new Evaluator(objects)
      for (const [from, source] of ends.entries())
        for (const [to, destination] of ends.entries())
          for (const [port, service] of ports.entries()) {
            if (from === to) continue
            const packet = {source: source.address, destination: destination.address, ...service}
            const expected = evaluator.evaluate(packet, {source: source.pod, destination: destination.pod}).verdict
            expect([packet, matrix.cell(from, to, port)]).toEqual([packet, {verdict: dump.walk(packet).verdict, expected}])
          }
    },
  )
})
