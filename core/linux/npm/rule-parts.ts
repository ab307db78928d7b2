import {isSetName} from '../../names/kernel-name.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {printMatch} from '../iptables/print.ts'
import type {RuleFacts} from './parse-comment.ts'

export interface SetMatch {
  readonly set: string
  readonly negated: boolean
}

/** A policy rule's conditions, sorted by what Azure NPM uses them for. */
export interface RuleParts {
  readonly protocol: string | null
  readonly ports: {readonly from: number; readonly to: number} | null
  readonly sources: readonly SetMatch[]
  readonly destinations: readonly SetMatch[]
  /** The set of address and port of a named port. */
  readonly namedPort: string | undefined
  /** All sets but the named port's, in the order of the rule: the order of the names in its comment. */
  readonly sets: readonly SetMatch[]
  readonly comment: string | undefined
  /** Conditions Azure NPM never writes. */
  readonly others: readonly Match[]
}

/** Sorts a rule's conditions. Whatever NPM would not write ends in `others`, never unseen. */
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

/** The facts that tell where names end in a rule's comment. */
export function commentFacts({protocol, ports, namedPort}: RuleParts): RuleFacts {
  return {
    protocol: protocol ?? undefined,
    port: ports ? portText(ports) : undefined,
    hasNamedPort: namedPort !== undefined,
  }
}

const portText = ({from, to}: {readonly from: number; readonly to: number}) => (from === to ? String(from) : `${from}:${to}`)

/** Conditions that are not understood, as printed. */
export const unmodelled = (parts: RuleParts): string[] => parts.others.map(printMatch)
