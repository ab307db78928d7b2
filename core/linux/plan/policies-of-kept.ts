import {policyChain} from '../npm/policy-chain.ts'
import {isListType, type LinuxPart, type PartSet} from './part.ts'
import {leadsTo, type PartRule, setsOf} from './part-rule.ts'

type Chains = ReadonlyMap<string, readonly PartRule[]>

/**
 * A part in which some policies are as another part has them: their chains, the jumps to these, and the sets that these name. Of such sets
 * those of one policy alone become what they were; others stay, and come only where they are missing. All else is as it is.
 *
 * @param names the policies' chains
 * @param isOfOnePolicy whether a set, by kernel name, holds what one policy says, and no pods
 * @returns why not, where that cannot be
 */
export function withPoliciesOf(
  part: LinuxPart,
  kept: LinuxPart,
  names: readonly string[],
  isOfOnePolicy: (set: string) => boolean,
): LinuxPart | {readonly missing: string} {
  const {backend} = part
  if (kept.backend !== backend)
    return {missing: `its rules are of the ${kept.backend} back end, and those of the node of ${backend}`}
  const asked = new Set(names)
  const [now, then] = [part.tables[backend].chains, kept.tables[backend].chains]
  if (names.some(name => then.has(name))) {
    const other = unlikeChain(now, then)
    if (other !== undefined)
      return {
        missing: `its chain ${other} has other rules for all policies than the node has, as of another release of Azure NPM`,
      }
  }
  const chains = new Map(now)
  for (const [name, rules] of now) if (!asked.has(name)) chains.set(name, withJumps(rules, then.get(name) ?? [], asked))
  for (const name of names) {
    const rules = then.get(name)
    if (rules) chains.set(name, rules)
    else chains.delete(name)
  }
  const sets = new Map(part.sets)
  const isOthers = usedBesides(part, asked)
  const missing: string[] = []
  const take = (name: string): void => {
    const [old, known] = [kept.sets.get(name), sets.get(name)]
    const isOwn = isOfOnePolicy(name) && !isOthers.has(name)
    if (known && !(isOwn && old)) return
    if (!old) missing.push(name)
    else if (known !== old) {
      sets.set(name, old)
      if (isListType(old.type)) old.members.forEach(take)
    }
  }
  for (const rule of rulesOf(then, asked)) setsOf(rule).forEach(take)
  if (missing.length > 0) return {missing: `neither it nor the node has the set ${missing[0]}`}
  return {...part, sets, tables: {...part.tables, [backend]: {...part.tables[backend], chains}}}
}

/** A chain of all policies that differs in more than jumps to policies. */
function unlikeChain(now: Chains, then: Chains): string | undefined {
  const shared = (rules: readonly PartRule[] = []) => rules.filter(rule => !isOfPolicy(leadsTo(rule))).map(({text}) => text)
  return [...new Set([...now.keys(), ...then.keys()])]
    .filter(name => !isOfPolicy(name))
    .find(name => now.has(name) !== then.has(name) || shared(now.get(name)).join('\n') !== shared(then.get(name)).join('\n'))
}

const isOfPolicy = (chain: string | undefined): boolean => chain !== undefined && policyChain(chain) !== undefined

const leadsToOne = (rule: PartRule, asked: ReadonlySet<string>): boolean => {
  const chain = leadsTo(rule)
  return chain !== undefined && asked.has(chain)
}

/** The rules of a chain with the kept jumps to some chains in place of those that it has, each behind the rule behind which it stood. */
function withJumps(now: readonly PartRule[], then: readonly PartRule[], asked: ReadonlySet<string>): readonly PartRule[] {
  const rules = now.filter(rule => !leadsToOne(rule, asked))
  let at = 0
  for (const rule of then)
    if (leadsToOne(rule, asked)) rules.splice(at++, 0, rule)
    else at = Math.max(at, rules.findIndex(({text}, index) => index >= at && text === rule.text) + 1)
  return rules.length === now.length && rules.every(({text}, index) => text === now[index]?.text) ? now : rules
}

/** The rules of some policies: in their chains, and those that lead there. */
const rulesOf = (chains: Chains, asked: ReadonlySet<string>): PartRule[] =>
  [...chains].flatMap(([name, rules]) => (asked.has(name) ? rules : rules.filter(rule => leadsToOne(rule, asked))))

/** The sets that anything else names than the rules of some policies. */
function usedBesides({tables, sets, foreign}: LinuxPart, asked: ReadonlySet<string>): ReadonlySet<string> {
  const used = new Set(foreign.sets.keys())
  for (const {chains} of Object.values(tables))
    for (const [name, rules] of chains)
      if (!asked.has(name)) for (const rule of rules) if (!leadsToOne(rule, asked)) for (const set of setsOf(rule)) used.add(set)
  for (const {type, members} of sets.values() as Iterable<PartSet>)
    if (isListType(type)) for (const member of members) used.add(member)
  return used
}
