import type {RuleConditions, SetCondition, SimulatedSet} from '../../packets/rule-conditions.ts'
import type {ComparedRule} from '../compare/compared-rule.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {policyChain} from '../npm/policy-chain.ts'
import type {Entries} from '../walk/copy-on-write-map.ts'

/** The conditions of a rule, as every data plane has them. */
export function ruleConditions({chain, matches}: ComparedRule): RuleConditions {
  const sets = matches.filter(match => match.kind === 'set').map(setCondition)
  return {
    sets,
    blocks: matches.flatMap(match => (match.kind === 'address' ? [match.block] : [])),
    ports: matches.flatMap(portConditions),
    isOfPolicy: sets.length > 0 || policyChain(chain) !== undefined,
  }
}

const setCondition = ({set, sides, negated}: Extract<Match, {kind: 'set'}>): SetCondition => ({
  set,
  side: sides.startsWith('src') ? 'src' : 'dst',
  negated,
  hasPort: sides.includes(','),
})

function portConditions(match: Match): RuleConditions['ports'] {
  if (match.kind === 'protocol') return [{protocol: match.protocol}]
  if (match.kind !== 'ports' || !match.destination) return []
  const {from, to} = match.destination
  return [{protocol: match.protocol, range: {from, to}}]
}

/** The first jump to each policy chain. */
export class Jumps {
  private readonly chains: Entries<readonly Rule[]>
  private found: Map<string, Rule> | undefined

  constructor(chains: Entries<readonly Rule[]>) {
    this.chains = chains
  }

  to(chain: string): Rule | undefined {
    this.found ??= this.find()
    return this.found.get(chain)
  }

  private find(): Map<string, Rule> {
    const jumps = new Map<string, Rule>()
    for (const [, rules] of this.chains.entries())
      for (const rule of rules)
        if (rule.target?.kind === 'jump' && policyChain(rule.target.chain) && !jumps.has(rule.target.chain))
          jumps.set(rule.target.chain, rule)
    return jumps
  }
}

/** The lists that contain each set. */
export class Lists {
  private readonly sets: Entries<SimulatedSet>
  private found: Map<string, string[]> | undefined

  constructor(sets: Entries<SimulatedSet>) {
    this.sets = sets
  }

  of(set: string): readonly string[] {
    this.found ??= this.find()
    return this.found.get(set) ?? []
  }

  private find(): Map<string, string[]> {
    const lists = new Map<string, string[]>()
    for (const [list, {type, members}] of this.sets.entries())
      if (type === 'list:set')
        for (const member of members) {
          const known = lists.get(member)
          if (known) known.push(list)
          else lists.set(member, [list])
        }
    return lists
  }
}
