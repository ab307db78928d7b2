import type {ToldStep} from '../../dataplane/plan.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import type {RuleLine} from './line.ts'
import {ruleLineOf} from './parsed-line.ts'
import {type Backend, chainKey, isOwnSet, type LinuxPart} from './part.ts'
import type {PartRule} from './part-rule.ts'

/**
 * What `iptables-restore --noflush` does with the lines of one file for table filter: all of them or none. Source: iptables-restore(8),
 * measured on a real kernel.
 *
 * @throws RangeError where the tool would fail
 */
export function tellIptables(part: LinuxPart, backend: Backend, operations: ToldStep['operations']): LinuxPart {
  const table = part.tables[backend]
  const tool = new RuleTool(new Map(table.chains).set(FORWARD_CHAIN, table.forward))
  for (const operation of operations) {
    const line = ruleLineOf(operation)
    if (!line) throw new RangeError(`iptables-restore does not know the line ${operation.line}`)
    tool.tell(line, name => part.foreign.chains.get(chainKey(backend, name)))
  }
  const {chains} = tool
  for (const rule of tool.written) {
    const {chain, sets} = rule.named
    if (chain !== undefined && !chains.has(chain)) throw new RangeError(`there is no chain ${chain}`)
    for (const set of sets) if (isOwnSet(set) && !part.sets.has(set)) throw new RangeError(`there is no set ${set}`)
  }
  const forward = chains.get(FORWARD_CHAIN) ?? []
  chains.delete(FORWARD_CHAIN)
  return {...part, tables: {...part.tables, [backend]: {chains, forward}}}
}

class RuleTool {
  readonly chains: Map<string, readonly PartRule[]>
  /** Rules that lines have put in. */
  readonly written: PartRule[] = []
  private readonly open = new Map<string, PartRule[]>()

  constructor(chains: Map<string, readonly PartRule[]>) {
    this.chains = chains
  }

  tell(line: RuleLine, foreignUser: (chain: string) => string | undefined): void {
    const {chain} = line
    if (line.does === 'declare') {
      this.chains.set(chain, [])
      this.open.delete(chain)
      return
    }
    if (line.does === 'remove') {
      if ((this.chains.get(chain) ?? [0]).length > 0) throw new RangeError(`chain ${chain} does not exist or is not empty`)
      const user = foreignUser(chain) ?? this.leaderTo(chain)
      if (user !== undefined) throw new RangeError(`chain ${chain} is in use by ${user}`)
      this.chains.delete(chain)
      this.open.delete(chain)
      return
    }
    const rules = this.opened(chain)
    switch (line.does) {
      case 'flush':
        rules.length = 0
        return
      case 'append':
        rules.push(this.put(line.rule))
        return
      case 'insert':
        if (line.position > rules.length + 1) throw new RangeError(`chain ${chain} has no place ${line.position}`)
        rules.splice(line.position - 1, 0, this.put(line.rule))
        return
      case 'replace':
      case 'delete':
        if (line.position > rules.length) throw new RangeError(`chain ${chain} has no rule ${line.position}`)
        rules.splice(line.position - 1, 1, ...(line.does === 'replace' ? [this.put(line.rule)] : []))
        return
      case 'deleteRule': {
        const at = rules.findIndex(({text}) => text === line.rule.text)
        if (at < 0) throw new RangeError(`chain ${chain} has no rule ${line.rule.text}`)
        rules.splice(at, 1)
        return
      }
    }
  }

  private put(rule: PartRule): PartRule {
    this.written.push(rule)
    return rule
  }

  private opened(chain: string): PartRule[] {
    let rules = this.open.get(chain)
    if (!rules) {
      const found = this.chains.get(chain)
      if (!found) throw new RangeError(`there is no chain ${chain}`)
      rules = [...found]
      this.open.set(chain, rules)
      this.chains.set(chain, rules)
    }
    return rules
  }

  private leaderTo(chain: string): string | undefined {
    for (const [name, rules] of this.chains)
      if ((name === FORWARD_CHAIN || isNpmChain(name)) && rules.some(({named}) => named.chain === chain))
        return `a rule of chain ${name}`
    return undefined
  }
}
