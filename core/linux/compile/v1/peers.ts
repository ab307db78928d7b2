import type {PolicyPeer} from '../../../kubernetes/objects.ts'
import type {Direction} from '../../../names/kernel-name.ts'
import {distinct, type NamedSet, type SetCondition} from '../../../policy/named-set.ts'
import {MOST_SELECTORS, type SelectorContext} from '../../../policy/selectors.ts'
import {v1BlockSet, v1NamespaceLabel} from '../../../policy/v1-names.ts'
import {V1Blocks} from './blocks.ts'
import type {PeerKind, Piece} from './rule-order.ts'
import {v1NamespaceSelectors, v1PodSelector} from './selectors.ts'

/** The inputs of peer translation besides the peers, and its outputs besides rules. */
export interface V1Context extends Pick<SelectorContext, 'policy' | 'semantics' | 'release' | 'refusals'> {
  readonly namespace: {readonly set: NamedSet; readonly name: string}
  /** Sets that no rule names. */
  readonly sets: Set<NamedSet>
}

/** One alternative of a rule's peers: the set conditions on the other end. */
export interface V1Peer {
  readonly kind: PeerKind
  readonly terms: Readonly<Partial<Record<Piece, readonly SetCondition[]>>>
  /** The peer's name in comments. */
  readonly words?: string
  readonly field: string
}

/** The peer of a rule that matches any address. */
export const everybody = (field: string): V1Peer => ({kind: 'all', terms: {}, field})

/** The position of a rule in its policy. */
interface RulePlace {
  readonly direction: Direction
  /** From 0. */
  readonly rule: number
  /** Whether an earlier rule of the direction has an iptables rule for its blocks. */
  readonly hasBlockRule: boolean
}

/**
 * Translates the peers of one rule. All blocks together are one peer. Every rule with peers has a set for blocks, even if it
 * is empty.
 *
 * @param field path of the list of peers in the object
 * @param most peers to keep. Those of a selector that would exceed it are one peer, which names the sets of all
 * @returns the peers, and how many they are without that limit
 */
export function v1Peers(
  peers: readonly PolicyPeer[],
  place: RulePlace,
  field: string,
  most: number,
  context: V1Context,
): {translated: V1Peer[]; count: number} {
  const set = blockSet(peers, place, field, context)
  context.sets.add(set)
  let hasBlockRule = place.hasBlockRule
  let count = 0
  const translated = peers.flatMap((peer, index) => {
    const at = `${field}[${index}]`
    if (!peer.ipBlock) {
      const alternatives = selected(peer, at, context)
      count += alternatives.length
      return count > most && alternatives.length > 1 ? [joinedPeers(alternatives)] : alternatives
    }
    // After the first rule for blocks in a direction, NPM v1 makes further ones only for blocks that are a rule's first peer.
    if (index > 0 && hasBlockRule) return []
    hasBlockRule = true
    count++
    return [{kind: 'block', terms: {B: [{set, negated: false}]}, words: set.name, field: at} satisfies V1Peer]
  })
  return {translated, count}
}

/** One peer that names the sets of all alternatives of a selector. */
function joinedPeers(alternatives: readonly V1Peer[]): V1Peer {
  const [first] = alternatives as [V1Peer, ...V1Peer[]]
  const pieces = Object.keys(first.terms) as Piece[]
  const terms = Object.fromEntries(pieces.map(piece => [piece, distinct(alternatives.flatMap(each => each.terms[piece] ?? []))]))
  return {...first, terms}
}

function blockSet(peers: readonly PolicyPeer[], place: RulePlace, field: string, context: V1Context): NamedSet {
  const blocks = new V1Blocks()
  for (const [index, {ipBlock}] of peers.entries()) {
    if (!ipBlock) continue
    for (const {text, isException, part} of blocks.add(ipBlock))
      context.refusals.addLoss(
        isException ? 'BAD_EXCEPT' : 'BAD_BLOCK',
        `${field}[${index}].ipBlock.${part}`,
        `${text} is not an IPv4 block that a set can hold`,
        isException
          ? 'NPM v1 goes on without the exception, so its addresses are allowed'
          : 'NPM v1 goes on without the block, so its addresses are not allowed',
      )
  }
  return v1BlockSet(context.policy, place.direction, place.rule, blocks.texts)
}

function selected({podSelector, namespaceSelector}: PolicyPeer, field: string, context: V1Context): V1Peer[] {
  if (!namespaceSelector) {
    if (!podSelector) return []
    const {terms, words} = v1PodSelector(podSelector, `${field}.podSelector`, context, context.namespace)
    return [{kind: 'pod', terms: {P: terms}, words, field}]
  }
  const namespaces = v1NamespaceSelectors(namespaceSelector, `${field}.namespaceSelector`, context, MOST_SELECTORS)
  if (!podSelector) return namespaces.map(({terms, words}) => ({kind: 'namespace', terms: {N: terms}, words, field}))
  const pods = v1PodSelector(podSelector, `${field}.podSelector`, context)
  // For an empty namespace selector beside a pod selector, NPM v1 creates a list for the label "", which no rule uses.
  if (isEmpty(namespaceSelector)) context.sets.add(v1NamespaceLabel(''))
  return namespaces.map(({terms, words}) => ({
    kind: 'both',
    terms: {N: terms, P: pods.terms},
    words: `${words}-AND-${pods.words}`,
    field,
  }))
}

const isEmpty = ({matchLabels = {}, matchExpressions = []}: NonNullable<PolicyPeer['namespaceSelector']>): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
