import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {linux} from '../../../core/dataplanes.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {linesOf} from '../../support/node-of.ts'

/** A policy that selects all pods of a namespace and lets tcp 80 in. */
const allowWeb = (namespace: string) => ({
  metadata: {name: 'allow-web', namespace},
  spec: {podSelector: {}, ingress: [{ports: [{port: 80, protocol: 'TCP'}]}]},
})
const pod = (namespace: string, podIP: string) => ({
  metadata: {name: 'web', namespace, labels: {app: 'web'}},
  spec: {containers: []},
  status: {podIP, phase: 'Running'},
})
const shop = {
  policies: [allowWeb('shop'), allowWeb('mill')],
  pods: [pod('shop', '10.0.0.1'), pod('mill', '10.0.0.2'), pod('books', '10.0.0.3')],
  namespaces: ['shop', 'mill', 'books'].map(name => ({metadata: {name}})),
  nodes: [],
}
const now: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const to = (destination: string, port: number) => ({source: '10.0.0.3', destination, protocol: 'tcp', port}) as const

describe('a node as Azure NPM would program it', () => {
  const options = fc.constantFrom<CompileOptions>(now, {scheme: 'fnv32a', semantics: 'npm', generation: 'v1', release: 'v1.4.21'})

  test.prop([cluster, options], {numRuns: 60})(
    'is walked, described and translated as one that was read',
    async (objects, its) => {
      const program = compile(objects, its)
      const foretold = linux.foretell(program, {cluster: objects})
      const {rules, sets} = linesOf(program)
      const text = (lines: readonly string[]) => [`${lines.join('\n')}\n`]
      const {nodes} = await readDump([
        {name: 'rules', folder: '', text: text(rules), kind: 'iptables-save'},
        {name: 'sets', folder: '', text: text(sets), kind: 'ipset-save'},
      ])
      const read = nodes[0]?.with({cluster: objects})
      for (const packet of packetsOf(objects)) {
        const [own, other] = [foretold.walk(packet), read?.walk(packet)]
        expect(own.verdict).toBe(other?.verdict)
        expect(own.trail.map(({chain, position}) => `${chain}:${position}`)).toEqual(
          ((other?.trail ?? []) as typeof own.trail).map(({chain, position}) => `${chain}:${position}`),
        )
      }
      expect([...foretold.translation().policies()].map(({policy, chain}) => `${policy} ${chain}`)).toEqual(
        [...(read?.translation().policies() ?? [])].map(({policy, chain}) => `${policy} ${chain}`),
      )
    },
  )

  plainTest('names the rule that decides, no node and no line of a file', () => {
    const node = linux.foretell(compile(shop, now), {cluster: shop})
    const walk = node.walk(to('10.0.0.1', 81))
    const {reason, trail} = node.describe(walk)
    expect(walk.verdict).toBe('drop')
    expect(reason).toBe(
      'rule 3 of AZURE-NPM-INGRESS drops it; policy shop/allow-web selects the pod and no policy allows the packet',
    )
    expect(trail.some(({where}) => 'line' in where)).toBe(false)
    expect(node.isForetold).toBe(true)
    expect(node.with({node: 'here'}).walk(to('10.0.0.1', 80)).verdict).toBe('accept')
  })

  plainTest('does not know what a policy that is left out does to the pods that it selects, and knows all others', () => {
    const node = linux.foretell(compile(shop, {...now, mostRules: 2}), {cluster: shop})
    expect(node.completeness.rules).toBe('cut')
    const verdicts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => node.walk(to(address, 81)).verdict)
    expect(verdicts.toSorted()).toEqual(['accept', 'drop', 'unknown'])
    const first = linux.foretell(compile(shop, {...now, generation: 'v1', mostRules: 1}))
    expect(first.walk(to('10.0.0.3', 81)).verdict).toBe('unknown')
  })
})
