import type {NodeCounters} from '../../dataplane/rule-counters.ts'
import type {SaveIndex} from '../iptables/save-model.ts'
import {npmRuleLines} from '../npm/rule-lines.ts'
import {chainOf, readRuleCounters, targetOf} from './read-counters.ts'

/** What the rules of a save, if there is one, had counted. No rule is parsed. */
export function countersOfSave(save: SaveIndex | undefined): NodeCounters {
  const lines = save ? npmRuleLines(save) : []
  const counters = readRuleCounters([lines.map(({text}) => text).join('\n')])
  const numbers = new Map(lines.map(({line}, number) => [line, number]))
  const jumps = new PolicyJumps(counters.structure.rules)
  return {
    counters,
    numberOf: where => ('line' in where && where.line !== undefined ? numbers.get(where.line) : undefined),
    jumpTo: (chain, policy) => jumps.find(chain, policy),
  }
}

/** Numbers of the rules that send packets to policies' chains. */
class PolicyJumps {
  private readonly rules: readonly string[]
  private readonly byChain = new Map<string, number[]>()

  constructor(rules: readonly string[]) {
    this.rules = rules
    for (const [number, rule] of rules.entries()) {
      const target = targetOf(rule)
      // A policy's chain has the name of the direction's chain, and its own behind it.
      if (!target.startsWith(`${chainOf(rule)}-`)) continue
      const known = this.byChain.get(target)
      if (known) known.push(number)
      else this.byChain.set(target, [number])
    }
  }

  /** The first one to the chain. Where policies collide in a chain, the one whose comment names the policy. */
  find(chain: string, policy: string): number | null {
    const found = this.byChain.get(chain) ?? []
    const named = found.find(number => (this.rules[number] ?? '').includes(`-POLICY-${policy}-`))
    return named ?? found[0] ?? null
  }
}
