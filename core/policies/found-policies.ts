import type {TranslatedPolicy} from '../contract/translation.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {PolicyRow, PolicyRows} from './policy-rows.ts'

/** Rows by the sets that their rules on a node name, themselves or in a list: kernel names, and readable ones of ports. */
export type SetUsers = ReadonlyMap<string, ReadonlySet<PolicyRow>>

/** What a node has of policies. */
export interface FoundPolicies {
  readonly users: SetUsers
  /** Of which it has any rule. Undefined where not all rules are in the input. */
  readonly programmed: ReadonlySet<PolicyRow> | undefined
}

/**
 * Counts what a node has of each policy.
 *
 * @param isWhole   whether all rules of Azure NPM are in the input
 * @param withUsers whether it is asked which policies use a set
 */
export function countFound(
  state: NodeState,
  rows: PolicyRows,
  {isWhole, withUsers}: {readonly isWhole: boolean; readonly withUsers: boolean},
): FoundPolicies {
  const translation = state.translation()
  const inChain = new Map<string, number>()
  for (const _ of translation.policies(({chain}) => {
    inChain.set(chain, (inChain.get(chain) ?? 0) + 1)
    return false
  })) {
    // None is wanted: only who is in which chain.
  }
  const users = new Map<string, Set<PolicyRow>>()
  const programmed = new Set<PolicyRow>()
  for (const policy of translation.policies()) {
    const {direction, enforced, rules, candidates} = policy
    const names = candidates ?? (policy.policy === 'unknown' ? [] : policy.policy.split('|'))
    if (!enforced && rules.length === 0) continue
    const isOwn = names.length === 1 && !candidates && inChain.get(policy.chain) === 1
    for (const name of names) {
      const row = rows.of(name, direction)
      if (rules.length > 0) programmed.add(row)
      row.count({
        // Where a jump leads to an emptied chain, nothing of the policy is there.
        enforced: enforced && (rules.length > 0 || !isWhole),
        rules: isWhole ? rules.length : null,
        allowed: isOwn ? packetsOf(policy, 'allow') : null,
        dropped: isOwn ? packetsOf(policy, 'drop') : null,
      })
      if (withUsers) for (const set of setsOf(policy)) users.set(set, (users.get(set) ?? new Set()).add(row))
    }
  }
  if (withUsers) addPartsOfLists(state, users)
  return {users, programmed: isWhole ? programmed : undefined}
}

/** Packets that the rules of one action have counted; null where the rules have no counters, or one does something else. */
function packetsOf({rules}: TranslatedPolicy, action: 'allow' | 'drop'): number | null {
  let sum = 0
  for (const rule of rules) {
    if (rule.packets === null || rule.action === 'unknown') return null
    if (rule.action === action) sum += rule.packets
  }
  return sum
}

function* setsOf({appliesTo, rules}: TranslatedPolicy): Generator<string> {
  for (const {set} of appliesTo) yield set
  for (const {sources, destinations, port} of rules) {
    for (const {set} of sources) yield set
    for (const {set} of destinations) yield set
    if (typeof port === 'string') yield `namedport:${port}`
  }
}

/** Who names a list depends on what the sets in it hold. */
function addPartsOfLists(state: NodeState, users: Map<string, Set<PolicyRow>>): void {
  for (const {set, kind, members} of state.translation().sets()) {
    const its = kind === 'list' ? users.get(set) : undefined
    for (const part of its ? (members ?? []) : []) {
      const known = users.get(part) ?? new Set()
      for (const row of its ?? []) known.add(row)
      users.set(part, known)
    }
  }
}
