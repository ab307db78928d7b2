import {invert} from '../../differences/invert.ts'
import {ruleText} from '../compare/canonical.ts'
import {type ComparedRule, savedRule} from '../compare/compared-rule.ts'
import {applyEdits, editsOf} from '../compare/edit-script.ts'
import type {Rule} from '../iptables/model.ts'
import {FORWARD_CHAIN, SERVICES_CHAIN} from '../npm/chain-names.ts'
import type {RuleDifferences} from './rule-differences.ts'

type ScriptDifference = Extract<RuleDifferences, {kind: 'rule' | 'order'}>

/**
 * The rules of a chain with some of its differences repaired. Those that are not given stay as they are: all positions count in
 * the chain as it is on the node, so that any differences can be repaired together.
 *
 * @param found the chain as it is; empty if there is none
 */
export function repairedChain(found: readonly Rule[], differences: readonly RuleDifferences[]): Rule[] {
  const whole = differences.find(each => each.kind === 'chain')
  if (whole) return wholeChain(whole)
  const edits = differences.filter(each => each.kind !== 'chain')
  // Rules that change places leave none to count from.
  if (edits.some(({kind}) => kind === 'order'))
    return placed(
      applyEdits(found, editsOf(edits.filter(each => each.kind !== 'jump').map(each => invert(each) as ScriptDifference))),
    )
  const gone = new Set<number>()
  const inserted = new Map<number, {readonly rule: ComparedRule; readonly position: number}[]>()
  for (const each of edits) {
    if (each.kind === 'order') continue
    const {wanted, found: there} = each
    if (there) gone.add(there.position)
    if (!wanted) continue
    const behind = each.kind === 'jump' ? behindOfJump(found, each) : (each.found?.position ?? each.behind ?? 0)
    const others = inserted.get(behind)
    if (others) others.push(wanted)
    else inserted.set(behind, [wanted])
  }
  const rules: ComparedRule[] = []
  for (let position = 0; position <= found.length; position++) {
    const rule = found[position - 1]
    if (rule && !gone.has(position)) rules.push(rule)
    const here = inserted.get(position)
    if (here) rules.push(...here.toSorted((a, b) => a.position - b.position).map(each => each.rule))
  }
  return placed(rules)
}

/** Chains that a node lacks as a whole. The nodes that are repaired of different causes share them: a chain may have 50,000 rules. */
const wholeChains = new WeakMap<RuleDifferences, Rule[]>()

function wholeChain(difference: Extract<RuleDifferences, {kind: 'chain'}>): Rule[] {
  let rules = wholeChains.get(difference)
  if (!rules) wholeChains.set(difference, (rules = difference.wanted ? placed(difference.wanted) : []))
  return rules
}

/** Where the jump to Azure NPM belongs: behind the first rule that leads to kube-proxy's services, or at the start. */
function behindOfJump(forward: readonly Rule[], {found, around}: Extract<RuleDifferences, {kind: 'jump'}>): number {
  if (found && !around) return found.position
  return forward.findIndex(rule => rule.chain === FORWARD_CHAIN && ruleText(rule).includes(SERVICES_CHAIN)) + 1
}

/** Rules at their positions in a chain. */
const placed = (rules: Iterable<ComparedRule>): Rule[] =>
  Array.from(rules, (rule, index) => (rule.line ? {...(rule as Rule), position: index + 1} : savedRule(rule, index + 1)))
