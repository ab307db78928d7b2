import {isSetName} from '../../names/kernel-name.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {printMatch} from '../iptables/print.ts'
import type {RuleFacts} from './parse-comment.ts'

/** A match on a set, without its side. */
export interface SetMatch {
  readonly set: string
  readonly negated: boolean
}

/** A policy rule's conditions, grouped by their purpose. */
export interface RuleParts {
  readonly protocol: string | null
  readonly ports: {readonly from: number; readonly to: number} | null
  readonly sources: readonly SetMatch[]
  readonly destinations: readonly SetMatch[]
  /** The set of address and port of a named port. */
  readonly namedPort: string | undefined
  /** All sets except the named port's, in the order of the rule. Its comment lists their names in the same order. */
  readonly sets: readonly SetMatch[]
  readonly comment: string | undefined
  /** Conditions that Azure NPM never writes. */
  readonly others: readonly Match[]
}

/** Groups a rule's conditions. A condition that Azure NPM would not write goes to `others`, so none is lost. */
export function ruleParts(rule: Rule): RuleParts {
  const sources: SetMatch[] = []
  const destinations: SetMatch[] = []
  const sets: SetMatch[] = []
  const others: Match[] = []
  let protocol: string | null = null
  let ports: RuleParts['ports'] = null
  let namedPort: string | undefined
  let comment: string | undefined
  for (const match of rule.matches) {
    if (match.kind === 'set' && isSetName(match.set)) {
      const term = {set: match.set, negated: match.negated}
      if (match.sides === 'dst,dst' && !match.negated && namedPort === undefined) namedPort = match.set
      else if (match.sides === 'src' || match.sides === 'dst') {
        ;(match.sides === 'src' ? sources : destinations).push(term)
        sets.push(term)
      } else others.push(match)
    } else if (match.kind === 'comment' && comment === undefined) comment = match.text
    else if (match.kind === 'protocol' && !match.negated && protocol === null) protocol = match.protocol
    else if (match.kind === 'ports' && match.destination && !match.source && !match.destination.negated && !ports)
      ports = match.destination
    else others.push(match)
  }
  return {protocol, ports, sources, destinations, namedPort, sets, comment, others}
}

/** The facts that determine where names end in a rule's comment. */
export function commentFacts({protocol, ports, namedPort}: RuleParts): RuleFacts {
  return {
    protocol: protocol ?? undefined,
    port: ports ? portText(ports) : undefined,
    hasNamedPort: namedPort !== undefined,
  }
}

const portText = ({from, to}: {readonly from: number; readonly to: number}) => (from === to ? String(from) : `${from}:${to}`)

/** The conditions that Azure NPM never writes, as iptables-save prints them. */
export const unmodelled = (parts: RuleParts): string[] => parts.others.map(printMatch)
