import type {Direction} from '../../names/kernel-name.ts'
import {CURRENT, type Marks, type ReleaseLine, releaseFacts} from '../../policy/release.ts'
import type {Match, Target} from '../iptables/model.ts'
import type {ProgramRule} from '../npm/program.ts'

const comment = (text: string): Match => ({kind: 'comment', text})
const jump = (chain: string): Target => ({kind: 'jump', chain, goto: false})
const rule = (chain: string, target: Target, ...matches: Match[]): ProgramRule => ({chain, matches, target})

/** One mark as rules look at it, set it, and name it in their comments. */
const markWords = (mark: number, {mask = mark}: Marks) => ({
  has: {kind: 'mark', value: mark, mask, negated: false} satisfies Match,
  set: {kind: 'mark', value: mark, mask} satisfies Target,
  text: mask === mark ? `${hex(mark)}/${hex(mark)}` : hex(mark),
})

const hex = (value: number): string => `0x${value.toString(16)}`

/** The chain that a direction's jumps to policies stand in. */
export const directionChain: Readonly<Record<Direction, string>> = {Ingress: 'AZURE-NPM-INGRESS', Egress: 'AZURE-NPM-EGRESS'}

/** The three rules without which Azure NPM judges nothing; they are there while there is a policy. */
export const activation: readonly ProgramRule[] = ['AZURE-NPM-INGRESS', 'AZURE-NPM-EGRESS', 'AZURE-NPM-ACCEPT'].map(chain =>
  rule('AZURE-NPM', jump(chain)),
)

/** What a policy's rule does: its allow ends the direction, its drop is a mark that the direction's end looks at. */
export type Actions = Readonly<Record<Direction, Readonly<Record<'allow' | 'drop', Target>>>>

export interface BootRules {
  readonly actions: Actions
  /** The chains that are there without any policy, with the rules that they end with, in the order Azure NPM writes them. */
  readonly chains: ReadonlyMap<string, readonly ProgramRule[]>
}

const made = new Map<ReleaseLine, BootRules>()

/** What is there before the first policy comes, and what policies' rules do. */
export function bootRules(line: ReleaseLine = CURRENT): BootRules {
  let rules = made.get(line)
  if (!rules) {
    rules = makeBootRules(line)
    made.set(line, rules)
  }
  return rules
}

function makeBootRules(line: ReleaseLine): BootRules {
  const {marks, clearComment} = releaseFacts(line)
  const ingressAllowed = markWords(marks.ingressAllowed, marks)
  const dropped = {Ingress: markWords(marks.drop.Ingress, marks), Egress: markWords(marks.drop.Egress, marks)}
  const drop = (direction: Direction): ProgramRule => {
    const {has, text} = dropped[direction]
    const words = `DROP-ON-${direction.toUpperCase()}-DROP-MARK-${text}`
    return rule(directionChain[direction], {kind: 'verdict', verdict: 'DROP'}, has, comment(words))
  }
  const clear: ProgramRule[] =
    clearComment === undefined
      ? []
      : [rule('AZURE-NPM-ACCEPT', {kind: 'mark', value: 0, mask: 0xffffffff}, comment(clearComment))]
  return {
    actions: {
      Ingress: {allow: jump('AZURE-NPM-INGRESS-ALLOW-MARK'), drop: dropped.Ingress.set},
      Egress: {allow: jump('AZURE-NPM-ACCEPT'), drop: dropped.Egress.set},
    },
    chains: new Map([
      ['AZURE-NPM', []],
      ['AZURE-NPM-INGRESS', [drop('Ingress')]],
      [
        'AZURE-NPM-INGRESS-ALLOW-MARK',
        [
          rule('AZURE-NPM-INGRESS-ALLOW-MARK', ingressAllowed.set, comment(`SET-INGRESS-ALLOW-MARK-${ingressAllowed.text}`)),
          rule('AZURE-NPM-INGRESS-ALLOW-MARK', jump('AZURE-NPM-EGRESS')),
        ],
      ],
      [
        'AZURE-NPM-EGRESS',
        [
          drop('Egress'),
          rule(
            'AZURE-NPM-EGRESS',
            jump('AZURE-NPM-ACCEPT'),
            ingressAllowed.has,
            comment(`ACCEPT-ON-INGRESS-ALLOW-MARK-${ingressAllowed.text}`),
          ),
        ],
      ],
      ['AZURE-NPM-ACCEPT', [...clear, rule('AZURE-NPM-ACCEPT', {kind: 'verdict', verdict: 'ACCEPT'})]],
    ]),
  }
}

/** Azure NPM's own chains with the jumps to policies in front of the rules that look at the marks. */
export function baseChains(jumps: readonly ProgramRule[], line?: ReleaseLine): Map<string, readonly ProgramRule[]> {
  const chains = new Map<string, readonly ProgramRule[]>()
  for (const [name, rules] of bootRules(line).chains) chains.set(name, [...jumps.filter(({chain}) => chain === name), ...rules])
  if (jumps.length > 0) chains.set('AZURE-NPM', activation)
  return chains
}
