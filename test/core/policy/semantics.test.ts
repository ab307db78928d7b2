import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import type {ClusterObjects, Namespace, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {linux} from '../../../core/linux/dataplane.ts'
import {programRules, programSets} from '../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../core/linux/walk/walk.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {deviationCodes, findDeviations} from '../../../core/policy/deviations.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {goodPolicy, namespace, pod} from '../../support/arbitrary-objects.ts'
import {listedRules} from '../../support/linux/listed-rules.ts'

/** Of a namespace without its object the labels would not be known. */
function withAll(namespaces: readonly Namespace[], pods: readonly Pod[]): Namespace[] {
  const known = new Set(namespaces.map(({metadata}) => metadata.name))
  const others = new Set(pods.map(({metadata}) => metadata.namespace ?? 'default').filter(name => !known.has(name)))
  return [...namespaces, ...[...others].map(name => ({metadata: {name}}))]
}

/** Pods and policies by name, each pod with an address of its own. */
const cluster: fc.Arbitrary<ClusterObjects> = fc
  .record({
    namespaces: fc.uniqueArray(namespace, {selector: ({metadata}) => metadata.name}),
    pods: fc.uniqueArray(pod, {selector: ({metadata}) => `${metadata.namespace}/${metadata.name}`, maxLength: 6}),
    policies: fc.uniqueArray(goodPolicy, {
      selector: ({metadata}) => `${metadata.namespace}/${metadata.name}`,
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({namespaces, pods, policies}) => ({
    namespaces: withAll(namespaces, pods),
    policies,
    nodes: [],
    pods: pods.map((each, index): Pod => {
      const ip = `10.0.0.${index + 1}`
      const {podIP} = each.status ?? {}
      // Some have it behind their IPv6 address.
      const isSecond = podIP?.includes(':') === true
      return {...each, status: {...each.status, ...(isSecond ? {podIPs: [{ip: podIP}, {ip}]} : {podIP: ip})}}
    }),
  }))

const places = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.9.9.9', '203.0.113.7']

/** A packet to the own address meets no rules, so only others are compared. */
const packets: readonly Packet[] = places.flatMap(source =>
  places
    .filter(each => each !== source)
    .flatMap(destination => [
      {source, destination, protocol: 'tcp' as const, port: 80},
      {source, destination, protocol: 'udp' as const, port: 53},
      {source, destination, protocol: 'tcp' as const, port: 443},
    ]),
)

/** Packets about which the compiled rules and the meaning of the policies are not of one mind. */
function disagreements(objects: ClusterObjects, options: CompileOptions): string[] {
  const program = compile(objects, options)
  const rules = programRules(program)
  const sets = programSets(program)
  const evaluator = new Evaluator(objects)
  return packets.flatMap(packet => {
    const walked = walk(rules, sets, packet).verdict
    const meant = evaluator.evaluate(packet).verdict
    return walked === meant ? [] : [`${JSON.stringify(packet)} ${walked}, meant ${meant}`]
  })
}

describe('programs with the meaning of the API', () => {
  test.prop([cluster, fc.constantFrom('sha256' as const, 'fnv32a' as const)], {numRuns: 400})(
    'let through what the policies mean, and nothing is refused',
    (objects, scheme) => {
      const options: CompileOptions = {scheme, semantics: 'kubernetes'}
      expect(compile(objects, options).refusals).toEqual([])
      expect(disagreements(objects, options)).toEqual([])
    },
  )

  test.prop([cluster, fc.constantFrom('sha256' as const, 'fnv32a' as const)], {numRuns: 200})(
    'have a name of its own for every set and every chain',
    (objects, scheme) => {
      const {sets, policies} = compile(objects, {scheme, semantics: 'kubernetes'})
      expect([...sets.values()].filter(({names}) => names)).toEqual([])
      const chains = policies.flatMap(policy => policy.chains.map(({chain}) => chain))
      expect(new Set(chains).size).toBe(chains.length)
    },
  )

  test.prop([cluster], {numRuns: 400})('differ from those of Azure NPM only where a deviation is found', objects => {
    const npm: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
    fc.pre(findDeviations(objects, {compile}).length === 0)
    expect(disagreements(objects, npm)).toEqual([])
    const all = (options: CompileOptions) => listedRules(compile(objects, options).policies)
    expect(all({...npm, semantics: 'kubernetes'})).toEqual(all(npm))
  })
})

const policyFrom = (...from: NonNullable<NonNullable<NetworkPolicy['spec']['ingress']>[number]['from']>): NetworkPolicy => ({
  metadata: {name: 'p', namespace: 'a'},
  spec: {podSelector: {}, ingress: [{from}]},
})
const objects = (...policies: NetworkPolicy[]): ClusterObjects => ({pods: [], namespaces: [], nodes: [], policies})
const long = Array.from({length: 20}, (_, index) => `${'v'.repeat(55)}${index}`)
const named = (namespace: string, name: string): NetworkPolicy => ({metadata: {name, namespace}, spec: {podSelector: {}}})

const cases: readonly {code: string; objects: ClusterObjects; place: string}[] = [
  {
    code: 'NAMESPACE_NOT_IN',
    objects: objects(
      policyFrom({
        namespaceSelector: {
          matchLabels: {x: 'y'},
          matchExpressions: [{key: 'team', operator: 'NotIn', values: ['a', 'b']}],
        },
      }),
    ),
    place: 'a/p spec.ingress[0].from[0].namespaceSelector.matchExpressions[0]',
  },
  {
    code: 'NEGATIVE_ONLY',
    objects: objects(
      policyFrom({namespaceSelector: {matchExpressions: [{key: 'team', operator: 'DoesNotExist'}]}, podSelector: {}}),
    ),
    place: 'a/p spec.ingress[0].from[0].namespaceSelector',
  },
  {
    code: 'IPV6_BLOCK',
    objects: objects(policyFrom({ipBlock: {cidr: '2001:db8::/32'}})),
    place: 'a/p spec.ingress[0].from[0].ipBlock.cidr',
  },
  {
    code: 'IPV6_EXCEPT',
    objects: objects(policyFrom({ipBlock: {cidr: '10.0.0.0/8', except: ['10.1.0.0/16', 'fd00::/8']}})),
    place: 'a/p spec.ingress[0].from[0].ipBlock.except[1]',
  },
  {
    code: 'WHOLE_RANGE',
    objects: objects(policyFrom({ipBlock: {cidr: '10.0.0.0/0'}})),
    place: 'a/p spec.ingress[0].from[0].ipBlock.cidr',
  },
  {
    code: 'BLOCK_OF_EXCEPT',
    objects: objects(policyFrom({ipBlock: {cidr: '10.0.0.0/8', except: ['10.0.0.0/8']}})),
    place: 'a/p spec.ingress[0].from[0].ipBlock.except[0]',
  },
  {
    code: 'BAD_LABEL_VALUE',
    objects: objects(policyFrom({podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: ['a', 'no good']}]}})),
    place: 'a/p spec.ingress[0].from[0].podSelector.matchExpressions[0].values[1]',
  },
  {
    code: 'LONG_COMMENT',
    objects: objects(policyFrom({podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: long}]}})),
    place: 'a/p spec.ingress[0].from[0]',
  },
  {
    code: 'TERMINATING_NAMESPACE',
    objects: {...objects(), namespaces: [{metadata: {name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z'}}]},
    place: 'a metadata.deletionTimestamp',
  },
  {
    code: 'ALL_NAMESPACES_LABEL',
    objects: objects(policyFrom({namespaceSelector: {matchExpressions: [{key: 'all-namespaces', operator: 'Exists'}]}})),
    place: 'a/p spec.ingress[0].from[0].namespaceSelector.matchExpressions[0]',
  },
  {
    code: 'SIDECAR_PORT',
    objects: {
      ...objects({metadata: {name: 'p', namespace: 'a'}, spec: {podSelector: {}, ingress: [{ports: [{port: 'metrics'}]}]}}),
      pods: [
        {
          metadata: {name: 'vault', namespace: 'a'},
          spec: {initContainers: [{restartPolicy: 'Always', ports: [{name: 'metrics', containerPort: 8099}]}]},
          status: {podIP: '10.0.0.1'},
        },
      ],
    },
    place: 'a/p spec.ingress[0].ports[0].port',
  },
  {
    code: 'IPV6_POD',
    objects: {
      ...objects(),
      pods: [{metadata: {name: 'six', namespace: 'a'}, status: {podIP: 'fd00::1', podIPs: [{ip: 'fd00::1'}, {ip: '10.0.0.1'}]}}],
    },
    place: 'a/six status.podIP',
  },
  {
    code: 'SHARED_SET',
    objects: objects(
      policyFrom({
        podSelector: {matchLabels: {component: 'envoy'}},
      }),
      {metadata: {name: 'q', namespace: 'b'}, spec: {podSelector: {matchLabels: {service: 'auth-sensor'}}}},
    ),
    place: 'a/p spec.ingress[0].from[0]',
  },
  {
    code: 'SHARED_CHAIN',
    objects: objects(named('cache-staging', 'default-deny-ingress'), named('report', 'allow-cart-to-product')),
    place: 'cache-staging/default-deny-ingress metadata.name',
  },
]

describe('deviations of Azure NPM', () => {
  plainTest.each(cases)('$code is found where it is, alone', ({code, objects, place}) => {
    const found = findDeviations(objects, {compile}, 'fnv32a')
    expect(found.map(deviation => deviation.code)).toEqual([code])
    const [first] = found[0]?.places ?? []
    expect(`${first?.object} ${first?.field}`).toBe(place)
  })

  plainTest('each has a case', () => {
    expect(cases.map(({code}) => code)).toEqual(deviationCodes.filter(code => linux.policyCompiler.deviations.has(code)))
  })

  plainTest('are not found in rules that have no effect, nor where a selector selects pods', () => {
    const bad = policyFrom({namespaceSelector: {matchExpressions: [{key: 'team', operator: 'NotIn', values: ['a', 'b']}]}})
    const open: NetworkPolicy = {...bad, spec: {...bad.spec, ingress: [...(bad.spec.ingress ?? []), {}]}}
    expect(findDeviations(objects(open), {compile})).toEqual([])
    const elsewhere: NetworkPolicy = {...bad, spec: {...bad.spec, policyTypes: ['Egress']}}
    expect(findDeviations(objects(elsewhere), {compile})).toEqual([])
    const positive = policyFrom({namespaceSelector: {}, podSelector: {matchExpressions: [{key: 'k', operator: 'DoesNotExist'}]}})
    expect(findDeviations(objects(positive), {compile})).toEqual([])
  })
})
