import {describe, expect, test} from 'vitest'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {directionVerdicts} from '../../../../core/linux/translate/direction-verdicts.ts'
import type {Step} from '../../../../core/linux/walk/walk.ts'
import type {Verdict} from '../../../../core/net/packet.ts'
import {shopLines} from '../../../support/shop-nodes.ts'

/** The steps of a walk that matched these rules; a name alone is the policy of a built-in chain. */
function stepsOf(...lines: string[]): Step[] {
  const rules = lines.filter(line => line.startsWith('-A'))
  const chains = new Set(rules.flatMap(rule => rule.match(/AZURE-NPM[\w-]*/g) ?? []))
  const text = ['*filter', ...[...chains, 'FORWARD'].map(chain => `:${chain} - [0:0]`), ...rules, 'COMMIT', ''].join('\n')
  const read = [...(parseIptablesSave([text]).tables.get('filter')?.chains.values() ?? [])].flatMap(chain => chain.rules)
  return lines.map(line => {
    const rule = read.find(({source}) => source === line)
    if (line.startsWith('-A') !== (rule !== undefined)) throw new Error(`not read: ${line}`)
    return {table: 'filter', chain: rule?.chain ?? line, position: rule ? 1 : 0, depth: 0, ...(rule && {rule})}
  })
}

const sides = (verdict: Verdict, ...lines: string[]) =>
  directionVerdicts(stepsOf(...lines), verdict, {
    problems: [],
    say: ({chain, source}) => ({
      text: source,
      ...(/GRESS-\w{10}$/.test(chain) && {policy: `policy of ${chain}`}),
      ...(source === jumpIn && {policy: jumpPolicy}),
    }),
  })

/** The rule of the shop that holds all of the texts. */
const ruleWith = (...texts: string[]): string => {
  const [rule, ...more] = shopLines.rules.filter(line => texts.every(text => line.includes(text)))
  if (rule === undefined || more.length > 0) throw new Error(`not one rule with ${texts.join(' and ')}`)
  return rule
}
const allowIn = ruleWith('ALLOW-FROM-podlabel-app:web')
const dropAllIn = ruleWith('-A AZURE-NPM-INGRESS-', 'DROP-ALL')
const dropIn = ruleWith('DROP-ON-INGRESS')
const allowOut = ruleWith('ALLOW-TO-podlabel-app:db')
const dropAllOut = ruleWith('-A AZURE-NPM-EGRESS-', 'DROP-ALL')
const dropOut = ruleWith('DROP-ON-EGRESS')
const jumpIn = shopLines.rules.find(line => /^-A AZURE-NPM-INGRESS -.* -j AZURE-NPM-INGRESS-\w{10} /.test(`${line} `)) ?? ''
const jumpPolicy = 'shop/jumped-to'
const policyIn = `policy of ${allowIn.split(' ')[1]}`
const policyOut = `policy of ${allowOut.split(' ')[1]}`

describe('of the rules that matched', () => {
  test('an allowing one of a policy allows its direction, and is named', () => {
    expect(sides('accept', allowIn, allowOut)).toEqual({
      ingress: {verdict: 'accept', policy: policyIn, rule: allowIn},
      egress: {verdict: 'accept', policy: policyOut, rule: allowOut},
    })
  })

  test('one that drops what is marked drops its direction, by the last policy that marked it', () => {
    expect(sides('drop', dropAllIn, dropIn)).toEqual({
      ingress: {verdict: 'drop', policy: policyIn, rule: dropAllIn},
      egress: {verdict: 'not-judged', because: 'the packet is dropped before'},
    })
    expect(sides('drop', allowIn, dropAllOut, dropOut)).toEqual({
      ingress: {verdict: 'accept', policy: policyIn, rule: allowIn},
      egress: {verdict: 'drop', policy: policyOut, rule: dropAllOut},
    })
  })

  test('an allowing one counts before a drop that another policy asked for', () => {
    expect(sides('accept', dropAllIn, allowIn).ingress).toMatchObject({verdict: 'accept', rule: allowIn})
  })

  test('one of a policy that only marks leaves its direction unknown where the walk ends', () => {
    expect(sides('unknown', dropAllIn)).toEqual({
      ingress: {verdict: 'unknown', policy: policyIn, rule: dropAllIn},
      egress: {verdict: 'not-judged', because: 'the walk does not get there'},
    })
  })

  test('none of Azure NPM judges neither direction, also where the chain of the kernel drops', () => {
    const dropped = {verdict: 'not-judged', because: 'the packet is dropped before'}
    expect(sides('drop', 'FORWARD')).toEqual({ingress: dropped, egress: dropped})
    const passed = {verdict: 'not-judged', because: "no rule leads it to Azure NPM's rules of this direction"}
    expect(sides('accept', '-A FORWARD -j AZURE-NPM')).toEqual({ingress: passed, egress: passed})
  })

  test('jumps to chains in which nothing matches say that a policy selects the pod, not that it allows', () => {
    const jumps = ['-A AZURE-NPM -j AZURE-NPM-INGRESS', jumpIn, '-A AZURE-NPM -j AZURE-NPM-EGRESS']
    expect(sides('accept', ...jumps)).toEqual({
      ingress: {
        verdict: 'not-judged',
        selecting: [jumpPolicy],
        because: `${jumpPolicy} selects the pod, but no rule there applies to the packet`,
      },
      egress: {verdict: 'not-judged', because: 'no policy on the node selects it'},
    })
    // Where the walk ends without an answer, only what it has passed is known.
    const open = {verdict: 'not-judged', because: 'the walk does not get there'}
    expect(sides('unknown', ...jumps.slice(0, 2)).ingress).toMatchObject(open)
    expect(sides('unknown', ...jumps).egress).toEqual(open)
  })

  test('packets of the node itself are judged by no policy', () => {
    const own = {verdict: 'not-judged', because: 'Azure NPM judges no packets that the node itself sends or receives'}
    expect(directionVerdicts([], 'accept', {problems: [], say: () => ({text: ''})}, 'output')).toEqual({
      ingress: own,
      egress: own,
    })
  })
})

describe('of the rules of NPM v1 that matched', () => {
  const allow = '-A AZURE-NPM-INGRESS-PORT -m set --match-set azure-npm-1 dst -j MARK --set-xmark 0x2000/0xffffffff'
  const drop = '-A AZURE-NPM-EGRESS-DROPS -m set --match-set azure-npm-1 src -j DROP'
  const base = '-A AZURE-NPM-INGRESS-PORT -m mark --mark 0x2000 -j RETURN'

  test('one of a policy allows its direction', () => {
    expect(sides('accept', allow)).toMatchObject({ingress: {verdict: 'accept', rule: allow}, egress: {verdict: 'not-judged'}})
  })

  test('one of the chain of drops drops its direction', () => {
    expect(sides('drop', allow, drop)).toEqual({
      ingress: {verdict: 'accept', rule: allow},
      egress: {verdict: 'drop', rule: drop},
    })
  })

  test('one that names no set is no policy', () => {
    expect(sides('accept', base).ingress).toMatchObject({verdict: 'not-judged'})
  })
})
