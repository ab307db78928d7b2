import {API_VERSION} from '../../core/contract/version.ts'
import {forwardRules} from '../../core/linux/compile/program-chains.ts'
import {printMatch, printTarget} from '../../core/linux/iptables/print.ts'
import {directionChains} from '../../core/linux/npm/chain-names.ts'
import type {LinuxPolicy, LinuxProgram, ProgramRule} from '../../core/linux/npm/program.ts'
import type {Direction} from '../../core/names/kernel-name.ts'
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
export function* programLines({policies, refusals, sets}: LinuxProgram, paint: Paint): Generator<string> {
  const rows = [...policies.flatMap(policy => policyRows(policy, refusals)), ...refusedRows(policies, refusals)]
  if (rows.length === 0) yield 'No policy asks for rules.'
  else yield* columns(rows.toSorted(byPolicy), spec, paint)
  yield ''
  const members = [...sets.values()].reduce((sum, set) => sum + set.members.length, 0)
  yield `${sets.size} sets with ${members} members.`
}

const byPolicy = (a: Row, b: Row): number => (a.policy < b.policy ? -1 : a.policy > b.policy ? 1 : 0)

/** What a policy has in one direction. */
interface Part {
  readonly direction: Direction
  /** Undefined in NPM v1, whose policies have none of their own. */
  readonly chain?: string
  readonly jump?: ProgramRule
  readonly rules: readonly ProgramRule[]
}

function partsOf({chains, baseRules = []}: LinuxPolicy): readonly Part[] {
  const shared = (['Ingress', 'Egress'] as const)
    .map(direction => ({
      direction,
      rules: baseRules.filter(({chain}) => chain.startsWith(directionChains[direction])),
    }))
    .filter(({rules}) => rules.length > 0)
  return [...chains, ...shared]
}

function policyRows(compiled: LinuxPolicy, refusals: readonly Unsupported[]): Row[] {
  const {policy} = compiled
  const codes = new Set(refusals.filter(refusal => refusal.policy === policy).map(({code}) => code))
  return partsOf(compiled).map(({direction, chain = '-', jump, rules}) => {
    const sets = new Set(
      [...(jump ? [jump] : []), ...rules].flatMap(({matches}) =>
        matches.flatMap(match => (match.kind === 'set' ? [match.set] : [])),
      ),
    )
    const state = codes.size === 0 ? 'compiled' : `compiled, but ${[...codes].join(', ')}`
    return {policy, direction, chain, rules: rules.length, sets: sets.size, state}
  })
}

function refusedRows(policies: readonly LinuxPolicy[], refusals: readonly Unsupported[]): Row[] {
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

const ruleText = ({chain, matches, target}: ProgramRule): string =>
  [`-A ${chain}`, ...matches.map(printMatch), printTarget(target)].join(' ')

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
export function programDocument(program: LinuxProgram, problems: readonly Problem[]): Streamed {
  const {options, sets, baseChains, policies, refusals} = program
  const {scheme, semantics, node = null, isLite = false, isOnNeed = false, isChainFirst = false} = options
  const {generation = 'v2', release = CURRENT} = options
  const [forward] = forwardRules(program)
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
    jump: forward ? ruleText(forward) : null,
    baseChains: [...baseChains].map(([chain, rules]) => ({chain, rules: rules.map(ruleText)})),
    policies: policies.map(policyEntry),
    sets: entries(sets.values()),
    refusals,
    problems,
  }
}

const policyEntry = (compiled: LinuxPolicy) => ({
  policy: compiled.policy,
  chains: partsOf(compiled).flatMap(({direction, chain, jump, rules}) =>
    chain === undefined
      ? [...new Set(rules.map(rule => rule.chain))].map(name => ({
          direction,
          chain: name,
          rules: rules.filter(rule => rule.chain === name).map(ruleText),
        }))
      : [{direction, chain, ...(jump && {jump: ruleText(jump)}), rules: rules.map(ruleText)}],
  ),
  sets: compiled.sets,
})
