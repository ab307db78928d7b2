import {describe, expect, test} from 'vitest'
import type {ClusterObjects, NetworkPolicy, PolicyPeer, PolicyPort} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {type CompileOptions, type UnsupportedCode, unsupportedCodes} from '../../../core/policy/program.ts'

const npm: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const fnv32a: CompileOptions = {scheme: 'fnv32a', semantics: 'npm'}
const lite: CompileOptions = {...npm, isLite: true, node: 'here'}

const policy = (from: PolicyPeer[], ports: PolicyPort[] = []): NetworkPolicy => ({
  metadata: {name: 'p', namespace: 'shop'},
  spec: {podSelector: {matchLabels: {app: 'db'}}, ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/8'}}]}, {from, ports}]},
})
const named = (namespace: string, name: string): NetworkPolicy => ({metadata: {namespace, name}, spec: {podSelector: {}}})
const objects = (...policies: NetworkPolicy[]): ClusterObjects => ({pods: [], namespaces: [], nodes: [], policies})
const values = (count: number): string[] => Array.from({length: count}, (_, index) => `value-${index}`)
const block = (cidr: string, ...except: string[]): PolicyPeer => ({ipBlock: {cidr, except}})
const select = (operator: string, ...its: string[]): PolicyPeer => ({
  podSelector: {matchExpressions: [{key: 'k', operator: operator as 'In', values: its}]},
})
const manyNamespaces: PolicyPeer = {
  namespaceSelector: {
    matchExpressions: ['a', 'b', 'c', 'd', 'e'].map(key => ({key, operator: 'In' as const, values: values(10)})),
  },
}

/** Where Azure NPM gives up: before it makes sets, when it writes the rules, or not at all. */
type State = 'nothing' | 'sets' | 'rules'

const cases: readonly {
  code: UnsupportedCode
  policies: NetworkPolicy[]
  field: string
  state: State
  options?: CompileOptions
}[] = [
  {code: 'IPV6_BLOCK', policies: [policy([block('2001:db8::/32')])], field: 'from[0].ipBlock.cidr', state: 'nothing'},
  {code: 'BAD_BLOCK', policies: [policy([block('10.0.0.1/33')])], field: 'from[0].ipBlock.cidr', state: 'nothing'},
  {code: 'BAD_BLOCK', policies: [policy([block('1.2.3.4/0')])], field: 'from[0].ipBlock.cidr', state: 'nothing'},
  {code: 'BAD_BLOCK', policies: [policy([block('010.0.0.1/8')])], field: 'from[0].ipBlock.cidr', state: 'nothing'},
  {code: 'BAD_EXCEPT', policies: [policy([block('10.0.0.0/8', 'fd00::/8')])], field: 'from[0].ipBlock.except[0]', state: 'sets'},
  {code: 'BAD_EXCEPT', policies: [policy([block('0.0.0.0/0', '0.0.0.0/0')])], field: 'from[0].ipBlock.except[0]', state: 'sets'},
  {
    code: 'BAD_LABEL_VALUE',
    policies: [policy([select('NotIn', 'fine', 'has space')])],
    field: 'from[0].podSelector.matchExpressions[0].values[1]',
    state: 'nothing',
  },
  {
    code: 'BAD_SELECTOR',
    policies: [policy([select('In')])],
    field: 'from[0].podSelector.matchExpressions[0].values',
    state: 'nothing',
  },
  {
    code: 'BAD_SELECTOR',
    policies: [policy([select('Gt', '1')])],
    field: 'from[0].podSelector.matchExpressions[0].operator',
    state: 'nothing',
  },
  {code: 'BAD_PROTOCOL', policies: [policy([], [{protocol: 'ICMP'}])], field: 'ports[0].protocol', state: 'sets'},
  {code: 'BAD_PORT_RANGE', policies: [policy([], [{port: 90, endPort: 80}])], field: 'ports[0].endPort', state: 'sets'},
  {code: 'BAD_PORT_RANGE', policies: [policy([], [{port: 70000}])], field: 'ports[0].port', state: 'sets'},
  {
    code: 'TOO_MANY_RULES',
    policies: [policy([manyNamespaces])],
    field: 'from[0].namespaceSelector',
    state: 'nothing',
  },
  {code: 'COMMENT_TOO_LONG', policies: [policy([select('In', ...values(200))])], field: 'from[0]', state: 'sets'},
  {code: 'LITE_PEER', policies: [policy([{podSelector: {}}])], field: 'from[0]', state: 'nothing', options: lite},
  {code: 'LITE_NAMED_PORT', policies: [policy([], [{port: 'http'}])], field: 'ports[0].port', state: 'nothing', options: lite},
  {
    code: 'LITE_BLOCK_OPEN',
    policies: [policy([block('192.0.2.0/24')])],
    field: 'spec.ingress[0].from[0].ipBlock',
    state: 'rules',
    options: {...lite, losesLiteBlocks: true},
  },
  {
    code: 'CHAIN_COLLISION',
    policies: [named('cache-staging', 'default-deny-ingress'), named('report', 'allow-cart-to-product')],
    field: 'metadata.name',
    state: 'rules',
    options: fnv32a,
  },
  {
    // Different policies whose old names of block sets are one text.
    code: 'SET_COLLISION',
    policies: [
      {...policy([block('10.0.0.0/8')]), metadata: {namespace: 'c', name: 'a-in-ns-b'}},
      {...policy([block('10.0.0.0/8')]), metadata: {namespace: 'b-in-ns-c', name: 'a'}},
    ],
    field: 'spec.ingress[0].from[0]',
    state: 'rules',
    options: fnv32a,
  },
]

describe('refusals', () => {
  test.each(cases)('$code at $field leaves $state', ({code, policies, field, state, options = npm}) => {
    const program = compile(objects(...policies), options)
    const [first] = program.refusals
    expect(first?.code).toBe(code)
    expect(first?.field.endsWith(field)).toBe(true)
    expect({sets: program.sets.size > 0, rules: program.policies.length > 0}).toEqual({
      sets: state !== 'nothing',
      rules: state === 'rules',
    })
  })

  test('each code has a case', () => {
    // Those of Windows have theirs with its compiler.
    const ofLinux = unsupportedCodes.filter(code => !code.startsWith('WINDOWS_'))
    expect(new Set(cases.map(({code}) => code))).toEqual(new Set(ofLinux))
  })

  test('all faults of a policy are told, and the others are compiled', () => {
    const bad = policy([block('10.0.0.1/33'), select('In', 'no good')], [{protocol: 'ICMP'}])
    const program = compile(objects(bad, named('shop', 'fine')), npm)
    expect(program.refusals.map(({code}) => code)).toEqual(['BAD_BLOCK', 'BAD_LABEL_VALUE', 'BAD_PROTOCOL'])
    expect(program.policies.map(each => each.policy)).toEqual(['shop/fine'])
  })

  test('a comment of 1023 bytes is taken, one of 1024 is not', () => {
    // ALLOW-FROM-podlabel-k:VALUE-AND-… with a value of the length that is wanted; matchLabels are not checked.
    const withComment = (bytes: number): NetworkPolicy =>
      policy([{podSelector: {matchLabels: {k: 'v'.repeat(bytes - 'ALLOW-FROM-podlabel-k:-AND-ns-shop'.length)}}}])
    const codes = (bytes: number) => compile(objects(withComment(bytes)), npm).refusals.map(({code}) => code)
    expect([codes(1023), codes(1024)]).toEqual([[], ['COMMENT_TOO_LONG']])
  })

  test('a jump with the longest names is taken up to the same length', () => {
    const namespace = 'n'.repeat(63)
    const name = 'p'.repeat(253)
    const withJump = (bytes: number, filler: string): NetworkPolicy => {
      const rest = `EGRESS-POLICY-${namespace}/${name}-FROM-podlabel-k:-AND-ns-${namespace}-IN-ns-${namespace}`
      const wanted = bytes - rest.length
      const fillers = Math.floor(wanted / Buffer.byteLength(filler))
      const matchLabels = {k: filler.repeat(fillers) + 'v'.repeat(wanted - fillers * Buffer.byteLength(filler))}
      return {metadata: {namespace, name}, spec: {podSelector: {matchLabels}, policyTypes: ['Egress']}}
    }
    const codes = (bytes: number, filler: string) =>
      compile(objects(withJump(bytes, filler)), npm).refusals.map(({code, field}) => `${code} ${field}`)
    for (const filler of ['v', '€']) {
      expect(codes(1023, filler)).toEqual([])
      expect(codes(1024, filler)).toEqual(['COMMENT_TOO_LONG spec.podSelector'])
    }
  })

  test('the meaning of the API knows only those that no API server would take', () => {
    const left = cases.filter(({policies, options = npm}) => {
      const {refusals} = compile(objects(...policies), {...options, semantics: 'kubernetes'})
      return refusals.length > 0
    })
    expect([...new Set(left.map(({code}) => code))]).toEqual([
      'BAD_BLOCK',
      'BAD_SELECTOR',
      'BAD_PROTOCOL',
      'BAD_PORT_RANGE',
      'TOO_MANY_RULES',
    ])
  })
})
