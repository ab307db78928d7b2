import type {Direction} from '../../../names/kernel-name.ts'
import type {Match, Target} from '../../iptables/model.ts'
import type {ProgramRule} from '../../npm/program.ts'

/** NPM v1 marks whole words; its egress mark is added to the one of ingress, so that both can be seen. */
const INGRESS = 0x2000
const EGRESS = 0x1000
const BOTH = INGRESS | EGRESS
const WHOLE = 0xffffffff

/** What lets a packet pass a direction. */
export const allowTargets: Readonly<Record<Direction, Target>> = {
  Ingress: {kind: 'mark', value: INGRESS, mask: WHOLE},
  Egress: {kind: 'mark', value: EGRESS, mask: EGRESS},
}

/** The chains that hold rules of policies: those about ports or any peer, those about peers alone, and the drops. */
export const ruleChains: Readonly<Record<Direction, {readonly ports: string; readonly peers: string; readonly drops: string}>> = {
  Ingress: {ports: 'AZURE-NPM-INGRESS-PORT', peers: 'AZURE-NPM-INGRESS-FROM', drops: 'AZURE-NPM-INGRESS-DROPS'},
  Egress: {ports: 'AZURE-NPM-EGRESS-PORT', peers: 'AZURE-NPM-EGRESS-TO', drops: 'AZURE-NPM-EGRESS-DROPS'},
}

const rule = (chain: string, target: Target, text?: string, ...matches: Match[]): ProgramRule => ({
  chain,
  matches: [...matches, ...(text === undefined ? [] : [{kind: 'comment', text} satisfies Match])],
  target,
})
const to = (chain: string, target: string, text?: string): ProgramRule =>
  rule(chain, {kind: 'jump', chain: target, goto: false}, text)
const marked = (value: number): Match => ({kind: 'mark', value, mask: WHOLE, negated: false})
const hex = (value: number): string => `0x${value.toString(16)}`

const acceptMarked = (value: number, words: string): ProgramRule =>
  rule(
    'AZURE-NPM',
    {kind: 'jump', chain: 'AZURE-NPM-ACCEPT', goto: false},
    `ACCEPT-on-${words}-mark-${hex(value)}`,
    marked(value),
  )

const returns = (chain: string, value: number, words: string): ProgramRule =>
  rule(chain, {kind: 'verdict', verdict: 'RETURN'}, `RETURN-on-${words}-mark-${hex(value)}`, marked(value))

const ingressReturn = (chain: string): ProgramRule[] => [returns(chain, INGRESS, 'INGRESS')]
const egressReturns = (chain: string): ProgramRule[] => [
  returns(chain, BOTH, 'EGRESS-and-INGRESS'),
  returns(chain, EGRESS, 'EGRESS'),
]

/**
 * The rules of NPM v1 that belong to no policy, in the order in which it makes the chains. They are there while there is a
 * policy. Source: section 8.2 of NPM's data plane.
 */
export const v1BootChains: ReadonlyMap<string, readonly ProgramRule[]> = new Map([
  [
    'AZURE-NPM',
    [
      to('AZURE-NPM', 'AZURE-NPM-INGRESS'),
      to('AZURE-NPM', 'AZURE-NPM-EGRESS'),
      acceptMarked(BOTH, 'INGRESS-and-EGRESS'),
      acceptMarked(INGRESS, 'INGRESS'),
      acceptMarked(EGRESS, 'EGRESS'),
      rule('AZURE-NPM', {kind: 'verdict', verdict: 'ACCEPT'}, 'ACCEPT-on-connection-state', {
        kind: 'state',
        module: 'state',
        states: 'RELATED,ESTABLISHED',
        negated: false,
      }),
    ],
  ],
  [
    'AZURE-NPM-ACCEPT',
    [
      rule('AZURE-NPM-ACCEPT', {kind: 'mark', value: 0, mask: WHOLE}, 'Clear-AZURE-NPM-MARKS'),
      rule('AZURE-NPM-ACCEPT', {kind: 'verdict', verdict: 'ACCEPT'}, 'ACCEPT-All-packets'),
    ],
  ],
  [
    'AZURE-NPM-INGRESS',
    [
      to('AZURE-NPM-INGRESS', 'AZURE-NPM-INGRESS-PORT'),
      ...ingressReturn('AZURE-NPM-INGRESS'),
      to('AZURE-NPM-INGRESS', 'AZURE-NPM-INGRESS-DROPS'),
    ],
  ],
  [
    'AZURE-NPM-EGRESS',
    [
      to('AZURE-NPM-EGRESS', 'AZURE-NPM-EGRESS-PORT'),
      ...egressReturns('AZURE-NPM-EGRESS'),
      to('AZURE-NPM-EGRESS', 'AZURE-NPM-EGRESS-DROPS'),
    ],
  ],
  [
    'AZURE-NPM-INGRESS-PORT',
    [
      ...ingressReturn('AZURE-NPM-INGRESS-PORT'),
      to('AZURE-NPM-INGRESS-PORT', 'AZURE-NPM-INGRESS-FROM', 'ALL-JUMP-TO-AZURE-NPM-INGRESS-FROM'),
    ],
  ],
  ['AZURE-NPM-INGRESS-FROM', []],
  [
    'AZURE-NPM-EGRESS-PORT',
    [
      ...egressReturns('AZURE-NPM-EGRESS-PORT'),
      to('AZURE-NPM-EGRESS-PORT', 'AZURE-NPM-EGRESS-TO', 'ALL-JUMP-TO-AZURE-NPM-EGRESS-TO'),
    ],
  ],
  ['AZURE-NPM-EGRESS-TO', []],
  ['AZURE-NPM-INGRESS-DROPS', ingressReturn('AZURE-NPM-INGRESS-DROPS')],
  ['AZURE-NPM-EGRESS-DROPS', egressReturns('AZURE-NPM-EGRESS-DROPS')],
])

/**
 * All chains of NPM v1 with the rules of policies in them. Each rule is put on top of its chain, so the last made is the first;
 * drops go to the end.
 *
 * @param rules of all policies, in the order in which they are made; without any policy there are no chains at all
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

const isDrops = (chain: string): boolean => chain === ruleChains.Ingress.drops || chain === ruleChains.Egress.drops
