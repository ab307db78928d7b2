import type {PolicyRules, ProgramText} from '../../dataplane/policy-compiler.ts'
import type {Direction} from '../../names/kernel-name.ts'
import type {RuleList} from '../../policy/rule-list.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import {directionChains} from '../npm/chain-names.ts'
import type {LinuxPolicy, LinuxProgram, ProgramRule} from '../npm/program.ts'
import {forwardRules} from './program-chains.ts'

/** The rules of one policy in one direction. */
interface Part {
  readonly direction: Direction
  /** Undefined in NPM v1, where a policy has no chain of its own. */
  readonly chain?: string
  readonly jump?: ProgramRule
  readonly rules: RuleList<ProgramRule>
}

function partsOf({chains, baseRules}: LinuxPolicy): readonly Part[] {
  if (!baseRules) return chains
  const all = [...baseRules]
  const shared = (['Ingress', 'Egress'] as const)
    .map(direction => ({
      direction,
      rules: all.filter(({chain}) => chain.startsWith(directionChains[direction])),
    }))
    .filter(({rules}) => rules.length > 0)
  return [...chains, ...shared]
}

/** Counts the rules of each policy in each direction, and the sets that these rules and the jump to them name. */
export const rulesOfPolicies = ({policies}: LinuxProgram): PolicyRules[] =>
  policies.map(compiled => ({
    policy: compiled.policy,
    parts: partsOf(compiled).map(({direction, chain, jump, rules}) => {
      const sets = new Set<string>()
      const note = ({matches}: ProgramRule): void => {
        for (const match of matches) if (match.kind === 'set') sets.add(match.set)
      }
      if (jump) note(jump)
      for (const rule of rules) note(rule)
      return {direction, ...(chain !== undefined && {chain}), rules: rules.length, sets: sets.size}
    }),
  }))

/** Prints the rules of a program as iptables-save does. `jump` is null if the program has no chains. */
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
      ? [...new Set(Array.from(rules, rule => rule.chain))].map(name => ({
          direction,
          chain: name,
          rules: [...rules].filter(rule => rule.chain === name).map(ruleText),
        }))
      : [{direction, chain, ...(jump && {jump: ruleText(jump)}), rules: Array.from(rules, ruleText)}],
  ),
  sets: [...compiled.sets],
})
