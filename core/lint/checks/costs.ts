import {setTypeFacts} from '../../names/set-name.ts'
import {npmPolicyOf} from '../../policy/npm-policy.ts'
import type {ProgramSet} from '../../policy/program.ts'
import type {Check} from '../check.ts'
import type {Remark} from '../findings.ts'
import type {PolicyView} from '../policy-view.ts'

const MOST_RULES = 2000
const MOST_RULES_OF_ONE = 100

/** The rules and members that a policy adds on each node, and what exceeds a limit. */
export const checkCosts: Check = function* (view, context) {
  const compiled = context.compiled.get(view.policy)
  // A refused policy has no rules, so its cost is negligible.
  const rules = compiled ? context.compiler.countRules(compiled) : 0
  if (!compiled || rules === 0) return
  const sets = compiled.sets.flatMap(name => context.program.sets.get(name) ?? [])
  yield {code: 'COST', field: 'spec', what: costText(rules, sets, context.clusterView.knowsPods)}
  if (rules > MOST_RULES) yield {code: 'MANY_RULES', field: 'spec', what: `the policy makes ${count(rules, 'rule')}`}
  yield* multiplied(view)
  for (const {name, type, members} of sets)
    if (setTypeFacts[type as keyof typeof setTypeFacts].kind === 'hash' && members.length > context.compiler.mostMembers(type))
      yield {code: 'SET_FULL', field: 'spec', what: `set ${name} would have ${count(members.length, 'member')}`}
}

const grouped = new Intl.NumberFormat('en-US')
const count = (number: number, noun: string): string => `${grouped.format(number)} ${noun}${number === 1 ? '' : 's'}`

function costText(rules: number, sets: readonly ProgramSet[], knowsPods: boolean): string {
  const members = sets.reduce((sum, set) => sum + set.members.length, 0)
  const own = sets.filter(({type}) => type === 'CIDRBlocks' || type === 'NestedLabelOfPod').length
  return `${count(rules, 'rule')}, which use ${count(sets.length, 'set')} (${own} of its own)${knowsPods ? ` with ${count(members, 'member')}` : ''}`
}

/** Rules of the policy that become many rules on the node, because peers, values and ports multiply. */
function* multiplied({object}: PolicyView): Generator<Remark> {
  const counts = new Map<string, number>()
  for (const {blocks} of npmPolicyOf(object, {scheme: 'sha256', semantics: 'npm'}).chains)
    for (const {peers, ports} of blocks)
      for (const {field} of peers) {
        const rule = /^spec\.\w+\[\d+\]/.exec(field)?.[0]
        if (rule !== undefined) counts.set(rule, (counts.get(rule) ?? 0) + ports.length)
      }
  for (const [field, number] of counts)
    if (number > MOST_RULES_OF_ONE) yield {code: 'RULES_MULTIPLY', field, what: `this one rule becomes ${count(number, 'rule')}`}
}
