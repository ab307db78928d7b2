import type {Match, Target} from '../iptables/model.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {ProgramRule} from './program.ts'

/** Marks of Azure NPM since 1.4.24; value and mask are equal. Source: section 4.2 of NPM's data plane. */
const INGRESS_ALLOWED = 0x200
const dropMarks: Readonly<Record<Direction, number>> = {Ingress: 0x400, Egress: 0x800}

const comment = (text: string): Match => ({kind: 'comment', text})
const hasMark = (bit: number): Match => ({kind: 'mark', value: bit, mask: bit, negated: false})
const setMark = (bit: number): Target => ({kind: 'mark', value: bit, mask: bit})
const jump = (chain: string): Target => ({kind: 'jump', chain, goto: false})

/** What a policy's rule does: its allow ends the direction, its drop is a mark that the direction's end looks at. */
export const actionTarget: Readonly<Record<Direction, Readonly<Record<'allow' | 'drop', Target>>>> = {
  Ingress: {allow: jump('AZURE-NPM-INGRESS-ALLOW-MARK'), drop: setMark(dropMarks.Ingress)},
  Egress: {allow: jump('AZURE-NPM-ACCEPT'), drop: setMark(dropMarks.Egress)},
}

/** The chain that a direction's jumps to policies stand in. */
export const directionChain: Readonly<Record<Direction, string>> = {Ingress: 'AZURE-NPM-INGRESS', Egress: 'AZURE-NPM-EGRESS'}

const rule = (chain: string, target: Target, ...matches: Match[]): ProgramRule => ({chain, matches, target})

/** The rule in FORWARD: only packets that open a connection are judged. */
export const forwardJump: ProgramRule = rule('FORWARD', jump('AZURE-NPM'), {
  kind: 'state',
  module: 'conntrack',
  states: 'NEW',
  negated: false,
})

/** The three rules without which Azure NPM judges nothing; they are there while there is a policy. */
export const activation: readonly ProgramRule[] = ['AZURE-NPM-INGRESS', 'AZURE-NPM-EGRESS', 'AZURE-NPM-ACCEPT'].map(chain =>
  rule('AZURE-NPM', jump(chain)),
)

/** The chains that are there without any policy, with the rules that they end with, in the order Azure NPM writes them. */
export const bootChains: ReadonlyMap<string, readonly ProgramRule[]> = new Map([
  ['AZURE-NPM', []],
  [
    'AZURE-NPM-INGRESS',
    [
      rule(
        'AZURE-NPM-INGRESS',
        {kind: 'verdict', verdict: 'DROP'},
        hasMark(dropMarks.Ingress),
        comment('DROP-ON-INGRESS-DROP-MARK-0x400/0x400'),
      ),
    ],
  ],
  [
    'AZURE-NPM-INGRESS-ALLOW-MARK',
    [
      rule('AZURE-NPM-INGRESS-ALLOW-MARK', setMark(INGRESS_ALLOWED), comment('SET-INGRESS-ALLOW-MARK-0x200/0x200')),
      rule('AZURE-NPM-INGRESS-ALLOW-MARK', jump('AZURE-NPM-EGRESS')),
    ],
  ],
  [
    'AZURE-NPM-EGRESS',
    [
      rule(
        'AZURE-NPM-EGRESS',
        {kind: 'verdict', verdict: 'DROP'},
        hasMark(dropMarks.Egress),
        comment('DROP-ON-EGRESS-DROP-MARK-0x800/0x800'),
      ),
      rule(
        'AZURE-NPM-EGRESS',
        jump('AZURE-NPM-ACCEPT'),
        hasMark(INGRESS_ALLOWED),
        comment('ACCEPT-ON-INGRESS-ALLOW-MARK-0x200/0x200'),
      ),
    ],
  ],
  ['AZURE-NPM-ACCEPT', [rule('AZURE-NPM-ACCEPT', {kind: 'verdict', verdict: 'ACCEPT'})]],
])

/** Azure NPM's own chains with the jumps to policies in front of the rules that look at the marks. */
export function baseChains(jumps: readonly ProgramRule[]): Map<string, readonly ProgramRule[]> {
  const chains = new Map<string, readonly ProgramRule[]>()
  for (const [name, rules] of bootChains) chains.set(name, [...jumps.filter(({chain}) => chain === name), ...rules])
  if (jumps.length > 0) chains.set('AZURE-NPM', activation)
  return chains
}
