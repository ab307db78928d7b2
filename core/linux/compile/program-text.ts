import type {PolicyRules, ProgramText} from '../../dataplane/policy-compiler.ts'
import type {Direction} from '../../names/kernel-name.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import {directionChains} from '../npm/chain-names.ts'
import type {LinuxPolicy, LinuxProgram, ProgramRule} from '../npm/program.ts'
import {forwardRules} from './program-chains.ts'

/** What a policy has in one direction. */
interface Part {
  readonly direction: Direction
  /** Undefined in NPM v1, whose policies have no chain of their own. */
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

/** How many rules each policy has in each direction, and how many sets these and the jump to them name. */
export const rulesOfPolicies = ({policies}: LinuxProgram): PolicyRules[] =>
  policies.map(compiled => ({
    policy: compiled.policy,
    parts: partsOf(compiled).map(({direction, chain, jump, rules}) => {
      const all = [...(jump ? [jump] : []), ...rules]
      const sets = new Set(all.flatMap(({matches}) => matches.flatMap(match => (match.kind === 'set' ? [match.set] : []))))
      return {direction, ...(chain !== undefined && {chain}), rules: rules.length, sets: sets.size}
    }),
  }))

/** The rules of a program as iptables prints them. */
export function programText(program: LinuxProgram): ProgramText {
  const [forward] = forwardRules(program)
  return {
    jump: forward ? ruleText(forward) : null,
    baseChains: [...program.baseChains].map(([chain, rules]) => ({chain, rules: rules.map(ruleText)})),
    policies: program.policies.map(policyText),
  }
}

const ruleText = ({chain, matches, target}: ProgramRule): string =>
  [`-A ${chain}`, ...matches.map(printMatch), printTarget(target)].join(' ')

const policyText = (compiled: LinuxPolicy): ProgramText['policies'][number] => ({
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
  sets: [...compiled.sets],
})
