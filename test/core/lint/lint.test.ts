import {describe, expect, test} from 'vitest'
import {type Finding, lintCodes} from '../../../core/contract/lint.ts'
import {codeOfDeviation} from '../../../core/lint/codes/deviations.ts'
import {lintRules} from '../../../core/lint/codes.ts'
import {deviationCodes} from '../../../core/policy/deviations.ts'
import {unsupportedCodes} from '../../../core/policy/program.ts'
import {lintCases} from '../../support/lint/cases.ts'
import {cluster, lint, policy} from '../../support/lint/lint-yaml.ts'

const brief = (findings: readonly Finding[]): string[] => findings.map(({code, field}) => `${code} ${field}`)

describe.each(lintCases)('$code', ({code, at, has, hasNot, around, says}) => {
  const found = () => lint([policy(has)], cluster(around ?? {}))

  test(`is found at ${at}`, () => {
    expect(brief(found())).toContain(`${code} ${at}`)
    const own = found().find(finding => finding.code === code && finding.field === at)
    expect(own).toMatchObject({policy: 'shop/p', level: lintRules[code].level, platform: lintRules[code].platform})
    expect(own?.message).toContain(says ?? '')
  })

  test('is not found in the neighbour', () => {
    const codes = lint([policy(hasNot)], cluster(around ?? {})).map(finding => finding.code)
    expect(codes).not.toContain(code)
  })
})

/** These need several policies, or a release. */
const ofSeveral = ['OPEN_RULE_IGNORED', 'CHAIN_COLLISION', 'WINDOWS_ACL_ID', 'DUPLICATE_POLICY', 'NO_NAMESPACE']

describe('several policies and the cluster around them', () => {
  const all = '{podSelector: {}}'
  const codes = (findings: readonly Finding[], of: string) => findings.filter(each => each.policy === of).map(each => each.code)

  test('two policies with one hash of 32 bits have one chain, under the old names only', () => {
    const a = 'cart-dev/allow-web-to-products'
    const b = 'email/allow-products-to-cron'
    const both = [policy(all, a), policy(all, b)]
    for (const each of [a, b]) expect(codes(lint(both), each)).toContain('CHAIN_COLLISION')
    expect(codes(lint([policy(all, a)]), a)).not.toContain('CHAIN_COLLISION')
    expect(codes(lint(both, cluster({}), ['linux'], 'fnv32a'), a)).toContain('CHAIN_COLLISION')
    expect(codes(lint(both, cluster({}), ['linux'], 'sha256'), a)).not.toContain('CHAIN_COLLISION')
  })

  test('names that only the old spelling runs together have one set of blocks', () => {
    const block = '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}'
    const findings = lint([policy(block, 'c/a-in-ns-b'), policy(block, 'b-in-ns-c/a')])
    expect(codes(findings, 'c/a-in-ns-b')).toContain('SET_COLLISION')
  })

  test('a dash makes ids of Windows ambiguous', () => {
    const findings = lint([policy(all, 'a/b-c'), policy(all, 'a-b/c'), policy(all, 'a/c')])
    expect(codes(findings, 'a/b-c')).toContain('WINDOWS_ACL_ID')
    expect(codes(findings, 'a-b/c')).toContain('WINDOWS_ACL_ID')
    expect(codes(findings, 'a/c')).not.toContain('WINDOWS_ACL_ID')
  })

  test('of a policy that is given twice the last one is judged', () => {
    const bad = policy('{podSelector: {}, ingress: [{ports: [{port: 0}]}]}')
    const good = policy('{podSelector: {}, ingress: [{ports: [{port: 1}]}]}')
    expect(codes(lint([bad, good]), 'shop/p')).toContain('DUPLICATE_POLICY')
    expect(codes(lint([bad, good]), 'shop/p')).not.toContain('BAD_PORT_RANGE')
    expect(codes(lint([good, bad]), 'shop/p')).toContain('BAD_PORT_RANGE')
    expect(codes(lint([good]), 'shop/p')).not.toContain('DUPLICATE_POLICY')
  })

  test('a namespace is missing only where namespaces are known', () => {
    expect(codes(lint([policy(all)], cluster({namespaces: ['books']})), 'shop/p')).toContain('NO_NAMESPACE')
    expect(codes(lint([policy(all)], cluster({namespaces: ['shop']})), 'shop/p')).not.toContain('NO_NAMESPACE')
    expect(codes(lint([policy(all)]), 'shop/p')).not.toContain('NO_NAMESPACE')
  })

  test.each<{name: string; dns: string; around: string[]; isSilent: boolean}>([
    {name: 'for the whole namespace', dns: '{}', around: [], isSilent: false},
    {name: 'for other pods', dns: '{matchLabels: {app: web}}', around: [], isSilent: true},
    {name: 'for all pods that there are', dns: '{matchLabels: {app: web}}', around: ['shop/w 10.0.0.1 app=web'], isSilent: false},
    {
      name: 'for some of the pods',
      dns: '{matchLabels: {app: web}}',
      around: ['shop/w 10.0.0.1 app=web', 'shop/d 10.0.0.2 app=db'],
      isSilent: true,
    },
  ])('another policy that allows DNS $name counts', ({dns, around, isSilent}) => {
    const allow = `{podSelector: ${dns}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}`
    const findings = lint(
      [policy('{podSelector: {}, policyTypes: [Egress]}'), policy(allow, 'shop/dns')],
      cluster({pods: around}),
    )
    expect(codes(findings, 'shop/p').includes('NO_DNS')).toBe(isSilent)
  })

  test('a policy of the cluster counts for others and is not judged itself', () => {
    const around = cluster({})
    const dns = JSON.parse(policy('{podSelector: {}, egress: [{ports: [{port: 53, protocol: UDP}]}]}', 'shop/dns'))
    const findings = lint([policy('{podSelector: {}, policyTypes: [Egress]}')], {...around, policies: [dns]})
    expect(new Set(findings.map(each => each.policy))).toEqual(new Set(['shop/p']))
    expect(codes(findings, 'shop/p')).not.toContain('NO_DNS')
  })
})

describe('the answer as a whole', () => {
  const mixed = [
    policy('{podSelector: {}}', 'shop/fine'),
    policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "fd00::/8"}}]}]}', 'shop/one'),
    policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "fd00::/8"}}, {ipBlock: {cidr: "fd00::/9"}}]}]}', 'shop/two'),
    policy('{podSelector: {}, policyTypes: [Egress]}', 'shop/warned'),
  ]

  test('the worst policy comes first, and its worst finding first', () => {
    const findings = lint(mixed)
    expect([...new Set(findings.map(each => each.policy))]).toEqual(['shop/two', 'shop/one', 'shop/warned', 'shop/fine'])
    expect(findings.filter(each => each.policy === 'shop/warned').map(each => each.level)).toEqual(['warning', 'info', 'info'])
  })

  test.each([
    {platforms: ['linux'] as const, has: ['linux', 'all', 'cilium']},
    {platforms: ['windows'] as const, has: ['windows', 'all']},
  ])('for $platforms only what concerns them is told', ({platforms, has}) => {
    const odd = '{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: x}]}]}'
    const found = new Set(lint([policy(odd), ...mixed], cluster({}), platforms).map(each => each.platform))
    expect([...found].toSorted()).toEqual(has.toSorted())
  })

  test('what an empty rule makes void is not told, its faults included', () => {
    const findings = lint([
      policy('{podSelector: {}, ingress: [{}, {from: [{ipBlock: {cidr: "fd00::/8"}}], ports: [{port: x}]}]}'),
    ])
    expect(findings.map(each => each.code)).toEqual(['RULES_WITHOUT_EFFECT', 'COST'])
  })

  test('messages are sentences, and end as such', () => {
    for (const {has, around} of lintCases.filter(({code}) => code !== 'SET_FULL'))
      for (const {message, next} of lint([policy(has)], cluster(around ?? {}))) {
        expect(message).toMatch(/[.)]$/)
        expect(next).toMatch(/\.$/)
        expect(message).not.toMatch(/\.\.|undefined|NaN/)
      }
  })
})

/** Of policies as they are written: test/core/lint/refused.test.ts has the cases. */
const ofWrittenFiles = ['UNKNOWN_FIELD', 'DUPLICATE_FIELD', 'WRONG_TYPE', 'INVALID_FIELD', 'STRICT_BLOCK', 'UNUSUAL_BLOCK']

describe('the list of codes', () => {
  test('each code occurs in a case', () => {
    const covered = new Set([...lintCases.map(({code}) => code as string), ...ofSeveral, ...ofWrittenFiles])
    expect(lintCodes.filter(code => !covered.has(code))).toEqual([])
  })

  test('each code has what is always true of it, in the order of the contract', () => {
    expect(Object.keys(lintRules)).toEqual(lintCodes)
  })

  test('each refusal of the compiler has a code of the same name', () => {
    expect(unsupportedCodes.filter(code => !(code in lintRules))).toEqual([])
  })

  test('each deviation of the compiler has a code', () => {
    expect(deviationCodes.filter(code => !(codeOfDeviation[code] in lintRules))).toEqual([])
  })
})
