import type {NodeState} from '../dataplane/dataplane.ts'

/** Packets and bytes of the rules of one policy and direction that end in one way. */
export interface PolicyCounter {
  readonly policy: string
  readonly direction: string
  readonly verdict: string
  readonly packets: number
  readonly bytes: number
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
  /** Rules and lists that use it, as the node counts them, where it tells. */
  readonly references?: number
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
  /**
   * References to sets that the node counts and that neither a rule of Azure NPM nor a list explains; undefined where these are not all
   * known, and where no set has a count.
   */
  readonly leakedReferences: number | undefined
}

export function countNode(node: NodeState): NodeCounts {
  const {references, ...rules} = countRules(node)
  const {sets, lists} = countSets(node)
  return {...rules, sets, leakedReferences: references && lists && leaks(sets, references, lists)}
}

/** How often each set is named: by kernel name in rules and lists, by readable name for ports. */
type References = ReadonlyMap<string, number>

/** What the node has counted for sets beyond what names them. */
function leaks(sets: readonly CountedSet[], inRules: References, inLists: References): number | undefined {
  let leaked: number | undefined
  for (const {set, name, references} of sets) {
    if (references === undefined) continue
    const named = (inRules.get(set) ?? 0) + (inRules.get(name) ?? 0) + (inLists.get(set) ?? 0)
    leaked = (leaked ?? 0) + Math.max(0, references - named)
  }
  return leaked
}

type RuleCounts = Omit<NodeCounts, 'sets' | 'leakedReferences'> & {readonly references: References | undefined}

function countRules(node: NodeState): RuleCounts {
  const references = new Map<string, number>()
  const refer = (name: string): unknown => references.set(name, (references.get(name) ?? 0) + 1)
  // Rules of NPM v1 stand in shared chains, and those of the other back end are not translated.
  let areRulesKnown =
    node.completeness.rules === 'whole' &&
    node.translation().facts.generation === 'v2' &&
    node.otherRuleLists.leftOver.length === 0
  const inForce = new Set<string>()
  const counters = new Map<string, {-readonly [Key in keyof PolicyCounter]: PolicyCounter[Key]}>()
  let areNamed = true
  let rules = 0
  let collidingChains = 0
  for (const {policy, direction, enforced, appliesTo, rules: own, candidates} of node.translation().policies()) {
    for (const {set} of appliesTo) refer(set)
    for (const {sources, destinations, port, unmodelled} of own) {
      for (const {set} of [...sources, ...destinations]) refer(set)
      if (typeof port === 'string') refer(`namedport:${port}`)
      if (unmodelled) areRulesKnown = false
    }
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
  return {
    policies: areNamed ? inForce.size : undefined,
    rules,
    counters: [...counters.values()],
    collidingChains,
    references: areRulesKnown ? references : undefined,
  }
}

/** The sets, and how often lists name each; the latter is undefined when the members of a list are not known. */
function countSets(node: NodeState): {readonly sets: CountedSet[]; readonly lists: References | undefined} {
  const counted: CountedSet[] = []
  const references = new Map<string, number>()
  let areListsKnown = node.completeness.ofSets.length === 0
  for (const {set, name, names, kind, members} of node.translation().sets()) {
    const found = node.sets?.get(set)
    if (!found) continue
    if (kind === 'list') for (const member of members ?? []) references.set(member, (references.get(member) ?? 0) + 1)
    if (kind !== 'hash' && !members) areListsKnown = false
    const count = members?.length ?? found.entries
    // The size of a list is no limit: the kernel ignores it.
    const capacity = Number(found.header.get('maxelem'))
    counted.push({
      set,
      name,
      isCollision: names.length > 1,
      ...(count !== undefined && {members: count}),
      ...(capacity > 0 && {capacity}),
      ...(found.references !== undefined && {references: found.references}),
    })
  }
  return {sets: counted, lists: areListsKnown ? references : undefined}
}
