import type {PolicyPeer} from '../kubernetes/objects.ts'
import {type BlockPlace, cidrSetNames} from '../names/policy-set-name.ts'
import {parseIpv4Block} from '../net/ipv4.ts'
import {blockMembers, membersOf} from './blocks.ts'
import {allNamespaces, distinct, type NamedSet, type SetCondition} from './named-set.ts'
import type {NpmPolicyContext, NpmPolicyPeer} from './npm-policy-model.ts'
import {namespaceTerms, podTerms} from './selectors.ts'

/**
 * Translates the peers of one rule. A namespace selector with several values becomes several peers. A peer that no packet can match
 * is left out. If no peer is left, the rule allows nothing.
 *
 * @param field of the list of peers in the policy
 * @param most peers to keep. Those of a selector that would exceed it are one peer, which names the sets of all
 * @returns the peers, and how many they are without that limit
 */
export function npmPolicyPeers(
  peers: readonly PolicyPeer[],
  place: Omit<BlockPlace, 'peer'>,
  field: string,
  most: number,
  context: NpmPolicyContext,
): {translated: NpmPolicyPeer[]; count: number} {
  const translated: NpmPolicyPeer[] = []
  let count = 0
  peers.forEach((peer, index) => {
    const at = `${field}[${index}]`
    const alternatives = termsOf(peer, {...place, peer: index}, at, context)
    count += alternatives.length
    const kept = count > most && alternatives.length > 1 ? [distinct(alternatives.flat())] : alternatives
    for (const terms of kept) translated.push({action: 'allow', peer: terms, field: at})
  })
  return {translated, count}
}

function termsOf(
  {ipBlock, podSelector, namespaceSelector}: PolicyPeer,
  place: BlockPlace,
  field: string,
  context: NpmPolicyContext,
): (readonly SetCondition[])[] {
  if (ipBlock) {
    if (context.hasLiteralBlocks) return [[{set: literalBlock(place, ipBlock.cidr, context), negated: false}]]
    const blocks = blockMembers(ipBlock, context.semantics, `${field}.ipBlock`, context)
    if (context.losesLiteBlocks) {
      const reason = 'NPM Lite of this release hands blocks to a part of itself that Linux does not have'
      context.refusals.addLoss(
        'LITE_BLOCK_OPEN',
        `${field}.ipBlock`,
        reason,
        'The rule allows every address, not the block alone',
      )
      return [[]]
    }
    return blocks
      ? [[{set: cidrSet(place, context.keepsBlockText ? written(ipBlock.cidr, blocks) : blocks, context), negated: false}]]
      : []
  }
  if (context.isLite) {
    context.refusals.add('LITE_PEER', field, 'NPM Lite knows no peers but ipBlock')
    return []
  }
  const pods = podSelector && podTerms(podSelector, `${field}.podSelector`, context)
  if (!namespaceSelector) return pods ? [[...pods, {set: context.namespace, negated: false}]] : []
  const namespaces = namespaceTerms(namespaceSelector, `${field}.namespaceSelector`, context)
  return namespaces.map(terms => podsOnly([...terms, ...(pods ?? [])], context))
}

/**
 * A selector selects pods only, but a rule with nothing but negated sets also matches addresses of nodes and of the internet. Azure
 * NPM accepts that. The API does not, so its semantics add the list of all namespaces.
 */
function podsOnly(terms: readonly SetCondition[], {semantics}: NpmPolicyContext): readonly SetCondition[] {
  const isOpen = semantics === 'kubernetes' && terms.every(({negated}) => negated)
  return isOpen ? [{set: allNamespaces, negated: false}, ...terms] : terms
}

/** The members of a block with its own text; only one that holds all addresses is two members. */
const written = (cidr: string, [block = '', ...others]: readonly string[]): readonly string[] =>
  parseIpv4Block(cidr)?.prefix === 0 || block === '' ? [block, ...others].filter(each => each !== '') : [cidr, ...others]

function literalBlock(place: BlockPlace, cidr: string, context: NpmPolicyContext): NamedSet {
  const block = parseIpv4Block(cidr)
  return {...cidrSet(place, block ? membersOf(block) : [], context), literal: cidr}
}

function cidrSet(place: BlockPlace, blocks: readonly string[], {policy, scheme, release}: NpmPolicyContext): NamedSet {
  const names = cidrSetNames(policy, place, scheme)
  const name = (release.hasPeerInBlockNames ? names[0] : names.at(-1)) as string
  // The old spelling joins policy and namespace with a dash, so different policies may get the same name.
  return {type: 'CIDRBlocks', name, owner: policy, blocks}
}
