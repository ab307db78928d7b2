import {setTimeout} from 'node:timers/promises'
import type {Packet} from '../../../../core/net/packet.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../load.ts'
import {type Namespace, openNamespace} from '../namespace.ts'
import type {Backend} from '../tools.ts'
import {packetBytes, sentinelBytes} from './bytes.ts'
import {type Arrival, openCourier, type Place} from './courier.ts'
import {kubeProxyRules} from './kube-proxy.ts'
import {connect, MARKS} from './wires.ts'

export interface PacketNodeOptions {
  readonly pods: readonly {readonly name: string; readonly ip: string}[]
  /**
   * Addresses outside the node, all behind one wire; packets to any other unknown address go there too, and with `any` all of them
   * may send.
   */
  readonly externals: readonly string[] | 'any'
  /** The node's own address; packets from it pass OUTPUT, packets to it INPUT. */
  readonly nodeAddress?: string
  readonly backend?: Backend
  /** Whole tables that every program finds on the node; kubelet's and kube-proxy's if absent. */
  readonly base?: string
  /** How long to wait for the packets that must arrive. */
  readonly timeoutMs?: number
}

/** A router in namespaces of its own, with pods around it, that tells by real packets what its rules let through. */
export interface PacketNode extends AsyncDisposable {
  readonly node: Namespace
  readonly backend: Backend
  /** Loads the texts for `ipset restore` and `iptables-restore --noflush`, instead of those loaded before. */
  load(sets: string, rules: string): Promise<void>
  /** What `iptables-save` and `ipset save` print now. */
  save(): Promise<{readonly rules: string; readonly sets: string}>
  /**
   * Sends one packet each, from the namespace of its source, and tells whether it arrived.
   *
   * @throws RangeError for a source that is no address of this node, and for a state other than NEW
   */
  probe(packets: readonly Packet[]): Promise<('accept' | 'drop')[]>
  /** Where each packet arrived: the name of a pod, `node`, `outside`, or undefined for nowhere. */
  arrivals(packets: readonly Packet[]): Promise<(string | undefined)[]>
}

const NODE = 'node'
const OUTSIDE = 'outside'
const NODE_ADDRESS = '10.77.0.1'

/** Far from the ports of services, so that no packet looks like the answer to another. */
const FIRST_SOURCE_PORT = 60_000
const SOURCE_PORTS = 5000

/**
 * With their sentinels, well below what waits at most in a processor's queue (net.core.netdev_max_backlog, 1000): more
 * could be lost there, which would look like a drop.
 */
const CHUNK = 200

/** Builds the namespaces and wires, to be held with `await using`. */
export async function openPacketNode(options: PacketNodeOptions): Promise<PacketNode> {
  const {pods, externals, nodeAddress = NODE_ADDRESS, backend = 'nft', base = kubeProxyRules(), timeoutMs = 10_000} = options
  await using stack = new AsyncDisposableStack()
  const node = stack.use(await openNamespace())
  const ends: {name: string; namespace: Namespace; address?: string}[] = []
  for (const {name, ip} of pods) ends.push({name, namespace: stack.use(await openNamespace()), address: ip})
  ends.push({name: OUTSIDE, namespace: stack.use(await openNamespace())})
  await connect(node, nodeAddress, ends)

  const names = [NODE, ...ends.map(({name}) => name)]
  const places: Place[] = [node, ...ends.map(({namespace}) => namespace)].map(({name}, index) => ({
    namespace: name,
    isNode: index === 0,
  }))
  const outside = names.indexOf(OUTSIDE)
  const placeOf = new Map([[nodeAddress, 0], ...pods.map(({ip}, index) => [ip, index + 1] as const)])
  for (const address of externals === 'any' ? [] : externals) placeOf.set(address, outside)
  // Disposed of first: sockets keep a namespace alive.
  const courier = stack.use(await openCourier(places))
  await node.run(`iptables-${backend}-restore`, ['-w', '60'], {stdin: base})
  // Every table costs nft some 15 ms; programs name one or two.
  let changedTables: readonly string[] = []

  let lastId = 0
  const nextId = (): number => (lastId = (lastId % 0xffff) + 1)

  async function sendChunk(packets: readonly Packet[], first: number): Promise<(string | undefined)[]> {
    const ids = packets.map(nextId)
    const sent = packets.map((packet, index) => {
      const place = placeOf.get(packet.source) ?? (externals === 'any' ? outside : undefined)
      if (place === undefined) throw new RangeError(`no namespace has the source address ${packet.source}`)
      if ((packet.state ?? 'NEW') !== 'NEW') throw new RangeError(`only new connections can be sent, not ${packet.state}`)
      const sourcePort = packet.sourcePort ?? FIRST_SOURCE_PORT + ((first + index) % SOURCE_PORTS)
      return [place, packetBytes({...packet, sourcePort}, ids[index] ?? 0).toString('hex')] as const
    })
    const marks = packets.flatMap(({mark}, index) => (mark === undefined ? [] : [`${ids[index]} : ${mark}`]))
    if (marks.length > 0) await node.run('nft', [`add element ${MARKS} { ${marks.join(', ')} }`])
    const sentinels = sentinelsFor(packets)
    const arrived = await courier.deliver({
      send: [...sent, ...sentinels.map(({from, hex}) => [from, hex] as const)],
      await: sentinels.map(({to, id}): Arrival => [to, id]),
      timeoutMs,
    })
    if (marks.length > 0) await node.run('nft', [`flush map ${MARKS}`])
    const placeById = new Map(arrived.map(([place, id]) => [id, place]))
    return ids.map(id => names[placeById.get(id) ?? -1])
  }

  /** One for each way that packets take. What is sent to a service may come out anywhere. */
  function sentinelsFor(packets: readonly Packet[]): {from: number; to: number; id: number; hex: string}[] {
    const ways = new Map<string, {source: string; destination: string}>()
    for (const {source, destination} of packets) {
      const ends = placeOf.has(destination) ? [destination] : [...pods.map(({ip}) => ip), destination]
      for (const end of ends) ways.set(`${source} ${end}`, {source, destination: end})
    }
    return [...ways.values()].map(({source, destination}) => {
      const id = nextId()
      const hex = sentinelBytes(source, destination, id).toString('hex')
      return {from: placeOf.get(source) ?? outside, to: placeOf.get(destination) ?? outside, id, hex}
    })
  }

  async function arrivals(packets: readonly Packet[]): Promise<(string | undefined)[]> {
    // Earlier packets must not make these anything but the first of their connections.
    await node.run('conntrack', ['--flush'])
    const all: (string | undefined)[] = []
    for (let first = 0; first < packets.length; first += CHUNK)
      all.push(...(await sendChunk(packets.slice(first, first + CHUNK), first)))
    return all
  }

  const owned = stack.move()
  return {
    node,
    backend,
    async load(sets, rules) {
      if (changedTables.length > 0)
        await node.run(`iptables-${backend}-restore`, ['-w', '60'], {
          stdin: changedTables.map(name => tableOf(base, name)).join(''),
        })
      changedTables = tableNames(rules)
      await resetSets(node)
      await loadSets(node, sets)
      await loadRules(node, backend, rules)
    },
    async save() {
      return {rules: await saveRules(node, backend), sets: await saveSets(node)}
    },
    arrivals,
    probe: async packets => (await arrivals(packets)).map(place => (place === undefined ? 'drop' : 'accept')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const tableNames = (rules: string): string[] => [...new Set(Array.from(rules.matchAll(/^\*(\w+)$/gm), found => found[1] ?? ''))]

/** One table of a text for `iptables-restore`, empty if it is not there. Restored without --noflush it replaces the old one. */
function tableOf(rules: string, name: string): string {
  const start = rules.indexOf(`*${name}\n`)
  return start < 0 ? `*${name}\nCOMMIT\n` : rules.slice(start, rules.indexOf('COMMIT\n', start) + 'COMMIT\n'.length)
}

const TRIES = 100

/** The nft back end lets go of the sets that removed rules named a moment after the rules are gone. */
async function resetSets(node: Namespace): Promise<void> {
  for (let left = TRIES; ; left--) {
    // Members of lists are in use until the lists are empty.
    const {exitCode, stderr} = await node.run('ipset', ['restore'], {stdin: 'flush\ndestroy\n', allowFailure: true})
    if (exitCode === 0) return
    if (left === 0 || !stderr.includes('in use by a kernel component')) throw new Error(`ipset destroy: ${stderr}`)
    await setTimeout(10)
  }
}
