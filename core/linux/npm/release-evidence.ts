import {type ClusterObjects, objectKey} from '../../kubernetes/objects.ts'
import type {Scheme} from '../../names/hash.ts'
import {setKernelName} from '../../names/kernel-name.ts'
import type {NamedSet} from '../../policy/named-set.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import {CURRENT, type ReleaseFacts, type ReleaseLine, releaseFacts, releaseLines} from '../../policy/release.ts'
import {isLabelValue} from '../../policy/selectors.ts'
import {ACCEPT_CHAIN, INGRESS_ALLOW_CHAIN} from './chain-names.ts'
import type {NpmChains} from './chains.ts'
import {findJump} from './forward-jump.ts'
import {linuxPolicyOf} from './linux-policy.ts'
import {policyChainName} from './policy-chain.ts'
import {type LinuxReleaseFacts, linuxReleaseFacts} from './release-facts.ts'

/** The behaviour of a line of releases. */
type Facts = ReleaseFacts & LinuxReleaseFacts

/** Whether a line of releases could have programmed what was found. */
type Fits = (facts: Facts) => boolean

/**
 * Finds the lines of releases that could have programmed a node of NPM v2, newest first. The evidence is the marks and
 * comments of rules, and which of the possible names of policies' sets exist. Lines that differ only in what no policy of
 * the cluster uses cannot be distinguished.
 *
 * @param isThere whether a set is on the node, or a rule names it
 */
export function possibleLines(
  cluster: ClusterObjects,
  chains: NpmChains,
  scheme: Scheme,
  isThere: (kernelName: string) => boolean,
): ReleaseLine[] {
  // SHA-256 names are newer than every change that is checked here.
  if (scheme === 'sha256') return [CURRENT]
  const byMarks = linesThatFit(markEvidence(chains))
  const byAll = linesThatFit([...markEvidence(chains), ...policyEvidence(cluster, chains, isThere)])
  // During an upgrade the sets of both releases may exist.
  const lines = byAll.length > 0 ? byAll : byMarks
  return lines.length > 0 ? lines : [CURRENT]
}

/** Whether NPM Lite created rules of policies with blocks, but none of the sets for blocks. */
export function losesBlocks(
  {policies}: ClusterObjects,
  chains: NpmChains,
  scheme: Scheme,
  isThere: (kernelName: string) => boolean,
): boolean {
  let isMade = false
  for (const policy of policies) {
    const translated = linuxPolicyOf(policy, {scheme, semantics: 'npm', isLite: true})
    const blocks = namesOf(translated, 'CIDRBlocks')
    if (blocks.some(name => isThere(setKernelName(name, scheme)))) return false
    const own = translated.chains.map(({direction}) => policyChainName(translated.policy, direction, scheme))
    isMade ||= blocks.length > 0 && own.some(chain => !chains.isEmpty(chain))
  }
  return isMade
}

const linesThatFit = (evidence: readonly Fits[]): ReleaseLine[] =>
  releaseLines.filter(line => evidence.every(fits => fits({...releaseFacts(line), ...linuxReleaseFacts(line)}))).toReversed()

function markEvidence(chains: NpmChains): Fits[] {
  const mark = chains.rules(INGRESS_ALLOW_CHAIN).find(({target}) => target?.kind === 'mark')?.target
  if (mark?.kind !== 'mark') return []
  const evidence: Fits[] = [({marks}) => marks.ingressAllowed === mark.value]
  // The next two differ only among the oldest lines.
  if (!chains.hasOldMarks) return evidence
  const clear = chains.rules(ACCEPT_CHAIN).find(({target}) => target?.kind === 'mark')
  const comment = clear?.matches.find(match => match.kind === 'comment')?.text
  if (comment !== undefined) evidence.push(({clearComment}) => clearComment === comment)
  const jump = findJump(chains)
  if (jump) evidence.push(({judgesNewOnly}) => judgesNewOnly === (jump.ctstate !== null))
  return evidence
}

function policyEvidence(cluster: ClusterObjects, chains: NpmChains, isThere: (kernelName: string) => boolean): Fits[] {
  const evidence: Fits[] = []
  const found = {nested: new Sightings(isThere), blocks: new Sightings(isThere)}
  for (const policy of cluster.policies) {
    const policyOf = (release: ReleaseLine) => linuxPolicyOf(policy, {scheme: 'fnv32a', semantics: 'npm', release})
    const [oldest, newest] = [policyOf('v1.2.8'), policyOf(CURRENT)]
    found.nested.look(namesOf(oldest, 'NestedLabelOfPod'), namesOf(newest, 'NestedLabelOfPod'))
    found.blocks.look(namesOf(oldest, 'CIDRBlocks'), namesOf(newest, 'CIDRBlocks'))
    if (newest.refusals.some(({code}) => code === 'BAD_LABEL_VALUE')) {
      const isMade = oldest.sets.some(set => isOfBadValue(set) && isThere(setKernelName(set.name, 'fnv32a')))
      evidence.push(({checksLabelValues}) => checksLabelValues !== isMade)
    }
    for (const {direction, rules} of newest.chains) {
      const before = oldest.chains.find(chain => chain.direction === direction)?.rules ?? []
      const last = chains.rules(policyChainName(objectKey(policy), direction, 'fnv32a')).at(-1)
      if (!last || before.at(-1)?.action === rules.at(-1)?.action) continue
      // If the release ignored the open rule, the last rule is the default drop.
      evidence.push(({obeysOpenRules}) => obeysOpenRules === (last.target?.kind !== 'mark'))
    }
  }
  const {nested, blocks} = found
  if (nested.isNew !== undefined) evidence.push(({hasPolicyInNestedNames}) => hasPolicyInNestedNames === nested.isNew)
  if (blocks.isNew !== undefined) evidence.push(({hasPeerInBlockNames}) => hasPeerInBlockNames === blocks.isNew)
  return evidence
}

/** Counts which of two spellings of the same sets are on a node. */
class Sightings {
  private old = 0
  private new = 0
  private readonly isThere: (kernelName: string) => boolean

  constructor(isThere: (kernelName: string) => boolean) {
    this.isThere = isThere
  }

  look(old: readonly string[], newer: readonly string[]): void {
    const count = (names: readonly string[], others: readonly string[]): number =>
      names.filter(name => !others.includes(name) && this.isThere(setKernelName(name, 'fnv32a'))).length
    this.old += count(old, newer)
    this.new += count(newer, old)
  }

  /** Whether the new spelling is on the node. Undefined if neither is, or both are. */
  get isNew(): boolean | undefined {
    return this.old > 0 === this.new > 0 ? undefined : this.new > 0
  }
}

const namesOf = ({sets}: NpmPolicy, type: NamedSet['type']): string[] =>
  sets.filter(set => set.type === type).map(({name}) => name)

/** Whether only a policy can have created a set: no pod or namespace can have the label. */
function isOfBadValue({type, name}: NamedSet): boolean {
  const isLabel = type === 'KeyValueLabelOfPod' || type === 'KeyValueLabelOfNamespace'
  return isLabel && !isLabelValue(name.slice(name.indexOf(':') + 1))
}
