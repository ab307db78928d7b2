import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Program} from '../policy/program.ts'
import {type OpenComparison, openComparison} from './compare-node.ts'
import {Effects} from './effects.ts'

/** Causes that are tried for one packet. A broken node has thousands, and the first few that explain it are enough. */
const MOST_CAUSES = 200

export interface PacketExplanation {
  readonly program: Program
  /** What must be repaired for the packet to be judged as Azure NPM would judge it: each alone, or all of them together. */
  readonly causes: readonly Cause[]
  /** Whether all must be repaired. */
  readonly isTogether: boolean
  /** What happens to the packet on the node without anything wrong. */
  readonly repaired: Verdict
}

/** Why a node judges packets otherwise than the program of its policies does. The two are compared once for all packets. */
export class PacketExplainer {
  private readonly cluster: ClusterObjects
  private readonly node: NodeState
  private compared: OpenComparison | undefined
  private foretold: NodeState | undefined

  constructor(cluster: ClusterObjects, node: NodeState) {
    this.cluster = cluster
    this.node = node
  }

  /** @param packet after service translation, as rules and policies see it */
  explain(packet: Packet): PacketExplanation {
    const {cluster, node} = this
    const compared = (this.compared ??= openComparison(cluster, node))
    return explainPacket(compared, packet, () => (this.foretold ??= node.dataPlane.foretell(compared.program, {cluster})))
  }
}

function explainPacket(
  {program, simulated, causes: all}: OpenComparison,
  packet: Packet,
  foretold: () => NodeState,
): PacketExplanation {
  const ends = new Set([packet.source, packet.destination])
  const likely = all.filter(
    ({kind, addresses}) => kind !== 'pod' || addresses?.some(address => address.includes('/') || ends.has(address)),
  )
  const own = likely.slice(0, MOST_CAUSES)
  const fixed = simulated.repaired(own)
  const now = simulated.walk(packet)
  // What Azure NPM does by itself is the fault of no other rule.
  if (fixed.walk(packet) === now && foretold().walk(packet).verdict === now)
    return {program, causes: [], isTogether: false, repaired: now}
  // What is wrong with Azure NPM's rules may keep the packet from a rule that decides the same.
  const foreign = new Map([simulated, fixed].flatMap(each => each.foreignCauses(packet)).map(cause => [cause.text, cause]))
  // A rule that the packet does not meet explains nothing of it, though its repair moves the jump before others.
  const met = own.filter(cause => !cause.foreign || foreign.has(cause.text))
  for (const {text} of met) foreign.delete(text)
  const both = [...met, ...foreign.values()]
  const without = simulated.repaired(both).walk(packet)
  // Without rules of other programs it may not be known what happens; then they explain nothing.
  const [causes, repaired] = without === 'unknown' ? [met, fixed.walk(packet)] : [both, without]
  if (now === repaired) return {program, causes: [], isTogether: false, repaired}
  const effects = new Effects(simulated, causes, ({source}) => ({packet: source}))
  effects.attribute({packet, now, repaired, expected: undefined}, [...causes.keys()])
  const shown = [...causes.entries()].flatMap(([at, cause]) => {
    const {opens, closes, isUncertain} = effects.of(at)
    return opens.length + closes.length > 0 || isUncertain ? [{cause, example: opens[0] ?? closes[0]}] : []
  })
  return {
    program,
    causes: shown.map(({cause}) => cause),
    isTogether: shown.some(({example}) => example?.together !== undefined),
    repaired,
  }
}
