import type {Direction} from '../../names/kernel-name.ts'
import {CURRENT, type ReleaseLine} from '../../policy/release.ts'
import {type Match, type Target, WHOLE_MARK} from '../iptables/model.ts'
import {printMark} from '../iptables/print.ts'
import {ACCEPT_CHAIN, directionChains, INGRESS_ALLOW_CHAIN, NPM_CHAIN} from '../npm/chain-names.ts'
import type {Marks} from '../npm/marks.ts'
import type {ProgramRule} from '../npm/program.ts'
import {linuxReleaseFacts} from '../npm/release-facts.ts'

const comment = (text: string): Match => ({kind: 'comment', text})
const jump = (chain: string): Target => ({kind: 'jump', chain, goto: false})
const rule = (chain: string, target: Target, ...matches: Match[]): ProgramRule => ({chain, matches, target})

/** A mark as a match, as a target, and as text for comments. */
const markWords = (mark: number, {mask = mark}: Marks) => ({
  has: {kind: 'mark', value: mark, mask, negated: false} satisfies Match,
  set: {kind: 'mark', value: mark, mask} satisfies Target,
  text: mask === mark ? `${printMark(mark)}/${printMark(mark)}` : printMark(mark),
})

/** The three rules that activate Azure NPM. They exist while there is a policy; without them no packet is judged. */
export const activation: readonly ProgramRule[] = [directionChains.Ingress, directionChains.Egress, ACCEPT_CHAIN].map(chain =>
  rule(NPM_CHAIN, jump(chain)),
)

/** The targets of policy rules. An allow ends the direction. A drop sets a mark, and the last rule of the direction drops by it. */
export type Actions = Readonly<Record<Direction, Readonly<Record<'allow' | 'drop', Target>>>>

/** The rules of a line of releases that depend on no policy, and the targets of policy rules. */
export interface BootRules {
  readonly actions: Actions
  /** The chains that exist without any policy, in the order Azure NPM writes them. Each has the rules at its end. */
  readonly chains: ReadonlyMap<string, readonly ProgramRule[]>
}

const made = new Map<ReleaseLine, BootRules>()

/**
 * The chains that exist before the first policy, and the targets of policy rules.
 *
 * @param line line of releases; by default the current one
 */
export function bootRules(line: ReleaseLine = CURRENT): BootRules {
  let rules = made.get(line)
  if (!rules) {
    rules = makeBootRules(line)
    made.set(line, rules)
  }
  return rules
}

function makeBootRules(line: ReleaseLine): BootRules {
  const {marks, clearComment} = linuxReleaseFacts(line)
  const ingressAllowed = markWords(marks.ingressAllowed, marks)
  const dropped = {Ingress: markWords(marks.drop.Ingress, marks), Egress: markWords(marks.drop.Egress, marks)}
  const drop = (direction: Direction): ProgramRule => {
    const {has, text} = dropped[direction]
    const words = `DROP-ON-${direction.toUpperCase()}-DROP-MARK-${text}`
    return rule(directionChains[direction], {kind: 'verdict', verdict: 'DROP'}, has, comment(words))
  }
  const clear: ProgramRule[] =
    clearComment === undefined ? [] : [rule(ACCEPT_CHAIN, {kind: 'mark', value: 0, mask: WHOLE_MARK}, comment(clearComment))]
  return {
    actions: {
      Ingress: {allow: jump(INGRESS_ALLOW_CHAIN), drop: dropped.Ingress.set},
      Egress: {allow: jump(ACCEPT_CHAIN), drop: dropped.Egress.set},
    },
    chains: new Map([
      [NPM_CHAIN, []],
      [directionChains.Ingress, [drop('Ingress')]],
      [
        INGRESS_ALLOW_CHAIN,
        [
          rule(INGRESS_ALLOW_CHAIN, ingressAllowed.set, comment(`SET-INGRESS-ALLOW-MARK-${ingressAllowed.text}`)),
          rule(INGRESS_ALLOW_CHAIN, jump(directionChains.Egress)),
        ],
      ],
      [
        directionChains.Egress,
        [
          drop('Egress'),
          rule(
            directionChains.Egress,
            jump(ACCEPT_CHAIN),
            ingressAllowed.has,
            comment(`ACCEPT-ON-INGRESS-ALLOW-MARK-${ingressAllowed.text}`),
          ),
        ],
      ],
      [ACCEPT_CHAIN, [...clear, rule(ACCEPT_CHAIN, {kind: 'verdict', verdict: 'ACCEPT'})]],
    ]),
  }
}

/**
 * Azure NPM's own chains by name, with the jumps to policies before the rules that match the marks.
 *
 * @param jumps to the chains of policies, in order
 * @param line line of releases; by default the current one
 */
export function baseChains(jumps: readonly ProgramRule[], line?: ReleaseLine): Map<string, readonly ProgramRule[]> {
  const chains = new Map<string, readonly ProgramRule[]>()
  for (const [name, rules] of bootRules(line).chains) chains.set(name, [...jumps.filter(({chain}) => chain === name), ...rules])
  if (jumps.length > 0) chains.set(NPM_CHAIN, activation)
  return chains
}
