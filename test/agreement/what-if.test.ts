import {fc} from '@fast-check/vitest'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../core/kubernetes/objects.ts'
import {linux} from '../../core/linux/dataplane.ts'
import {type DeviationCode} from '../../core/policy/deviations.ts'
import {podsOf} from '../support/agreement/agree.ts'
import {foretold, OUTSIDE, type WhatIf, wrongPredictions} from '../support/agreement/what-if.ts'
import {cluster} from '../support/arbitrary-cluster.ts'
import {type Case, loadCases} from '../support/cases/load.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {openPacketNode, type PacketNode} from '../support/kernel/packets/packet-node.ts'
import {backends} from '../support/kernel/tools.ts'

/*
 * What a matrix foretells of a change, held to real packets before and after it, through the rules that Azure NPM programs for
 * both. Of random changes as many are tried as WHAT_IF_CHANGES says.
 */

/** Cases that have a departure of Azure NPM in one of their states, or several states. */
const cases = loadCases().filter(
  ({semantics, steps}) => semantics.includes('npm') && (steps.length > 1 || steps.some(({departs}) => departs)),
)

/** The steps of a case as changes; the first adds all policies. */
function changesOf({steps, scheme}: Case, backend: string): WhatIf[] {
  const options = {scheme: scheme ?? (backend === 'nft' ? 'sha256' : 'fnv32a'), semantics: 'npm'} as const
  return steps.map(({objects}, index) => ({
    before: steps[index - 1]?.objects ?? {...objects, policies: []},
    after: objects,
    options,
  }))
}

const RANDOM_CHANGES = Number(process.env['WHAT_IF_CHANGES'] ?? 12)

/** Some policies come, some change, some go, and namespaces get labels. */
const randomChange: fc.Arbitrary<WhatIf> = fc
  .record({
    before: cluster,
    other: cluster,
    keeps: fc.array(fc.boolean(), {minLength: 4, maxLength: 4}),
    scheme: fc.constantFrom('sha256' as const, 'fnv32a' as const),
  })
  .map(({before, other, keeps, scheme}) => {
    const named = new Map<string, NetworkPolicy>()
    for (const policy of before.policies.filter((_, index) => keeps[index])) named.set(nameOf(policy), policy)
    for (const policy of other.policies) named.set(nameOf(policy), policy)
    const namespaces = before.namespaces.map((namespace, index) => ({
      metadata: {
        ...namespace.metadata,
        labels: {...namespace.metadata.labels, ...other.namespaces[index]?.metadata.labels},
      },
    }))
    return {before, after: {...before, namespaces, policies: [...named.values()]}, options: {scheme, semantics: 'npm'}}
  })
const nameOf = ({metadata}: NetworkPolicy) => `${metadata.namespace}/${metadata.name}`

/** Departures that pods have, and not policies: what is other than usual about quay/lamp, and what a policy lets in there. */
const ofPods: readonly {
  readonly code: DeviationCode
  readonly lamp: (pod: Pod) => Pod
  readonly rule: NonNullable<NetworkPolicy['spec']['ingress']>[number]
}[] = [
  {
    code: 'SIDECAR_PORT',
    lamp: pod => ({
      ...pod,
      spec: {...pod.spec, initContainers: [{restartPolicy: 'Always', ports: [{name: 'side', containerPort: 9100}]}]},
    }),
    rule: {ports: [{port: 'side', protocol: 'TCP'}]},
  },
  {
    code: 'IPV6_POD',
    lamp: pod => ({
      ...pod,
      status: {...pod.status, podIP: 'fd00::9', podIPs: [{ip: 'fd00::9'}, {ip: pod.status?.podIP ?? ''}]},
    }),
    rule: {ports: [{port: 80, protocol: 'TCP'}]},
  },
]

describePackets('what a matrix foretells of a change is what packets meet', () => {
  const nodes: PacketNode[] = []

  beforeAll(async () => {
    const random = [0, 1, 2, 3, 4, 5].map(index => ({name: `random-${index}`, ip: `10.1.0.${index + 1}`}))
    const pods = [...podsOf(cases), ...random].filter(
      ({ip}, index, all) => all.findIndex(each => each.ip === ip) === index && !OUTSIDE.includes(ip),
    )
    for (const backend of backends) nodes.push(await openPacketNode({pods, externals: OUTSIDE, backend}))
  })

  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })

  const nodeAt = (index: number): PacketNode => {
    const node = nodes[index % nodes.length]
    if (!node) throw new Error('no node')
    return node
  }

  test('of every departure of Azure NPM from the API', () => {
    const met = new Set<string>(cases.flatMap(({steps}) => steps.flatMap(({departs}) => departs?.code ?? [])))
    for (const {code} of ofPods) met.add(code)
    expect([...linux.policyCompiler.deviations].filter(code => !met.has(code))).toEqual([])
  })

  for (const [index, each] of cases.entries())
    test(each.name, async () => {
      const node = nodeAt(index)
      for (const whatIf of changesOf(each, node.backend)) {
        const {wrong, sent} = await wrongPredictions(node, whatIf)
        expect(wrong).toEqual([])
        expect(sent).toBeGreaterThan(0)
      }
    })

  test.each(ofPods)('$code of a pod', async ({lamp, rule}) => {
    const harbour = cases[0]?.steps[0]?.objects as ClusterObjects
    const pods = harbour.pods.map(pod => (pod.metadata.name === 'lamp' ? lamp(pod) : pod))
    const spec = {podSelector: {matchLabels: {app: 'lamp'}}, policyTypes: ['Ingress'], ingress: [rule]}
    const policies = [{metadata: {namespace: 'quay', name: 'p'}, spec}]
    const [before, after] = [
      {...harbour, pods, policies: []},
      {...harbour, pods, policies},
    ]
    const whatIf: WhatIf = {before, after, options: {scheme: 'sha256', semantics: 'npm'}}
    const {wrong} = await wrongPredictions(nodeAt(0), whatIf)
    expect(wrong).toEqual([])
    // Somebody is treated in another way than the policy says.
    const {opens, closes, withoutEffect = []} = foretold(whatIf).diff
    expect([...opens, ...closes, ...withoutEffect].filter(each => each.after !== each.expectedAfter).length).toBeGreaterThan(0)
  })

  test('an update that Azure NPM refuses', async () => {
    const harbour = cases[0]?.steps[0]?.objects as ClusterObjects
    const policy = (port: number, ...from: object[]): NetworkPolicy => ({
      metadata: {namespace: 'quay', name: 'p'},
      spec: {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ports: [{port, protocol: 'TCP'}], ...(from.length > 0 && {from})}],
      },
    })
    const before = {...harbour, policies: [policy(80)]}
    const after = {...harbour, policies: [policy(81, {ipBlock: {cidr: 'fd00::/8'}})]}
    // The version before stays in force.
    const {wrong, changed} = await wrongPredictions(
      nodeAt(0),
      {before, after, options: {scheme: 'sha256', semantics: 'npm'}},
      before,
    )
    expect(wrong).toEqual([])
    expect(changed).toBe(0)
  })

  test(`${RANDOM_CHANGES} random changes`, async () => {
    let changes = 0
    for (const [index, whatIf] of fc.sample(randomChange, {numRuns: RANDOM_CHANGES, seed: 20261130}).entries()) {
      const {wrong, changed} = await wrongPredictions(nodeAt(index), whatIf)
      expect(wrong, JSON.stringify(whatIf)).toEqual([])
      changes += changed
    }
    // Changes that change nothing would prove nothing.
    expect(changes).toBeGreaterThan(RANDOM_CHANGES)
  })
})
