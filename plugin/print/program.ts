import type {PolicyCompilation} from '../../core/compile/policy-compilation.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {PolicyRules} from '../../core/dataplane/policy-compiler.ts'
import type {ProgramSet, Unsupported} from '../../core/policy/program.ts'
import {CURRENT} from '../../core/policy/release.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {type Column, columns} from './columns.ts'
import type {Streamed} from './document.ts'
import type {Paint} from './paint.ts'

interface Row {
  readonly policy: string
  readonly direction: string
  readonly chain: string
  readonly rules: number
  readonly sets: number
  readonly state: string
}

const spec: readonly Column<Row>[] = [
  {header: 'POLICY', value: ({policy}) => policy},
  {header: 'DIRECTION', value: ({direction}) => direction},
  {header: 'CHAIN', value: ({chain}) => chain},
  {header: 'RULES', value: ({rules}) => String(rules), align: 'right'},
  {header: 'SETS', value: ({sets}) => String(sets), align: 'right'},
  {header: 'STATE', value: ({state}) => state, style: ({state}) => (state === 'compiled' ? undefined : 'yellow')},
]

/** A program as a list: one line for each policy and direction, refused policies among them. */
export function* programLines(compilation: PolicyCompilation, paint: Paint): Generator<string> {
  const {refusals, sets} = compilation.program
  const policies = compilation.policyRules()
  const rows = [...policies.flatMap(policy => policyRows(policy, refusals)), ...refusedRows(policies, refusals)]
  if (rows.length === 0) yield 'No policy asks for rules.'
  else yield* columns(rows.toSorted(byPolicy), spec, paint)
  yield ''
  const members = [...sets.values()].reduce((sum, set) => sum + set.members.length, 0)
  yield `${sets.size} sets with ${members} members.`
}

const byPolicy = (a: Row, b: Row): number => (a.policy < b.policy ? -1 : a.policy > b.policy ? 1 : 0)

function policyRows({policy, parts}: PolicyRules, refusals: readonly Unsupported[]): Row[] {
  const codes = new Set(refusals.filter(refusal => refusal.policy === policy).map(({code}) => code))
  const state = codes.size === 0 ? 'compiled' : `compiled, but ${[...codes].join(', ')}`
  return parts.map(({direction, chain = '-', rules, sets}) => ({policy, direction, chain, rules, sets, state}))
}

function refusedRows(policies: readonly PolicyRules[], refusals: readonly Unsupported[]): Row[] {
  const compiled = new Set(policies.map(({policy}) => policy))
  return refusals
    .filter(({policy}) => !compiled.has(policy))
    .map(({policy, code, field}) => ({
      policy,
      direction: '-',
      chain: '-',
      rules: 0,
      sets: 0,
      state: `refused: ${code} at ${field}`,
    }))
}

/** Unsupported parts of policies as problems, for stderr. */
export const refusalProblems = (refusals: readonly Unsupported[]): Problem[] =>
  refusals.map(({policy, code, field, reason, consequence}) => ({
    code: 'POLICY_REFUSED',
    message: `policy ${policy}, ${field}: ${reason} (${code})`,
    next: `${consequence}.`,
  }))

const setEntry = ({kernelName: set, name, names, type, ipsetType, members}: ProgramSet) => ({
  set,
  name,
  ...(names && {names}),
  type,
  ipsetType,
  members,
})

/** One by one: all of them as text beside all of them as objects would be twice the memory. */
function* entries(sets: Iterable<ProgramSet>): Generator<ReturnType<typeof setEntry>> {
  for (const set of sets) yield setEntry(set)
}

/** A program as the document of kind `Program`. */
export function programDocument(compilation: PolicyCompilation, problems: readonly Problem[]): Streamed {
  const {options, sets, refusals} = compilation.program
  const {scheme, semantics, node = null, isLite = false, isOnNeed = false, isChainFirst = false} = options
  const {generation = 'v2', release = CURRENT} = options
  return {
    apiVersion: API_VERSION,
    kind: 'Program',
    node,
    generation,
    release,
    scheme,
    semantics,
    lite: isLite,
    onNeed: isOnNeed,
    chainFirst: isChainFirst,
    ...compilation.text(),
    sets: entries(sets.values()),
    refusals,
    problems,
  }
}
