import type {JumpDifference} from '../../dataplane/difference.ts'
import {sumSetDifferences} from '../../sets/sum-set-differences.ts'
import {grouped, isEdit} from './apply-difference.ts'
import {compareChain} from './compare-rules.ts'
import type {ComparedRule, LinuxDifference} from './compared-rule.ts'
import {applyEdits, composeEdits, differencesOf, editsOf} from './edit-script.ts'

/**
 * Adds two comparisons. From the differences between a first and a second side, and those between the second and a third, it
 * computes the differences between the first and the third. The sum of differences and their inverses is empty.
 *
 * Jumps to policies may have any order. If their order differs between the sides and a rule added by hand is between them,
 * that rule is placed among the jumps in the order of the first side.
 *
 * @param first all differences between the first and the second side
 * @param second all differences between the second and the third side
 */
export function sumDifferences(first: readonly LinuxDifference[], second: readonly LinuxDifference[]): LinuxDifference[] {
  const [before, after] = [grouped(first), grouped(second)]
  const sets = new Set([...before.bySet.keys(), ...after.bySet.keys()])
  const chains = new Set([...before.byChain.keys(), ...after.byChain.keys()])
  return [
    ...[...sets].flatMap(name => sumSetDifferences(before.bySet.get(name) ?? [], after.bySet.get(name) ?? [])),
    ...[...chains].flatMap(name => sumOfChain(name, before.byChain.get(name) ?? [], after.byChain.get(name) ?? [])),
  ]
}

type OfChain = ReturnType<typeof grouped>['byChain'] extends Map<string, infer Differences> ? Differences : never

function sumOfChain(chain: string, first: OfChain, second: OfChain): LinuxDifference[] {
  const [before, after] = [first.find(each => each.kind === 'chain'), second.find(each => each.kind === 'chain')]
  const [edits, moreEdits] = [editsOf(first.filter(isEdit)), editsOf(second.filter(isEdit))]
  if (before || after) {
    const wanted = before ? before.wanted : applyEdits([...(after?.wanted ?? [])], edits.map(turned))
    const found = after ? after.found : applyEdits([...(before?.found ?? [])], moreEdits)
    if (wanted && found) return compareChain(chain, wanted, found)
    return wanted || found
      ? [{kind: 'chain', chain, ...policyIn([...first, ...second]), ...(wanted && {wanted}), ...(found && {found})}]
      : []
  }
  const sum = composeEdits(edits, moreEdits)
  if (![...first, ...second].some(({kind}) => kind === 'jump'))
    return differencesOf(chain, sum, policyIn([...first, ...second]).policy)
  return sum.map((edit): JumpDifference<ComparedRule> => ({kind: 'jump', chain, ...edit}))
}

const turned = ({wanted, found, ...rest}: ReturnType<typeof editsOf>[number]) => ({
  ...rest,
  ...(found && {wanted: found}),
  ...(wanted && {found: wanted}),
})

/** The policy of a chain, if exactly one occurs in its differences. */
function policyIn(differences: OfChain): {policy?: string} {
  const policies = new Set(differences.flatMap(each => ('policy' in each && each.policy !== undefined ? [each.policy] : [])))
  const [policy] = policies
  return policies.size === 1 && policy !== undefined ? {policy} : {}
}
