import type {PolicyCompilation} from '../../core/compile/policy-compilation.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {PolicyRules, RestoreFormat} from '../../core/dataplane/policy-compiler.ts'
import type {ProgramSet, Unsupported} from '../../core/policy/program.ts'
import {CURRENT} from '../../core/policy/release.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {type Column, columns} from './columns.ts'
import type {Streamed} from './document.ts'
import type {Paint} from './paint.ts'
import type {SortRows} from './sort-rows.ts'

interface Row {
  readonly policy: string
  readonly direction: string
  readonly chain: string
  readonly rules: number
  readonly sets: number
  readonly state: string
}

/** All columns of the list. */
export const programColumns: readonly Column<Row>[] = [
  {header: 'POLICY', value: ({policy}) => policy},
  {header: 'DIRECTION', value: ({direction}) => direction},
  {header: 'CHAIN', value: ({chain}) => chain},
  {header: 'RULES', value: ({rules}) => String(rules), align: 'right'},
  {header: 'SETS', value: ({sets}) => String(sets), align: 'right'},
  {header: 'STATE', value: ({state}) => state, style: ({state}) => (state === 'compiled' ? undefined : 'yellow')},
]

interface ProgramLook {
  readonly sort: SortRows<Row>
  readonly hasHeaders: boolean
}

/** A program as a list: one line for each policy and direction, refused policies among them. */
function* programLines(compilation: PolicyCompilation, paint: Paint, {sort, hasHeaders}: ProgramLook): Generator<string> {
  const {refusals, sets} = compilation.program
  const policies = compilation.policyRules()
  const rows = [...policies.flatMap(policy => policyRows(policy, refusals)), ...refusedRows(policies, refusals)]
  if (rows.length === 0) yield 'No policy asks for rules.'
  else yield* columns(sort(rows.toSorted(byPolicy)), programColumns, paint, hasHeaders)
  yield ''
  const members = [...sets.values()].reduce((sum, set) => sum + set.members.length, 0)
  yield `${sets.size} sets with ${members} members.`
}

/** The programs of nodes. What is the same on several of them stands there once; behind several is what they come to. */
export function* programListLines(
  compilations: readonly PolicyCompilation[],
  paint: Paint,
  look: ProgramLook,
): Generator<string> {
  const alike = new Map<string, string[]>()
  for (const each of compilations) {
    const text = [...programLines(each, paint, look)].join('\n')
    alike.set(text, [...(alike.get(text) ?? []), each.options.node ?? ''])
  }
  for (const [text, nodes] of alike) {
    if (compilations.length > 1) yield paint(`node${nodes.length === 1 ? '' : 's'} ${nodes.join(', ')}`, 'bold')
    yield* text.split('\n')
    if (compilations.length > 1) yield ''
  }
  if (compilations.length === 1) return
  const rules = compilations.map(each =>
    each.policyRules().reduce((sum, {parts}) => sum + parts.reduce((all, part) => all + part.rules, 0), 0),
  )
  const [least, most] = [Math.min(...rules), Math.max(...rules)]
  const count = least === most ? `${least} rules on each` : `${least} to ${most} rules`
  yield paint(`${compilations.length} nodes: ${count}`, 'bold')
}

/** The policies that ask for rules and get them, as kubectl names objects. */
export const compiledNames = (compilation: PolicyCompilation): string[] =>
  compilation.policyRules().map(({policy}) => `networkpolicy.networking.k8s.io/${policy}`)

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

/** Formats whose tools pass over a line of comment. */
const COMMENTED: ReadonlySet<RestoreFormat> = new Set(['ipset', 'iptables'])

/** The lines for each node, below each other; those of several under the names of their nodes. */
export function* restoreLines(compiled: readonly PolicyCompilation[], format: RestoreFormat): Generator<string> {
  for (const each of compiled) {
    const {node = ''} = each.options
    if (compiled.length > 1 && COMMENTED.has(format)) yield `# node ${escapeControls(node)}`
    yield* each.restoreLines(format)
  }
}
