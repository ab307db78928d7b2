import type {LiveNode, LivePolicy} from '../contract/live.ts'
import type {TranslatedPolicy} from '../contract/translation.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {memberText} from '../sets/member.ts'
import {SetIndex} from '../sets/set-index.ts'
import {packetFrom, sidesOf} from '../sets/sides.ts'
import {structureDigest} from './structure-digest.ts'

export interface LiveNodeOptions {
  /** When the node was read, RFC 3339. */
  readonly at: string
  /** SHA-256 of a text as UTF-8, in hexadecimal. */
  readonly sha256: (text: string) => string
}

/** What a node has, to be watched: its policies with their rules in words, each with the number by which samples count it. */
export function liveNode(node: NodeState, {at, sha256}: LiveNodeOptions): LiveNode {
  const counted = node.counters()
  const {structure} = counted.counters
  const podsOf = selectedPods(node)
  const {facts} = node.translation()
  // Of a data plane that counts nothing, no sample has these numbers.
  let uncounted = structure.rules.length
  const policies = [...node.translation().policies()].map((found): LivePolicy => {
    const {policy, direction, chain, enforced, subject, rules} = found
    return {
      policy,
      direction,
      chain,
      enforced,
      subject,
      pods: podsOf(found),
      jump: enforced ? counted.jumpTo(chain, policy) : null,
      rules: rules.map(({where, action, text}) => ({number: counted.numberOf(where) ?? uncounted++, where, action, text})),
    }
  })
  return {
    apiVersion: API_VERSION,
    kind: 'LiveNode',
    node: node.node,
    at,
    structure: structureDigest(structure, sha256),
    backend: facts.backend,
    policies,
    sets: [...node.translation().sets()].map(({set, name, meaning, kind}) => ({
      set,
      name,
      meaning,
      kind,
      capacity: capacityOf(node, set),
    })),
    problems: facts.problems.map(({message}) => message),
  }
}

/** The size of a list is no limit: the kernel ignores it. */
function capacityOf({sets}: NodeState, set: string): number | null {
  const capacity = Number(sets?.get(set)?.header.get('maxelem'))
  return capacity > 0 ? capacity : null
}

/** The pods of the node that a policy selects, by the sets of the node; null when sets or objects do not tell. */
function selectedPods(node: NodeState): (policy: TranslatedPolicy) => string[] | null {
  const {cluster, sets, hasMembers, node: name} = node
  if (!cluster || !sets || !hasMembers || !namesNode(cluster, name)) return () => null
  const index = new SetIndex({
    get(set) {
      const found = sets.get(set)
      return found && {type: found.type, header: found.header, members: found.members.map(memberText)}
    },
  })
  const sides = sidesOf('src')
  const own = cluster.pods.flatMap(pod => {
    const address = pod.spec?.nodeName === name ? policyAddress(pod) : undefined
    return address === undefined ? [] : [{pod: objectKey(pod), packet: packetFrom(address)}]
  })
  return ({appliesTo, enforced}) => {
    if (!enforced) return []
    const selected: string[] = []
    for (const {pod, packet} of own) {
      const truths = appliesTo.map(({set, negated}) => {
        const holds = index.holds(set, sides, packet)
        return holds === 'unknown' ? holds : holds !== negated
      })
      if (truths.every(truth => truth === true)) selected.push(pod)
      else if (!truths.includes(false)) return null
    }
    return selected
  }
}

/** Whether objects name a node. The rules may have been loaded on a machine that is no node of theirs. */
const namesNode = ({nodes, pods}: ClusterObjects, name: string): boolean =>
  nodes.some(({metadata}) => metadata.name === name) || pods.some(({spec}) => spec?.nodeName === name)
