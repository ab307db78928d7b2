import type {NodeState} from '../dataplane/dataplane.ts'
import type {Verdict} from '../net/packet.ts'
import {addressClasses} from '../packets/address-classes.ts'
import {memberText} from '../sets/member.ts'
import {Routes} from '../trace/nodes.ts'
import {passageOf} from '../trace/passage.ts'
import {ClassVerdicts, type MatrixEnd, type Verdicts} from './class-verdicts.ts'
import {walkedColumns} from './columns.ts'
import type {ProbedPort} from './ports.ts'

/**
 * What the rules of nodes do with the packets of all pairs of ends. One node is asked about all of them. Of several, the sender's is
 * asked, then the receiver's, and both must accept, as in a trace.
 */
export function nodeVerdicts(
  nodes: readonly NodeState[],
  ends: readonly MatrixEnd[],
  ports: readonly ProbedPort[],
  usedSets: ReadonlySet<string> | undefined,
): Verdicts {
  const verdicts = nodes.map(
    node =>
      new ClassVerdicts(
        {ends, classes: walkedClasses(ends, node, usedSets), ports},
        classes => walkedColumns(node, classes, ports),
        packet => node.walk(packet).verdict,
      ),
  )
  const [only] = verdicts
  return only && verdicts.length === 1 ? only : new FleetVerdicts(nodes, verdicts, ends, ports)
}

class FleetVerdicts implements Verdicts {
  private readonly verdicts: readonly ClassVerdicts[]
  private readonly ends: readonly MatrixEnd[]
  private readonly ports: readonly ProbedPort[]
  private readonly routes: Routes
  /** Of each end the index of its node; -1 where none of the nodes is. */
  private readonly homes: Int32Array
  private readonly classes: readonly string[]
  private readonly known = new Map<string, Verdict>()

  constructor(
    nodes: readonly NodeState[],
    verdicts: readonly ClassVerdicts[],
    ends: readonly MatrixEnd[],
    ports: readonly ProbedPort[],
  ) {
    this.verdicts = verdicts
    this.ends = ends
    this.ports = ports
    this.routes = new Routes(nodes)
    this.homes = Int32Array.from(ends, end => {
      const home = this.routes.homeOf(end)
      return home ? nodes.indexOf(home) : -1
    })
    // Ends on different nodes go by different rules.
    const keys = ends.map((_, end) => `${this.homes[end]} ${verdicts.map(each => each.classOf(end)).join(' ')}`)
    const numbers = new Map<string, number>()
    for (const key of keys) numbers.set(key, numbers.get(key) ?? numbers.size)
    this.classes = keys.map(key => String(numbers.get(key)))
  }

  classOf(end: number): string {
    return this.classes[end] as string
  }

  verdict(source: number, destination: number, port: number): Verdict {
    const [from, to] = [this.homes[source] as number, this.homes[destination] as number]
    // The way of a packet between ends of other nodes is not known, and any node may drop it.
    if (from < 0 && to < 0) return this.walked(source, destination, port)
    const [first, second] = from < 0 || from === to ? [to] : to < 0 ? [from] : [from, to]
    const sent = this.plain(first, source, destination, port)
    if (sent === 'drop' || second === undefined) return sent ?? this.walked(source, destination, port)
    const isMasked = (this.verdicts[first] as ClassVerdicts).isMasqueraded(source, destination, port)
    const received = sent === undefined || isMasked ? undefined : this.plain(second, source, destination, port)
    return received ?? this.walked(source, destination, port)
  }

  /** The verdict of one node; undefined where it is not known, and for what is sent on to somebody else. */
  private plain(node: number, source: number, destination: number, port: number): 'accept' | 'drop' | undefined {
    const rules = this.verdicts[node] as ClassVerdicts
    const verdict = rules.ofClasses(source, destination, port)
    return verdict === 'unknown' || rules.isRedirected(source, destination, port) ? undefined : verdict
  }

  /** The verdict of a trace: it follows a packet that a node sends on to somebody else, or under another address. */
  private walked(source: number, destination: number, port: number): Verdict {
    const key = `${this.classes[source]} ${this.classes[destination]} ${port}`
    const known = this.known.get(key)
    if (known) return known
    const [from, to] = [this.ends[source] as MatrixEnd, this.ends[destination] as MatrixEnd]
    const packet = {source: from.address, destination: to.address, ...(this.ports[port] as ProbedPort)}
    const {verdict} = passageOf(packet, this.routes.between(from, to))
    this.known.set(key, verdict)
    return verdict
  }
}

/** Classes of ends for walks, as numbers: by memberships in sets and in blocks that rules name directly. */
function walkedClasses(ends: readonly MatrixEnd[], node: NodeState, usedSets: ReadonlySet<string> | undefined): number[] {
  const used = [...(node.sets ?? [])].filter(([name]) => usedSets?.has(name) ?? true)
  const sets = new Map(
    used.map(([name, {type, members, header}]) => [name, {type, members: members.map(memberText), header}] as const),
  )
  const numbers = new Map<string, number>()
  let number = 0
  // Rules may look at whether an address is known to be a pod's, and each pod may have rules of its own.
  const apart = ({pod, address}: MatrixEnd): string => `${pod !== undefined} ${node.rulesAt?.(address)}`
  for (const those of Map.groupBy(ends, apart).values())
    for (const members of addressClasses(
      sets,
      those.map(({address}) => address),
      node.ruleBlocks(),
    ).values()) {
      number++
      for (const address of members) numbers.set(address, number)
    }
  return ends.map(({address}) => numbers.get(address) ?? 0)
}
