import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Program} from '../policy/program.ts'
import {openComparison} from './compare-node.ts'
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

/**
 * Finds why a node judges a packet otherwise than the program of its policies does.
 *
 * @param packet after service translation, as rules and policies see it
 */
export function explainPacket(cluster: ClusterObjects, node: NodeState, packet: Packet): PacketExplanation {
  const {program, simulated, causes: all} = openComparison(cluster, node)
  const ends = new Set([packet.source, packet.destination])
  const likely = all.filter(
    ({kind, addresses}) => kind !== 'pod' || addresses?.some(address => address.includes('/') || ends.has(address)),
  )
  const causes = [...likely.slice(0, MOST_CAUSES), ...simulated.foreignCauses(packet)]
  const now = simulated.walk(packet)
  const repaired = simulated.repaired(causes).walk(packet)
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
