import {type PreparedRule, prepareDoubtfulRule, prepareRule, type RulePreparation} from './prepared-rule.ts'
import {isPassive} from './target.ts'
import type {WalkedChain} from './walked-rules.ts'

export type {RulePreparation} from './prepared-rule.ts'

/** Rules that at most so many receivers can match are found by the receiver, not by looking at each rule. */
const FEW_RECEIVERS = 64

const NO_RULES: readonly number[] = []

/** The rules of a chain that packets of a domain can match, found by their receiver. */
export class PreparedChain {
  readonly policy: string | undefined
  private readonly rules: PreparedRule[] = []
  /** Indexes of rules that many receivers match. */
  private readonly common: number[] = []
  private readonly byReceiver = new Map<number, number[]>()
  private last: {readonly receiver: number; readonly rules: readonly PreparedRule[]} | undefined

  constructor(chain: WalkedChain, preparation: RulePreparation) {
    this.policy = chain.policy
    for (const rule of chain.rules) {
      if (isPassive(rule.target)) continue
      const prepared = prepareDoubtfulRule(rule, preparation) ?? prepareRule(rule, preparation)
      if (prepared) this.rules.push(prepared)
    }
    for (const [index, {receivers}] of this.rules.entries()) {
      if (!receivers || receivers.possible.size > FEW_RECEIVERS) this.common.push(index)
      else
        for (const receiver of receivers.possible) {
          const known = this.byReceiver.get(receiver)
          if (known) known.push(index)
          else this.byReceiver.set(receiver, [index])
        }
    }
  }

  /** @param receiver index in the domain; undefined for an address that is not in it, which may match any rule */
  rulesFor(receiver: number | undefined): readonly PreparedRule[] {
    if (receiver === undefined) return this.rules
    if (this.last?.receiver === receiver) return this.last.rules
    const own = this.byReceiver.get(receiver) ?? NO_RULES
    const rules: PreparedRule[] = []
    let next = 0
    for (const index of this.common) {
      for (; next < own.length && (own[next] as number) < index; next++)
        rules.push(this.rules[own[next] as number] as PreparedRule)
      const rule = this.rules[index] as PreparedRule
      if (!rule.receivers || rule.receivers.possible.has(receiver)) rules.push(rule)
    }
    for (; next < own.length; next++) rules.push(this.rules[own[next] as number] as PreparedRule)
    this.last = {receiver, rules}
    return rules
  }
}
