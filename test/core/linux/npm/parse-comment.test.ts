import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {
  type JumpComment,
  type NameClaim,
  nameTerms,
  parseJumpComment,
  parseRuleComment,
  type RuleComment,
  type RuleFacts,
} from '../../../../core/linux/npm/parse-comment.ts'
import {type Scheme, schemes} from '../../../../core/names/hash.ts'
import {setKernelName} from '../../../../core/names/kernel-name.ts'
import {policyKey, portName, type Term, term} from '../../../support/arbitrary-names.ts'

const KEPT = 255

describe('parseJumpComment', () => {
  test.each<{comment: string; jump: JumpComment | undefined}>([
    {
      comment: 'INGRESS-POLICY-shop/db-TO-podlabel-app:db-AND-ns-shop-IN-ns-shop',
      jump: {direction: 'Ingress', policy: 'shop/db', terms: 'podlabel-app:db-AND-ns-shop', isCut: false},
    },
    {
      comment: 'EGRESS-POLICY-shop/db-FROM-!podlabel-x-AND-ns-shop-IN-ns-shop',
      jump: {direction: 'Egress', policy: 'shop/db', terms: '!podlabel-x-AND-ns-shop', isCut: false},
    },
    {
      comment: 'INGRESS-POLICY-shop/a-in-ns-b.to-c-TO-ns-shop-IN-ns-shop',
      jump: {direction: 'Ingress', policy: 'shop/a-in-ns-b.to-c', terms: 'ns-shop', isCut: false},
    },
    {
      comment: 'EGRESS-POLICY-shop/db-FROM-podlabel-a:x-FROM-y-IN-ns-shop-z-AND-ns-shop-IN-ns-shop',
      jump: {direction: 'Egress', policy: 'shop/db', terms: 'podlabel-a:x-FROM-y-IN-ns-shop-z-AND-ns-shop', isCut: false},
    },
    {
      comment: 'INGRESS-POLICY-shop/db-TO-all-IN-ns-shop',
      jump: {direction: 'Ingress', policy: 'shop/db', terms: 'all', isCut: false},
    },
    {
      comment: 'INGRESS-POLICY-shop/db-TO-ns-shop',
      jump: {direction: 'Ingress', policy: 'shop/db', terms: 'ns-shop', isCut: false},
    },
    {
      comment: 'INGRESS-POLICY-shop/db-TO-podlabel-app:'.padEnd(KEPT, 'x'),
      jump: {direction: 'Ingress', policy: 'shop/db', terms: 'podlabel-app:'.padEnd(KEPT - 26, 'x'), isCut: true},
    },
    {comment: 'INGRESS-POLICY-shop/db', jump: undefined},
    {comment: 'INGRESS-POLICY-shop-TO-ns-shop-IN-ns-shop', jump: undefined},
    {comment: 'INGRESS-POLICY-Shop/db-TO-ns-shop-IN-ns-shop', jump: undefined},
    {comment: 'my INGRESS-POLICY-shop/db-TO-ns-shop-IN-ns-shop', jump: undefined},
    {comment: 'ALLOW-ALL', jump: undefined},
    {comment: '', jump: undefined},
  ])('$comment', ({comment, jump}) => {
    expect(parseJumpComment(comment)).toEqual(jump)
  })
})

const bare: RuleFacts = {hasNamedPort: false}
const tcp80: RuleFacts = {protocol: 'tcp', port: '80', hasNamedPort: false}
const tcp: RuleFacts = {protocol: 'tcp', hasNamedPort: false}
const named: RuleFacts = {protocol: 'tcp', hasNamedPort: true}

describe('parseRuleComment', () => {
  test.each<{comment: string; facts: RuleFacts; rule: RuleComment | undefined}>([
    {comment: 'DROP-ALL', facts: bare, rule: {terms: '', isCut: false}},
    {comment: 'ALLOW-ALL', facts: bare, rule: {terms: '', isCut: false}},
    {comment: 'ALLOW-ALL-ON-UDP', facts: {protocol: 'udp', hasNamedPort: false}, rule: {terms: '', isCut: false}},
    {comment: 'ALLOW-ALL-ON-TCP-TO-PORT-80', facts: tcp80, rule: {terms: '', isCut: false}},
    {comment: 'ALLOW-ALL-ON-TCP-TO-namedport:pg', facts: named, rule: {terms: '', namedPort: 'namedport:pg', isCut: false}},
    {
      comment: 'ALLOW-FROM-podlabel-app:web-AND-!ns-shop-ON-TCP-TO-PORT-80',
      facts: tcp80,
      rule: {terms: 'podlabel-app:web-AND-!ns-shop', isCut: false},
    },
    {
      comment: 'ALLOW-TO-podlabel-app:web-ON-TCP-TO-PORT-80:90',
      facts: {protocol: 'tcp', port: '80:90', hasNamedPort: false},
      rule: {terms: 'podlabel-app:web', isCut: false},
    },
    {
      comment: 'ALLOW-TO-podlabel-app:web-ON-SCTP-TO-namedport:sig',
      facts: {protocol: 'sctp', hasNamedPort: true},
      rule: {terms: 'podlabel-app:web', namedPort: 'namedport:sig', isCut: false},
    },
    {
      comment: 'ALLOW-TO-podlabel-a-ON-TCP-TO-namedport:x-ON-TCP-TO-namedport:pg',
      facts: named,
      rule: {terms: 'podlabel-a-ON-TCP-TO-namedport:x', namedPort: 'namedport:pg', isCut: false},
    },
    // What looks like the end of a comment belongs to the name when the rule has no such condition.
    {comment: 'ALLOW-FROM-podlabel-app:x-ON-TCP', facts: bare, rule: {terms: 'podlabel-app:x-ON-TCP', isCut: false}},
    {comment: 'ALLOW-FROM-podlabel-app:x-ON-TCP', facts: tcp, rule: {terms: 'podlabel-app:x', isCut: false}},
    {comment: 'ALLOW-FROM-podlabel-app:x-ON-TCP-ON-TCP', facts: tcp, rule: {terms: 'podlabel-app:x-ON-TCP', isCut: false}},
    {
      comment: 'ALLOW-FROM-podlabel-app:x-ON-TCP-TO-PORT-80-ON-TCP-TO-PORT-80',
      facts: tcp80,
      rule: {terms: 'podlabel-app:x-ON-TCP-TO-PORT-80', isCut: false},
    },
    {comment: 'ALLOW-FROM-ns-a-ON-TCP-TO-PORT-81', facts: tcp80, rule: {terms: 'ns-a-ON-TCP-TO-PORT-81', isCut: false}},
    {
      comment: 'ALLOW-FROM-podlabel-app:'.padEnd(KEPT, 'x'),
      facts: tcp80,
      rule: {terms: 'podlabel-app:'.padEnd(KEPT - 11, 'x'), isCut: true},
    },
    {
      comment: 'ALLOW-FROM-podlabel-app:'.padEnd(KEPT, 'x'),
      facts: named,
      rule: {terms: 'podlabel-app:'.padEnd(KEPT - 11, 'x'), isCut: true},
    },
    {comment: 'ALLOW-ALL-of-you', facts: bare, rule: undefined},
    {comment: 'ALLOW-SOME', facts: bare, rule: undefined},
    {comment: 'kubernetes service portals', facts: bare, rule: undefined},
    {comment: 'DROP-ON-INGRESS-DROP-MARK-0x400/0x400', facts: bare, rule: undefined},
    {comment: '', facts: bare, rule: undefined},
  ])('$comment of a rule with $facts', ({comment, facts, rule}) => {
    expect(parseRuleComment(comment, facts)).toEqual(rule)
  })

  test('a comment as long as the kernel keeps is taken as cut, even if its end looks whole', () => {
    const comment = `ALLOW-FROM-podlabel-app:${'x'.repeat(KEPT - 31)}-ON-TCP`
    expect(comment.length).toBe(KEPT)
    expect(parseRuleComment(comment, tcp)?.isCut).toBe(true)
    const jump = `INGRESS-POLICY-shop/db-TO-podlabel-a:${'x'.repeat(KEPT - 49)}-IN-ns-shop`
    expect(jump.length + 1).toBe(KEPT)
    expect(parseJumpComment(jump)?.isCut).toBe(false)
    expect(parseJumpComment(jump.replace('a:', 'aa:'))?.isCut).toBe(true)
  })
})

const hash = (name: string, scheme: Scheme = 'sha256') => setKernelName(name, scheme)
const fits = (scheme: Scheme) => (name: string, set: string) => setKernelName(name, scheme) === set
const wanted = (terms: readonly Term[], scheme: Scheme = 'sha256') =>
  terms.map(({name, negated}) => ({set: hash(name, scheme), negated}))
const claimed = (...names: string[]): NameClaim[] => names.map(name => ({name, fits: true}))

/** Names with an exclamation mark in front stand for negated matches. */
const sets = (...names: string[]) => wanted(names.map(name => ({name: name.replace(/^!/, ''), negated: name.startsWith('!')})))

describe('nameTerms', () => {
  test.each<{what: string; terms: string; of: ReturnType<typeof sets>; isCut?: true; claims: (NameClaim | undefined)[]}>([
    {what: 'no sets need no names', terms: '', of: [], claims: []},
    {what: 'a single name', terms: 'ns-a', of: sets('ns-a'), claims: claimed('ns-a')},
    {
      what: 'names go to the sets in their order, the mark of negation removed',
      terms: 'podlabel-a:b-AND-!ns-a',
      of: sets('podlabel-a:b', '!ns-a'),
      claims: claimed('podlabel-a:b', 'ns-a'),
    },
    {
      what: 'a value that holds the separator',
      terms: 'podlabel-a:x-AND-y-AND-ns-a',
      of: sets('podlabel-a:x-AND-y', 'ns-a'),
      claims: claimed('podlabel-a:x-AND-y', 'ns-a'),
    },
    {
      what: 'a value that begins or ends like the separator',
      terms: 'podlabel-a:x-AND-AND-podlabel-a:AND-x-AND-ns-a',
      of: sets('podlabel-a:x-AND', 'podlabel-a:AND-x', 'ns-a'),
      claims: claimed('podlabel-a:x-AND', 'podlabel-a:AND-x', 'ns-a'),
    },
    {
      what: 'a value of nothing but separators',
      terms: 'podlabel-a:AND-AND-AND-AND-ns-a',
      of: sets('podlabel-a:AND-AND-AND', 'ns-a'),
      claims: claimed('podlabel-a:AND-AND-AND', 'ns-a'),
    },
    {
      what: 'a negated match is named even if the comment forgot the mark: the hash says so',
      terms: 'ns-a',
      of: sets('!ns-a'),
      claims: claimed('ns-a'),
    },
    {
      what: 'a mark of negation that the match does not have is no part of any name',
      terms: '!ns-a',
      of: sets('ns-a'),
      claims: [{name: '!ns-a', fits: false}],
    },
    {what: 'a comment without names claims none', terms: '', of: sets('ns-a'), claims: [undefined]},
    {
      what: 'one wrong name is claimed but does not fit, the others do',
      terms: 'podlabel-a:b-AND-ns-wrong',
      of: sets('podlabel-a:b', 'ns-a'),
      claims: [
        {name: 'podlabel-a:b', fits: true},
        {name: 'ns-wrong', fits: false},
      ],
    },
    {what: 'too few names tell nothing', terms: 'ns-a', of: sets('ns-a', 'ns-b'), claims: [undefined, undefined]},
    {
      what: 'too many names tell nothing',
      terms: 'ns-a-AND-ns-b-AND-ns-c',
      of: sets('ns-a', 'ns-b'),
      claims: [undefined, undefined],
    },
    {
      what: 'of a cut comment the names that are whole are good',
      terms: 'ns-a-AND-podlabel-x-AND-y-AND-nslab',
      of: sets('ns-a', 'podlabel-x-AND-y', 'nslabel-z', 'ns-b'),
      isCut: true,
      claims: [...claimed('ns-a', 'podlabel-x-AND-y'), undefined, undefined],
    },
    {
      what: 'of a cut comment with a wrong name only those before it are good',
      terms: 'ns-a-AND-ns-wrong-AND-ns-c',
      of: sets('ns-a', 'ns-b', 'ns-c'),
      isCut: true,
      claims: [...claimed('ns-a'), undefined, undefined],
    },
  ])('$what', ({terms, of, isCut = false, claims}) => {
    expect(nameTerms(terms, of, isCut, fits('sha256'))).toEqual(claims)
  })

  test('a text that could be split in very many ways is tried only as far as hashes fit', () => {
    let tries = 0
    const terms = Array.from({length: 200}, () => 'a').join('-AND-')
    const claims = nameTerms(terms, sets('x', 'y', 'z'), false, () => {
      tries++
      return false
    })
    expect(claims).toEqual([undefined, undefined, undefined])
    expect(tries).toBeLessThan(1_000)
  })
})

interface Written {
  readonly terms: readonly Term[]
  readonly protocol?: 'tcp' | 'udp' | 'sctp'
  readonly port?: string
  readonly namedPort?: string
}

const listed = (terms: readonly Term[]): string => terms.map(({name, negated}) => (negated ? '!' : '') + name).join('-AND-')

/** The comment of a policy rule, as NPM composes it before iptables cuts it. */
function ruleComment({terms, protocol, port, namedPort}: Written): string {
  const peers = terms.length === 0 ? '-ALL' : `-FROM-${listed(terms)}`
  const onProtocol = protocol === undefined ? '' : `-ON-${protocol.toUpperCase()}`
  const toPort = namedPort === undefined ? (port === undefined ? '' : `-TO-PORT-${port}`) : `-TO-namedport:${namedPort}`
  return `ALLOW${peers}${onProtocol}${toPort}`
}

const protocol = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const)
const terms = fc.array(term, {maxLength: 5})
const written: fc.Arbitrary<Written> = fc.oneof(
  fc.record({terms}),
  fc.record({terms, protocol}),
  fc.record({terms, protocol, port: fc.oneof(fc.nat(65_535).map(String), fc.constant('80'), fc.constant('30000:32767'))}),
  fc.record({terms, protocol, namedPort: portName}),
)

/** How many terms are followed by a whole separator within what is kept; the last one needs the comment whole. */
function wholeTerms(all: readonly Term[], start: number, isWhole: boolean): number {
  if (isWhole) return all.length
  let end = start
  return all.slice(0, -1).filter(each => (end += listed([each]).length + '-AND-'.length) <= KEPT).length
}

function expectNames(
  read: {terms: string; isCut: boolean} | undefined,
  all: readonly Term[],
  whole: number,
  scheme: Scheme,
): void {
  const claims = nameTerms(read?.terms ?? '', wanted(all, scheme), read?.isCut ?? false, fits(scheme))
  expect(claims.slice(0, whole).map(claim => claim?.name)).toEqual(all.slice(0, whole).map(({name}) => name))
  for (const [index, claim] of claims.entries()) if (claim) expect(claim).toEqual({name: all[index]?.name, fits: true})
}

describe.each(schemes)('comments as NPM composes them, names under %s', scheme => {
  propertyTest.prop([written])('the comment of a rule is read back to exactly its names', rule => {
    const whole = ruleComment(rule)
    const comment = whole.slice(0, KEPT)
    const read = parseRuleComment(comment, {
      ...(rule.protocol !== undefined && {protocol: rule.protocol}),
      ...(rule.port !== undefined && {port: rule.port}),
      hasNamedPort: rule.namedPort !== undefined,
    })
    expect(read).toBeDefined()
    if (whole.length < KEPT && rule.namedPort !== undefined) expect(read?.namedPort).toBe(`namedport:${rule.namedPort}`)
    expectNames(read, rule.terms, wholeTerms(rule.terms, 'ALLOW-FROM-'.length, whole.length < KEPT), scheme)
  })

  propertyTest.prop([policyKey, fc.array(term, {minLength: 1, maxLength: 4}), fc.boolean()])(
    'the comment of a jump is read back to its policy and exactly its names',
    (policy, all, isIngress) => {
      const head = `${isIngress ? 'INGRESS' : 'EGRESS'}-POLICY-${policy}-${isIngress ? 'TO' : 'FROM'}-`
      const whole = `${head}${listed(all)}-IN-ns-${policy.slice(0, policy.indexOf('/'))}`
      const comment = whole.slice(0, KEPT)
      const read = parseJumpComment(comment)
      expect(read).toMatchObject({policy, direction: isIngress ? 'Ingress' : 'Egress'})
      expectNames(read, all, wholeTerms(all, head.length, whole.length < KEPT), scheme)
    },
  )
})
