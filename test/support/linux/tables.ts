import {fc} from '@fast-check/vitest'
import type {LinuxTables} from '../../../core/linux/compare/apply-difference.ts'
import {maxelemOf} from '../../../core/linux/compare/compare-program.ts'
import {compareRules} from '../../../core/linux/compare/compare-rules.ts'
import {type ComparedRule, isFree, type LinuxDifference} from '../../../core/linux/compare/compared-rule.ts'
import {forwardRules, programChains} from '../../../core/linux/compile/program-chains.ts'
import {policyChain} from '../../../core/linux/npm/policy-chain.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import {compareSets} from '../../../core/sets/compare-sets.ts'
import {canonicalEntry, canonicalMember, parseMember} from '../../../core/sets/member.ts'
import type {NodeSet} from '../../../core/sets/node-set.ts'
import type {SetState} from '../../../core/sets/set-difference.ts'

/** The sets and chains of a program, FORWARD among them. */
export function tablesOf(program: LinuxProgram): LinuxTables {
  const sets = new Map(
    [...program.sets].map(([name, set]): [string, SetState] => {
      const maxelem = maxelemOf(set)
      return [name, {type: set.ipsetType, ...(maxelem !== undefined && {maxelem}), members: set.members}]
    }),
  )
  return {sets, chains: new Map([['FORWARD', forwardRules(program)], ...programChains(program)])}
}

/** All differences of two sides. */
export function compareTables(wanted: LinuxTables, found: LinuxTables): LinuxDifference[] {
  const asked = new Map(
    [...wanted.sets].map(([name, set]) => [name, {...set, name, kernelName: name, ipsetType: set.type}] as const),
  )
  const nodeSets = new Map([...found.sets].map(([name, set]): [string, NodeSet] => [name, nodeSet(name, set)]))
  const sets = compareSets(
    asked,
    {sets: nodeSets, hasMembers: true},
    {maxelemOf: ({maxelem}) => maxelem, ownerOf: () => undefined, isUsed: () => true, nameOf: name => name},
  )
  const chains = new Map([...wanted.chains].filter(([name]) => name !== 'FORWARD'))
  const rules = compareRules(
    {chains, notCompared: new Set(), forward: [...(wanted.chains.get('FORWARD') ?? [])], isJumpLoose: true},
    {
      names: [...found.chains.keys()].filter(name => name !== 'FORWARD'),
      has: chain => found.chains.has(chain),
      rules: chain => [...(found.chains.get(chain) ?? [])],
      isEmpty: chain => (found.chains.get(chain) ?? []).length === 0,
      isComplete: true,
    },
  )
  return [...sets.differences, ...rules.differences]
}

const nodeSet = (name: string, {type, maxelem, members}: SetState): NodeSet => ({
  name,
  type,
  line: 1,
  header: new Map(maxelem === undefined ? [] : [['maxelem', maxelem]]),
  members: members.map((text, index) => {
    const {entry, isException} = parseMember(text)
    return {entry, nomatch: isException, line: index + 1}
  }),
})

/** The same sets and chains in a form in which equal ones are equal: an empty chain is none, and free rules have no order. */
export function normalTables({sets, chains}: LinuxTables): unknown {
  return {
    sets: Object.fromEntries(
      [...sets]
        .map(([name, set]) => [name, {...set, members: set.members.map(canonicalMember).toSorted()}] as const)
        .toSorted(byKey),
    ),
    chains: Object.fromEntries(
      [...chains]
        .filter(([, rules]) => rules.length > 0)
        .map(([name, rules]) => [name, normalRules(rules)] as const)
        .toSorted(byKey),
    ),
  }
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** Free rules sorted between those that have their place. */
function normalRules(rules: Iterable<ComparedRule>): string[] {
  const normal: string[] = []
  let free: string[] = []
  for (const rule of rules) {
    const text = JSON.stringify([rule.matches, rule.target])
    if (isFree(rule)) free.push(text)
    else {
      normal.push(...free.toSorted(), text)
      free = []
    }
  }
  return [...normal, ...free.toSorted()]
}

type Damage = (tables: LinuxTables) => LinuxTables

const place = fc.double({min: 0, max: 0.999, noNaN: true})
const pick = <Item>(items: readonly Item[], at: number): Item | undefined => items[Math.floor(at * items.length)]

const onSet = (change: (set: SetState, at: number, name: string) => SetState | undefined): fc.Arbitrary<Damage> =>
  fc.tuple(place, place).map(([which, at]) => tables => {
    const name = pick([...tables.sets.keys()], which)
    const set = tables.sets.get(name ?? '')
    if (name === undefined || !set) return tables
    const sets = new Map(tables.sets)
    const changed = change(set, at, name)
    if (changed) sets.set(name, changed)
    else sets.delete(name)
    return {...tables, sets}
  })

const onChain = (
  change: (rules: readonly ComparedRule[], at: number, chain: string) => readonly ComparedRule[] | undefined,
): fc.Arbitrary<Damage> =>
  fc.tuple(place, place).map(([which, at]) => tables => {
    const chain = pick([...tables.chains.keys()], which)
    const rules = tables.chains.get(chain ?? '')
    if (chain === undefined || !rules) return tables
    const changed = change([...rules], at, chain)
    const chains = new Map(tables.chains)
    if (changed) chains.set(chain, changed)
    else if (chain !== 'FORWARD') chains.delete(chain)
    return {...tables, chains}
  })

const index = (rules: readonly unknown[], at: number): number => Math.floor(at * rules.length)

const stranger = (chain: string, block: string): ComparedRule => ({
  chain,
  matches: [{kind: 'address', side: 'src', block, negated: false}],
  target: {kind: 'verdict', verdict: 'ACCEPT'},
})

function withComment(rule: ComparedRule): ComparedRule {
  const matches = rule.matches.map(match => (match.kind === 'comment' ? {...match, text: `${match.text}-AND-more`} : match))
  return {...rule, matches}
}

function swapped(rules: readonly ComparedRule[], at: number, other: number): readonly ComparedRule[] {
  const [a, b] = [rules[at], rules[other]]
  return a && b ? rules.with(at, b).with(other, a) : rules
}

const oneDamage: fc.Arbitrary<Damage> = fc.oneof(
  onSet((set, at) => ({...set, members: set.members.filter((_, each) => each !== index(set.members, at))})),
  onSet((set, at) =>
    set.type === 'hash:net' && !set.members.some(text => canonicalEntry(parseMember(text).entry) === '10.9.0.0/16')
      ? {...set, members: [...set.members, at < 0.5 ? '10.9.0.0/16' : '10.9.0.0/16 nomatch']}
      : set,
  ),
  onSet((set, at) => ({
    ...set,
    members: set.members.map((text, each) =>
      each === index(set.members, at) && set.type === 'hash:net'
        ? `${parseMember(text).entry}${parseMember(text).isException ? '' : ' nomatch'}`
        : text,
    ),
  })),
  onSet(() => undefined),
  onSet(set => (set.type === 'hash:net' ? {...set, type: 'hash:ip', members: []} : set)),
  onSet(set => (set.maxelem === undefined ? set : {...set, maxelem: '17'})),
  onChain((rules, at) => rules.toSpliced(index(rules, at), 1)),
  onChain((rules, at, chain) =>
    chain === 'FORWARD' || !rules[0] ? rules : rules.toSpliced(index(rules, at), 0, rules[index(rules, at)] as ComparedRule),
  ),
  // Between jumps to policies a stranger's place depends on their order, which is free.
  onChain((rules, at, chain) =>
    chain === 'FORWARD'
      ? rules
      : rules.toSpliced(
          policyChain(chain) ? index(rules, at) : at < 0.5 ? 0 : rules.length,
          0,
          stranger(chain, at < 0.5 ? '10.9.0.1/32' : '10.9.0.2/32'),
        ),
  ),
  onChain((rules, at) => swapped(rules, index(rules, at), 0)),
  onChain((rules, at) => swapped(rules, index(rules, at), index(rules, at) + 1)),
  onChain((rules, at) => rules.map((rule, each) => (each === index(rules, at) ? withComment(rule) : rule))),
  onChain(() => undefined),
  onChain(() => []),
)

/** Sets and rules changed as nobody should. */
export const damage: fc.Arbitrary<Damage> = fc
  .array(oneDamage, {maxLength: 6})
  .map(each => tables => each.reduce((changed, one) => one(changed), tables))
