import type {NodeState} from '../dataplane/dataplane.ts'

/** Packets and bytes of the rules of one policy and direction that end in one way. */
export interface PolicyCounter {
  readonly policy: string
  readonly direction: string
  readonly verdict: string
  packets: number
  bytes: number
}

/** A set that is on the node. */
export interface CountedSet {
  readonly set: string
  /** `unknown` when nothing tells. */
  readonly name: string
  readonly isCollision: boolean
  /** Undefined where the input has no members and no count of them. */
  readonly members?: number
  /** How many members it can have, where that is known. */
  readonly capacity?: number
}

/** What a node has of Azure NPM, counted in one pass over its rules and sets. */
export interface NodeCounts {
  /** In force; undefined when a chain's policy is not known, or several policies collide in one chain. */
  readonly policies: number | undefined
  /** Of chains of policies in force, and the jumps to them. */
  readonly rules: number
  readonly counters: readonly PolicyCounter[]
  readonly sets: readonly CountedSet[]
  readonly collidingChains: number
}

export function countNode(node: NodeState): NodeCounts {
  return {...countRules(node), sets: countSets(node)}
}

function countRules(node: NodeState): Omit<NodeCounts, 'sets'> {
  const inForce = new Set<string>()
  const counters = new Map<string, PolicyCounter>()
  let areNamed = true
  let rules = 0
  let collidingChains = 0
  for (const {policy, direction, enforced, rules: own, candidates} of node.translation().policies()) {
    const isCollision = policy.includes('|')
    const isKnown = policy !== 'unknown' && !candidates
    if (isCollision) collidingChains++
    if (enforced) {
      inForce.add(policy)
      rules += own.length + 1
      areNamed &&= isKnown && !isCollision
    }
    if (!isKnown) continue
    for (const {action: verdict, packets, bytes} of own) {
      if (packets === null || bytes === null) continue
      const key = `${policy} ${direction} ${verdict}`
      const counter = counters.get(key) ?? {policy, direction, verdict, packets: 0, bytes: 0}
      counter.packets += packets
      counter.bytes += bytes
      counters.set(key, counter)
    }
  }
  return {policies: areNamed ? inForce.size : undefined, rules, counters: [...counters.values()], collidingChains}
}

function countSets(node: NodeState): CountedSet[] {
  const counted: CountedSet[] = []
  for (const {set, name, names, members} of node.translation().sets()) {
    const found = node.sets?.get(set)
    if (!found) continue
    const count = members?.length ?? found.entries
    // The size of a list is no limit: the kernel ignores it.
    const capacity = Number(found.header.get('maxelem'))
    counted.push({
      set,
      name,
      isCollision: names.length > 1,
      ...(count !== undefined && {members: count}),
      ...(capacity > 0 && {capacity}),
    })
  }
  return counted
}
