import {ruleText} from '../compare/canonical.ts'
import type {Match, Rule, Target} from '../iptables/model.ts'
import {parseRuleBody} from '../iptables/parse-rule.ts'
import {printRule} from '../iptables/print.ts'
import {isNpmChain, NPM_CHAIN} from '../npm/chain-names.ts'
import {keptComment} from '../npm/print-comment.ts'
import {type NamedByRule, usualRule} from './usual-rule.ts'

/** Packets and bytes that a rule has counted. */
export interface Counters {
  readonly packets: number
  readonly bytes: number
}

interface Body {
  readonly matches: readonly Match[]
  readonly target: Target | undefined
}

interface Known {
  readonly counters: Counters | undefined
  /** `namespace/name` of the policy, where a program tells it. */
  readonly policy: string | undefined
  /** The rule as it was read. */
  readonly read: Rule | undefined
}

/** What is read of a rule of a node or a program. */
type AnyRule = Pick<Rule, 'matches'> & Partial<Pick<Rule, 'target' | 'packets' | 'bytes' | 'line'>> & {readonly policy?: string}

/**
 * One rule of a part. Its text and its conditions are made of each other when somebody asks: most rules are only passed on from one
 * part to the next.
 */
export class PartRule {
  private readonly known: Known
  private knownText: string | undefined
  private body: Body | undefined

  private constructor(known: Known, body: Body | undefined, text: string | undefined) {
    this.known = known
    this.body = body
    this.knownText = text
  }

  /** A rule that was read or compiled. */
  static of(rule: AnyRule): PartRule {
    const {matches, target, packets, bytes = 0, policy, line} = rule
    const counters = packets === undefined ? undefined : {packets, bytes}
    return new PartRule({counters, policy, read: line ? (rule as Rule) : undefined}, {matches, target}, undefined)
  }

  /** @param text as iptables-save prints it, without `-A CHAIN` */
  static parsed(text: string, counters?: Counters): PartRule {
    return new PartRule({counters, policy: undefined, read: undefined}, undefined, text)
  }

  get counters(): Counters | undefined {
    return this.known.counters
  }

  get policy(): string | undefined {
    return this.known.policy
  }

  /** As iptables-save prints it, without `-A CHAIN`. Equal for equal rules. */
  get text(): string {
    this.knownText ??= textOf(this)
    return this.knownText
  }

  /**
   * Whether a line of iptables-save is this rule.
   *
   * @param line from `-A CHAIN` on
   * @param start where the rule's text begins in it
   */
  isPrintedAs(line: string, start: number): boolean {
    // The text of a rule that was read need not be made: the same line is the same rule.
    return this.known.read?.source === line || line.slice(start) === this.text
  }

  /** What it names, found without parsing it if it has the usual form. */
  get named(): NamedByRule {
    const usual = this.body || this.knownText === undefined ? undefined : usualRule(this.knownText)
    return usual ?? {sets: setsOf(this), chain: leadsTo(this)}
  }

  get matches(): readonly Match[] {
    return this.parsedBody.matches
  }

  get target(): Target | undefined {
    return this.parsedBody.target
  }

  /** With the counters of another rule. */
  counting(counters: Counters | undefined): PartRule {
    if (counters === this.counters) return this
    return new PartRule({...this.known, counters}, this.body, this.knownText)
  }

  /** With other names of sets. */
  renamed(names: ReadonlyMap<string, string>): PartRule {
    if (!setsOf(this).some(name => names.has(name))) return this
    const inText = (options: string) =>
      options.replaceAll(SET_OPTION, (all, name: string) => all.slice(0, all.length - name.length) + (names.get(name) ?? name))
    const matches = this.matches.map((match): Match => {
      if (match.kind === 'set') return {...match, set: names.get(match.set) ?? match.set}
      return match.kind === 'extension' ? {...match, options: inText(match.options)} : match
    })
    const {target} = this
    const renamed = target?.kind === 'extension' ? {...target, options: inText(target.options)} : target
    return new PartRule({...this.known, read: undefined}, {matches, target: renamed}, undefined)
  }

  /** The rule at a place, for walks. One that was read and stands where it stood is the rule that was read. */
  at(chain: string, position: number): Rule {
    const {read} = this.known
    if (read && read.chain === chain && read.position === position) return read
    return new PlacedRule(this, chain, position)
  }

  private get parsedBody(): Body {
    if (!this.body) {
      const text = this.knownText ?? ''
      const {matches, target} = parseRuleBody(text, 0, text.length, isNpmChain)
      this.body = {matches, target}
    }
    return this.body
  }
}

class PlacedRule implements Rule {
  readonly chain: string
  readonly position: number
  readonly line = 0
  readonly matches: readonly Match[]
  readonly target?: Target

  constructor({matches, target}: PartRule, chain: string, position: number) {
    this.chain = chain
    this.position = position
    this.matches = matches
    if (target) this.target = target
  }

  get source(): string {
    return printRule(this)
  }
}

function textOf({matches, target}: PartRule): string {
  const kept = matches.map(match => (match.kind === 'comment' ? {...match, text: keptComment(match.text)} : match))
  return ruleText({matches: kept, ...(target && {target})})
}

/** How matches and targets that are kept as text name sets. */
const SET_OPTION = /--(?:match|add|del|map)-set "?([^\s"]+)/g

/** The sets that a rule names, one that it names twice twice. */
export function setsOf({matches, target}: Pick<PartRule, 'matches' | 'target'>): string[] {
  const named: string[] = []
  for (const match of matches) {
    if (match.kind === 'set') named.push(match.set)
    else if (match.kind === 'extension') named.push(...inOptions(match.options))
  }
  if (target?.kind === 'extension') named.push(...inOptions(target.options))
  return named
}

const inOptions = (options: string): string[] => Array.from(options.matchAll(SET_OPTION), ([, name = '']) => name)

/** The chain of Azure NPM that a rule leads to. */
export function leadsTo({target}: Pick<PartRule, 'target'>): string | undefined {
  if (target?.kind === 'jump') return target.chain
  return target?.kind === 'extension' && isNpmChain(target.name) ? target.name : undefined
}

/** Whether a rule of FORWARD is one that leads to Azure NPM. */
export const isJump = (rule: Pick<PartRule, 'target'>): boolean => leadsTo(rule) === NPM_CHAIN
