import type {NodeState} from '../dataplane/dataplane.ts'
import type {Translated, Walk} from '../dataplane/walk.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Route} from './nodes.ts'

/** What one node does with a packet. */
export interface Leg {
  readonly node: NodeState
  readonly walk: Walk
}

/** What all nodes on a packet's way do with it. */
export interface Passage {
  readonly verdict: Verdict
  /** Why the verdict is unknown although each node's is not. */
  readonly reason?: string
  /** Of one way, where there are several: of a service with several endpoints, for example. */
  readonly legs: readonly Leg[]
  /** The packet as it may come out, from its first sender: services are resolved, masquerading is not applied. */
  readonly ends: readonly Packet[]
}

/** One way of a packet. */
interface Way {
  /** As the next node sees it. */
  readonly seen: Packet
  /** As its sender means it. */
  readonly meant: Packet
  readonly legs: readonly Leg[]
  readonly next: readonly NodeState[]
}

interface Done extends Pick<Way, 'legs'> {
  readonly verdict: Verdict
  readonly reason?: string
  readonly ends: readonly Packet[]
}

/** A packet is sent on by a node that is not its receiver's, and back at most. Longer ways are circles. */
const MOST_LEGS = 6

/**
 * Walks a packet over the nodes that it passes, by every way that it may take. All nodes of a way must accept. Behind a node
 * that translates its destination, it goes to the node of the new one.
 */
export function passageOf(packet: Packet, route: Route): Passage {
  const left = starts(packet, route).toReversed()
  const done: Done[] = []
  for (let way = left.pop(); way; way = left.pop()) {
    const [node, ...rest] = way.next
    if (!node || way.legs.length >= MOST_LEGS) {
      done.push({verdict: 'accept', legs: way.legs, ends: [way.meant]})
      continue
    }
    const walk = node.walk(way.seen)
    const legs = [...way.legs, {node, walk}]
    const changes = walk.ways ?? [walk.translated]
    if (walk.verdict === 'accept')
      for (const change of changes.toReversed()) {
        const further = onward({...way, legs, next: rest}, change, route)
        const isHidden = change?.source === null && further.next.length > 0
        if (isHidden) done.push({verdict: 'unknown', legs, ends: [further.meant], reason: hiddenSource(node)})
        else left.push(further)
      }
    else done.push({verdict: walk.verdict, legs, ends: changes.map(change => redirected(way.meant, change))})
  }
  return combined(done)
}

const hiddenSource = ({node}: NodeState): string =>
  `node ${node} masquerades it, and the input does not tell the address that the next node sees: give the Node objects, too`

/** A packet that some node translates comes in by one of the nodes. Any other passes them all, as far as is known. */
function starts(packet: Packet, {nodes, isKnown}: Route): Way[] {
  const start = {seen: packet, meant: packet, legs: []}
  const isEntered = !isKnown && nodes.some(node => node.walk(packet).translated !== undefined)
  return isEntered ? nodes.map(node => ({...start, next: [node]})) : [{...start, next: nodes}]
}

function onward(way: Way, change: Translated | undefined, route: Route): Way {
  const here = way.legs.at(-1)?.node
  const meant = redirected(way.meant, change)
  const seen = {...redirected(way.seen, change), ...(typeof change?.source === 'string' && {source: change.source})}
  const isRedirected = change !== undefined && change.destination !== way.seen.destination
  const there = isRedirected ? route.nodeOf(change.destination) : undefined
  const next = isRedirected ? (there && there !== here ? [there] : []) : way.next
  return {seen, meant, legs: way.legs, next}
}

/** A packet to where a node sends it. Policies see pods, never services. */
function redirected(packet: Packet, change: Translated | undefined): Packet {
  if (!change) return packet
  const {destination, port} = change
  return {...packet, destination, ...(port !== undefined && {port})}
}

const NOTHING_DONE: Done = {verdict: 'accept', legs: [], ends: []}

function combined(done: readonly Done[]): Passage {
  const [first = NOTHING_DONE] = done
  const ends = distinct(done.flatMap(each => each.ends))
  const unknown = done.find(({verdict}) => verdict === 'unknown')
  if (unknown) return {...unknown, ends}
  const other = done.find(({verdict}) => verdict !== first.verdict)
  if (!other) return {verdict: first.verdict, legs: first.legs, ends}
  const shared = first.legs.filter((leg, index) => leg === other.legs[index])
  const reason = `it depends on the way that the packet takes: ${wayText(first)}, ${wayText(other)}`
  return {verdict: 'unknown', reason, legs: shared.length > 0 ? shared : first.legs, ends}
}

function wayText({verdict, legs, ends}: Done): string {
  const [end] = ends
  const to = end ? `${end.destination}${end.port === undefined ? '' : `:${end.port}`}` : 'nowhere'
  return `to ${to} by node${legs.length > 1 ? 's' : ''} ${legs.map(({node}) => node.node).join(' and ')} it is ${verdict === 'drop' ? 'dropped' : 'allowed'}`
}

function distinct(packets: readonly Packet[]): Packet[] {
  return [...new Map(packets.map(packet => [`${packet.destination} ${packet.port}`, packet])).values()]
}
