import {isSetName} from '../../names/kernel-name.ts'
import type {FreeText} from '../../renaming/free-text.ts'
import type {KernelNames} from '../../renaming/kernel-names.ts'
import type {HashedName} from '../../renaming/rename-set.ts'
import {type Renamer, renamePolicy} from '../../renaming/renamer.ts'
import type {Rule} from '../iptables/model.ts'
import {directionChains, isV2RuleChain} from '../npm/chain-names.ts'
import {KEPT_COMMENT_BYTES} from '../npm/limits.ts'
import {OLD_CLEAR_COMMENT} from '../npm/release-facts.ts'
import {commentFacts, type RuleParts, ruleParts} from '../npm/rule-parts.ts'
import {V1Comments} from './v1-comments.ts'

/** Comments of Azure NPM without names. */
const FIXED = new RegExp(
  `^(?:${[
    String.raw`(?:ALLOW|DROP)-ALL(?:-ON-[A-Z0-9]+)?(?:-TO-PORT-[\d:]+)?`,
    String.raw`(?:(?:DROP|ACCEPT|SET|RETURN|ALLOW|INGRESS|EGRESS|MARK|ON|AND|on|and|mark)-)+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?`,
    OLD_CLEAR_COMMENT,
    'ACCEPT-All-packets',
    'ACCEPT-on-connection-state',
    `ALL-JUMP-TO-(?:${Object.values(directionChains).join('|')})-(?:FROM|TO|PORT|DROPS)`,
  ].join('|')})$`,
)

const AND = '-AND-'
const HEAD = /^(?:ALLOW|DROP)-(?:(?:FROM|TO)-|ALL(?=-ON-))/
const JUMP = /^((?:INGRESS|EGRESS)-POLICY-)([a-z0-9.-]+\/[a-z0-9.-]+?)(-(?:TO|FROM)-)/

/** A part of a comment, before and after renaming. */
interface Spelled {
  readonly before: string
  readonly after: string
}

const spelled = (text: string): Spelled => ({before: text, after: text})
const joined = (parts: readonly Spelled[], joint = ''): Spelled => ({
  before: parts.map(({before}) => before).join(joint),
  after: parts.map(({after}) => after).join(joint),
})

/**
 * Rewrites the comments of Azure NPM's rules with the new names of the rule's own sets, so that each name still hashes to its
 * set.
 */
export class RuleComments {
  private readonly names: KernelNames
  private readonly freeText: FreeText
  private readonly renamer: Renamer
  private readonly v1: V1Comments

  constructor(names: KernelNames, freeText: FreeText, renamer: Renamer) {
    this.names = names
    this.freeText = freeText
    this.renamer = renamer
    this.v1 = new V1Comments(names, freeText)
  }

  /**
   * The new comment of a rule.
   *
   * @param rule a rule in one of Azure NPM's chains
   */
  rewrite(rule: Rule): string {
    const parts = ruleParts(rule)
    const {comment = ''} = parts
    if (FIXED.test(comment)) return comment
    const isV2 = isV2RuleChain(rule.chain)
    const isCut = comment.length >= KEPT_COMMENT_BYTES
    const rewritten = isV2 ? this.v2(comment, parts, rule, isCut) : this.v1.rewrite(comment, parts, isCut)
    return rewritten ?? this.freeText.rewrite(comment)
  }

  private v2(comment: string, parts: RuleParts, rule: Rule, isCut: boolean): string | undefined {
    const isJump = /^(?:INGRESS|EGRESS)-POLICY-/.test(comment)
    if (!isJump && !HEAD.test(comment)) return undefined
    const whole = isJump ? this.wholeJump(comment, parts, rule) : this.wholeRule(comment, parts)
    if (whole) return isCut ? cut(whole.after) : whole.after
    return isCut ? this.cutComment(comment, parts, rule, isJump) : this.partByPart(comment, parts, isJump)
  }

  /** The comment that Azure NPM gives such a jump, if the rule has this comment or its beginning. */
  private wholeJump(comment: string, parts: RuleParts, rule: Rule): Spelled | undefined {
    for (const head of this.jumpHeads(comment, rule)) {
      const tail = {before: `-IN-ns-${head.namespace.before}`, after: `-IN-ns-${head.namespace.after}`}
      const found = this.spellTerms(comment, head, parts, tail)
      if (found) return found
    }
    return undefined
  }

  private wholeRule(comment: string, parts: RuleParts): Spelled | undefined {
    const [head = ''] = HEAD.exec(comment) ?? []
    const {protocol, port} = commentFacts(parts)
    const tail = [
      spelled(protocol === undefined ? '' : `-ON-${protocol.toUpperCase()}`),
      spelled(port === undefined ? '' : `-TO-PORT-${port}`),
    ]
    const {namedPort} = parts
    if (namedPort === undefined) return this.spellTerms(comment, spelled(head), parts, joined(tail))
    for (const name of this.names.namesOf(namedPort)) {
      const named = {before: `-TO-${name.name}`, after: `-TO-${this.names.renameSet(name)}`}
      const found = this.spellTerms(comment, spelled(head), parts, joined([...tail, named]))
      if (found) return found
    }
    return undefined
  }

  /** The heads that a jump's comment may have: of the policies that its chain's hash or the comment itself names. */
  private *jumpHeads(comment: string, rule: Rule): Generator<Spelled & {namespace: Spelled}> {
    const {target} = rule
    const chain = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : ''
    const said = JUMP.exec(comment)?.[2]
    const isIngress = comment.startsWith('INGRESS')
    for (const policy of new Set([...(said === undefined ? [] : [said]), ...this.names.policiesOf(chain)])) {
      const start = isIngress ? 'INGRESS-POLICY-' : 'EGRESS-POLICY-'
      const end = isIngress ? '-TO-' : '-FROM-'
      const after = renamePolicy(policy, this.renamer)
      const namespace = {before: namespaceOf(policy), after: namespaceOf(after)}
      yield {before: start + policy + end, after: start + after + end, namespace}
    }
  }

  /**
   * Head, names of the rule's sets in their order, and tail, if they make up the comment; for a cut comment, if it is their
   * beginning.
   */
  private spellTerms(comment: string, head: Spelled, parts: RuleParts, tail: Spelled): Spelled | undefined {
    const isCut = comment.length >= KEPT_COMMENT_BYTES
    const fits = (text: string, isWhole: boolean) =>
      comment.startsWith(text) ? !isWhole || comment.length === text.length : isCut && text.startsWith(comment)
    if (!fits(head.before, false)) return undefined
    const spell = (index: number, so: Spelled): Spelled | undefined => {
      const term = parts.sets[index]
      if (!term) {
        const whole = joined([so, tail])
        return fits(whole.before, true) ? whole : undefined
      }
      for (const name of this.names.namesOf(term.set)) {
        const next = joined([so, spelled(index === 0 ? '' : AND), this.term(name, term.negated)])
        const found = fits(next.before, false) ? spell(index + 1, next) : undefined
        if (found) return found
      }
      return undefined
    }
    return spell(0, head)
  }

  private term(name: HashedName, negated: boolean): Spelled {
    const sign = negated ? '!' : ''
    return {before: sign + name.name, after: sign + this.names.renameSet(name)}
  }

  /** A cut comment whose names are not all known: the names that are proven, and the letter x in place of the rest. */
  private cutComment(comment: string, parts: RuleParts, rule: Rule, isJump: boolean): string {
    const heads = isJump ? [...this.jumpHeads(comment, rule)] : [spelled(HEAD.exec(comment)?.[0] ?? '')]
    const head = heads.find(({before}) => comment.startsWith(before))
    let known = head ?? spelled(isJump ? (/^[A-Z]+-POLICY-/.exec(comment)?.[0] ?? '') : '')
    for (const {set, negated} of head ? parts.sets : []) {
      const next = this.names
        .namesOf(set)
        .map(name => joined([known, this.term(name, negated), spelled(AND)]))
        .find(({before}) => comment.startsWith(before))
      if (!next) break
      known = next
    }
    return cut(known.after.padEnd(KEPT_COMMENT_BYTES, 'x'))
  }

  /** A comment that does not match the rule's sets, nor does afterwards: each part is renamed by its form. */
  private partByPart(comment: string, parts: RuleParts, isJump: boolean): string | undefined {
    const jump = isJump ? JUMP.exec(comment) : null
    if (isJump && !jump) return undefined
    const policy = jump?.[2] ?? ''
    const head = jump ? `${jump[1]}${renamePolicy(policy, this.renamer)}${jump[3]}` : (HEAD.exec(comment)?.[0] ?? '')
    const rest = comment.slice(jump ? jump[0].length : head.length)
    const tail = jump
      ? /-IN-(ns-[a-z0-9-]+)$/.exec(rest)
      : /(-ON-[A-Z0-9]+)?(-TO-PORT-[\d:]+|-TO-(namedport:[a-z0-9-]+))?$/.exec(rest)
    const terms = tail ? rest.slice(0, tail.index) : rest
    const names = terms.split(AND)
    const renamed = names.map((part, index) =>
      this.part(part, names.length === parts.sets.length ? parts.sets[index]?.set : undefined),
    )
    return head + renamed.join(AND) + this.tail(tail, jump !== null)
  }

  private tail(tail: RegExpExecArray | null, isJump: boolean): string {
    if (!tail) return ''
    if (isJump) return `-IN-${this.freeText.setName(tail[1] as string)}`
    const named = tail[3]
    return named === undefined ? tail[0] : `${tail[1] ?? ''}-TO-${this.freeText.setName(named)}`
  }

  private part(text: string, set: string | undefined): string {
    if (text === '' || text === 'all') return text
    const sign = text.startsWith('!') ? '!' : ''
    const name = text.slice(sign.length)
    const known = set !== undefined && isSetName(set) ? this.names.namesOf(set).find(each => each.name === name) : undefined
    return sign + (known ? this.names.renameSet(known) : this.freeText.setName(name))
  }
}

const namespaceOf = (policy: string): string => policy.slice(0, policy.indexOf('/'))

/** The part of a comment that iptables keeps. Names are ASCII, so characters are bytes. */
const cut = (comment: string): string => comment.slice(0, KEPT_COMMENT_BYTES)
