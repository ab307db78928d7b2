import type {Direction} from '../../../names/kernel-name.ts'
import {type Match, type Target, WHOLE_MARK} from '../../iptables/model.ts'
import {printMark} from '../../iptables/print.ts'
import {ACCEPT_CHAIN, directionChains, NPM_CHAIN, v1RuleChains} from '../../npm/chain-names.ts'
import {v1AllowMarks} from '../../npm/marks.ts'
import type {ProgramRule} from '../../npm/program.ts'
import {OLD_CLEAR_COMMENT} from '../../npm/release-facts.ts'

const {Ingress: INGRESS, Egress: EGRESS} = v1AllowMarks
const BOTH = INGRESS | EGRESS

const {Ingress: ingress, Egress: egress} = v1RuleChains

/** The target of an allow rule in each direction. */
export const allowTargets: Readonly<Record<Direction, Target>> = {
  Ingress: {kind: 'mark', value: INGRESS, mask: WHOLE_MARK},
  Egress: {kind: 'mark', value: EGRESS, mask: EGRESS},
}

const rule = (chain: string, target: Target, text?: string, ...matches: Match[]): ProgramRule => ({
  chain,
  matches: [...matches, ...(text === undefined ? [] : [{kind: 'comment', text} satisfies Match])],
  target,
})
const to = (chain: string, target: string, text?: string): ProgramRule =>
  rule(chain, {kind: 'jump', chain: target, goto: false}, text)
const marked = (value: number): Match => ({kind: 'mark', value, mask: WHOLE_MARK, negated: false})

const acceptMarked = (value: number, words: string): ProgramRule =>
  rule(NPM_CHAIN, {kind: 'jump', chain: ACCEPT_CHAIN, goto: false}, `ACCEPT-on-${words}-mark-${printMark(value)}`, marked(value))

const returns = (chain: string, value: number, words: string): ProgramRule =>
  rule(chain, {kind: 'verdict', verdict: 'RETURN'}, `RETURN-on-${words}-mark-${printMark(value)}`, marked(value))

const ingressReturn = (chain: string): ProgramRule[] => [returns(chain, INGRESS, 'INGRESS')]
const egressReturns = (chain: string): ProgramRule[] => [
  returns(chain, BOTH, 'EGRESS-and-INGRESS'),
  returns(chain, EGRESS, 'EGRESS'),
]

/**
 * The rules of NPM v1 that belong to no policy, by chain, in the order in which NPM creates the chains. They exist while
 * there is a policy. Source: section 8.2 of NPM's data plane.
 */
const v1BootChains: ReadonlyMap<string, readonly ProgramRule[]> = new Map([
  [
    NPM_CHAIN,
    [
      to(NPM_CHAIN, directionChains.Ingress),
      to(NPM_CHAIN, directionChains.Egress),
      acceptMarked(BOTH, 'INGRESS-and-EGRESS'),
      acceptMarked(INGRESS, 'INGRESS'),
      acceptMarked(EGRESS, 'EGRESS'),
      rule(NPM_CHAIN, {kind: 'verdict', verdict: 'ACCEPT'}, 'ACCEPT-on-connection-state', {
        kind: 'state',
        module: 'state',
        states: 'RELATED,ESTABLISHED',
        negated: false,
      }),
    ],
  ],
  [
    ACCEPT_CHAIN,
    [
      rule(ACCEPT_CHAIN, {kind: 'mark', value: 0, mask: WHOLE_MARK}, OLD_CLEAR_COMMENT),
      rule(ACCEPT_CHAIN, {kind: 'verdict', verdict: 'ACCEPT'}, 'ACCEPT-All-packets'),
    ],
  ],
  [
    directionChains.Ingress,
    [
      to(directionChains.Ingress, ingress.ports),
      ...ingressReturn(directionChains.Ingress),
      to(directionChains.Ingress, ingress.drops),
    ],
  ],
  [
    directionChains.Egress,
    [
      to(directionChains.Egress, egress.ports),
      ...egressReturns(directionChains.Egress),
      to(directionChains.Egress, egress.drops),
    ],
  ],
  [ingress.ports, [...ingressReturn(ingress.ports), to(ingress.ports, ingress.peers, `ALL-JUMP-TO-${ingress.peers}`)]],
  [ingress.peers, []],
  [egress.ports, [...egressReturns(egress.ports), to(egress.ports, egress.peers, `ALL-JUMP-TO-${egress.peers}`)]],
  [egress.peers, []],
  [ingress.drops, ingressReturn(ingress.drops)],
  [egress.drops, egressReturns(egress.drops)],
])

/**
 * All chains of NPM v1 with the rules of policies in them. NPM v1 inserts an allow rule at the top of its chain, so the
 * newest comes first. It appends drop rules.
 *
 * @param rules of all policies, in the order of their creation
 * @param hasPolicies without a policy there are no chains, and the result is empty
 */
export function v1BaseChains(rules: readonly ProgramRule[], hasPolicies: boolean): Map<string, readonly ProgramRule[]> {
  const chains = new Map<string, ProgramRule[]>()
  if (!hasPolicies) return chains
  for (const [name, boot] of v1BootChains) {
    const own = rules.filter(({chain}) => chain === name)
    chains.set(name, isDrops(name) ? [...boot, ...own] : [...own.toReversed(), ...boot])
  }
  return chains
}

const isDrops = (chain: string): boolean => chain === ingress.drops || chain === egress.drops
