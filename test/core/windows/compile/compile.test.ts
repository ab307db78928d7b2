import {describe, expect, test} from 'vitest'
import type {NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {type CompileOptions, unsupportedCodes} from '../../../../core/policy/program.ts'
import {compile} from '../../../../core/windows/compile/compile.ts'
import {hnsSet, printHns} from '../../../../core/windows/compile/print.ts'
import {hnsCluster, WINDOWS_NODE} from '../../../support/windows/hns-cluster.ts'
import {hnsFixture} from '../../../support/windows/hns-fixture.ts'

interface Settings {
  readonly Id: string
  readonly Values?: string
  readonly LocalAddresses?: string
  readonly RemoteAddresses?: string
}

const npm: CompileOptions = {scheme: 'sha256', semantics: 'npm', node: WINDOWS_NODE}

interface HnsProgram {
  readonly network: {readonly Policies: readonly {readonly Type: string; readonly Settings: Settings}[]}
  readonly endpoints: readonly {readonly pod: string; readonly Policies: readonly {readonly Settings: Settings}[]}[]
}

const printed = (policies: readonly NetworkPolicy[], options = npm): HnsProgram =>
  JSON.parse([...printHns(compile(hnsCluster(policies), options))].join('\n')) as HnsProgram

const sorted = (text: string | undefined) => text?.split(',').toSorted().join(',')
/** Members and ids of one field come in any order. */
const plain = ({LocalAddresses, RemoteAddresses, Values, ...rest}: Settings) => ({
  ...rest,
  ...(LocalAddresses !== undefined && {LocalAddresses: sorted(LocalAddresses)}),
  ...(RemoteAddresses !== undefined && {RemoteAddresses: sorted(RemoteAddresses)}),
  ...(Values !== undefined && {Values: sorted(Values)}),
})

const aclsByPod = ({endpoints}: HnsProgram): Record<string, unknown[]> =>
  Object.fromEntries(
    endpoints.flatMap(({pod, Policies}) => (Policies.length > 0 ? [[pod, Policies.map(({Settings: s}) => plain(s))]] : [])),
  )

describe('sets of pods and namespaces', () => {
  const {all, onNeed} = hnsFixture('object-sets.json') as {all: Settings[]; onNeed: Settings[]}
  const setsOf = (options: CompileOptions) =>
    [...compile(hnsCluster(), options).sets.values()].map(set => plain((hnsSet(set) as {Settings: Settings}).Settings))

  test('all of the cluster, namespace lists with the empty set, and none of named ports', () => {
    expect(setsOf(npm).toSorted((a, b) => (a.Id < b.Id ? -1 : 1))).toEqual(
      all.map(plain).toSorted((a, b) => (a.Id < b.Id ? -1 : 1)),
    )
  })

  test('with sets on need, the empty set alone', () => expect(setsOf({...npm, isOnNeed: true})).toEqual(onNeed.map(plain)))

  test('ports that containers name make no set', () => {
    const cluster = hnsCluster()
    const [pod] = cluster.pods
    const named = {...pod, spec: {...pod?.spec, containers: [{ports: [{name: 'http', containerPort: 80}]}]}} as NonNullable<
      typeof pod
    >
    const {sets} = compile({...cluster, pods: [named]}, npm)
    expect([...sets.values()].filter(({type}) => type === 'NamedPorts')).toEqual([])
  })
})

interface Case {
  readonly name: string
  readonly policies: readonly NetworkPolicy[]
  readonly sets: readonly Settings[]
  readonly endpoints: readonly {readonly pods: readonly string[]; readonly acls: readonly Settings[]}[]
}

describe('policies as Azure NPM programs them', () => {
  test.each(hnsFixture('compiled.json') as Case[])('$name', ({policies, sets, endpoints}) => {
    const program = printed(policies)
    expect(aclsByPod(program)).toEqual(
      Object.fromEntries(endpoints.flatMap(({pods, acls}) => pods.map(pod => [pod, acls.map(plain)]))),
    )
    const own = new Map(program.network.Policies.map(({Settings: s}) => [s.Id, plain(s)]))
    for (const set of sets) expect(own.get(set.Id)).toEqual(plain(set))
  })

  test('the older generation has other ids, and the same rules', () => {
    const [first] = (hnsFixture('compiled.json') as Case[]).slice(4)
    const {endpoints} = printed(first?.policies ?? [], {...npm, scheme: 'fnv32a'})
    expect(endpoints.find(({pod}) => pod === 'shop/db-1')?.Policies[0]?.Settings).toMatchObject({
      Id: 'azure-acl-shop-api-to-db',
      LocalAddresses: 'azure-npm-666762710,azure-npm-2364833533',
    })
  })

  test('lists stand behind the sets that they hold', () => {
    const {Policies} = printed([]).network
    const seen = new Set<string>()
    for (const {Settings: s} of Policies as unknown as readonly {Settings: Settings & {PolicyType: string}}[]) {
      if (s.PolicyType === 'NESTEDIPSET') for (const id of s.Values?.split(',') ?? []) expect(seen).toContain(id)
      seen.add(s.Id)
    }
  })
})

interface RefusedCase {
  readonly name: string
  readonly kind: string
  readonly policy: NetworkPolicy
  readonly acls: readonly Settings[]
}

const codes: Readonly<Record<string, string>> = {
  'named-port': 'WINDOWS_NAMED_PORT',
  sctp: 'WINDOWS_SCTP',
  'pod-selector-notin-peer': 'WINDOWS_NEGATED_PODS',
  'pod-selector-doesnotexist-target': 'WINDOWS_NEGATED_PODS',
  'except-cidr': 'WINDOWS_EXCEPT',
  'ipv6-cidr': 'IPV6_BLOCK',
  'non-canonical-slash-zero': 'BAD_BLOCK',
  'bad-label-value': 'BAD_LABEL_VALUE',
  'ns-selector-notin-ingress': 'WINDOWS_NEGATED_NAMESPACES',
  'ns-selector-notin-egress': 'WINDOWS_INVERTED_NAMESPACES',
  'ns-selector-doesnotexist-egress': 'WINDOWS_INVERTED_NAMESPACES',
  'endport-below-port': 'BAD_PORT_RANGE',
}

/** The API server fills in what these leave out before Azure NPM sees them. */
const neverServed = new Set(['empty-policy-types', 'empty-peer-list-with-ports'])

describe('policies that Windows cannot express', () => {
  test.each((hnsFixture('refused.json') as RefusedCase[]).filter(({name}) => !neverServed.has(name)))(
    '$name',
    ({name, kind, policy, acls}) => {
      const program = printed([policy])
      expect(aclsByPod(program)['shop/web-1'] ?? []).toEqual(acls.map(plain))
      const {refusals} = compile(hnsCluster([policy]), npm)
      expect(refusals.map(({code}) => code)).toEqual(codes[name] === undefined ? [] : [codes[name]])
      for (const {consequence, code} of refusals)
        if (code !== 'WINDOWS_INVERTED_NAMESPACES')
          expect(consequence).toContain(kind === 'rejected-at-translation' ? 'does not try again' : 'tries again for ever')
    },
  )

  test('each code of Windows has a case', () => {
    const ofWindows = unsupportedCodes.filter(code => code.startsWith('WINDOWS_'))
    expect(new Set(Object.values(codes).filter(code => code.startsWith('WINDOWS_')))).toEqual(new Set(ofWindows))
  })

  test('the first generation of Azure NPM has no program for Windows', () => {
    expect(() => compile(hnsCluster(), {...npm, generation: 'v1'})).toThrow('NPM v1 has no Windows nodes')
  })

  test('a block keeps its host bits', () => {
    const {policy} = (hnsFixture('refused.json') as RefusedCase[]).find(({name}) => name === 'host-bits-in-cidr') as RefusedCase
    const {Policies} = printed([policy]).network
    expect(Policies.find(({Settings: s}) => s.Id === 'azure-npm-1l4yr3d1zgw9crv081qv')?.Settings.Values).toBe('10.1.2.3/8')
  })

  test('with the semantics of the API nothing is inverted: it is refused', () => {
    const inverted = (hnsFixture('refused.json') as RefusedCase[]).filter(({kind}) => kind === 'programmed-inverted')
    expect(inverted).toHaveLength(2)
    for (const {policy} of inverted) {
      const {policies, refusals} = compile(hnsCluster([policy]), {...npm, semantics: 'kubernetes'})
      expect(policies).toEqual([])
      expect(refusals.map(({code}) => code)).toEqual(['WINDOWS_NEGATED_NAMESPACES'])
    }
  })
})

describe('NPM Lite', () => {
  test.each(hnsFixture('lite.json') as (RefusedCase & {isRefused: boolean})[])('$name', ({policy, acls, isRefused}) => {
    const options = {...npm, isLite: true}
    expect(aclsByPod(printed([policy], options))['shop/web-1'] ?? []).toEqual(acls.map(plain))
    const {refusals, sets} = compile(hnsCluster([policy]), options)
    expect(refusals.map(({code}) => code)).toEqual(isRefused ? ['LITE_PEER'] : [])
    expect([...sets.values()].filter(({type}) => type === 'CIDRBlocks')).toEqual([])
  })
})

describe('which endpoints', () => {
  const deny = (namespace: string): NetworkPolicy => ({
    metadata: {namespace, name: 'deny'},
    spec: {podSelector: {}, policyTypes: ['Ingress']},
  })

  test('pods of nodes that are known to be Linux have none', () => {
    const {node: _, ...everywhere} = npm
    expect(printed([deny('lab')], everywhere).endpoints.map(({pod}) => pod)).not.toContain('lab/job-1')
    expect(aclsByPod(printed([deny('ops')], everywhere))).toHaveProperty(['ops/mon-1'])
  })

  test('without the address of the node the program is not printed, because its rules hold it', () => {
    const cluster = {...hnsCluster([deny('shop')]), nodes: []}
    expect(() => [...printHns(compile(cluster, npm))]).toThrow('the address of node akswin000000 is not known')
  })

  test('of two directions the one that the policy names first comes first', () => {
    const policy: NetworkPolicy = {
      metadata: {namespace: 'shop', name: 'x'},
      spec: {podSelector: {matchLabels: {app: 'web'}}, policyTypes: ['Egress', 'Ingress']},
    }
    const acls = aclsByPod(printed([policy]))['shop/web-1'] as {Direction: string}[]
    expect(acls.map(({Direction}) => Direction)).toEqual(['Out', 'In', 'In'])
  })
})
