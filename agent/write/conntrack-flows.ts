import {networkInterfaces} from 'node:os'
import {setTimeout as sleep} from 'node:timers/promises'
import {documentsFor} from '../../core/contract/node-documents.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {Connection, Tuple} from '../../core/flows/connection.ts'
import {type DeniedConnection, type FoundFlows, findDenied} from '../../core/flows/find-denied.ts'
import {type ParsedConnections, parseConnections} from '../../core/flows/parse-connections.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import {limits} from '../limits/limits.ts'
import {documentReaders} from '../node/documents.ts'
import {run} from '../node/run.ts'
import type {DeniedFlows} from './denied-flows.ts'

/** How long all that is to be ended may take: conntrack looks at its whole table for each. */
const END_MS = 60_000
/** After this time a connection in use that was picked up again is seen. */
const LOOK_AGAIN_MS = 250

/** Where there is no connection the node need not be looked at. */
const NO_FLOWS: FoundFlows = {denied: [], counts: {connections: 0, judged: 0, denied: 0, unanswered: 0, unknown: 0}, unknown: []}

/** The connections of this node's network namespace, read and ended with conntrack. */
export const conntrackFlows: DeniedFlows = {
  async missing() {
    const {end, failure} = await run('conntrack', ['--version'])
    return end === 'ok' ? undefined : failure
  },

  async find(open: () => Promise<NodeState>): Promise<FoundFlows> {
    const {connections, unread} = await readConnections()
    const found = connections.length === 0 ? NO_FLOWS : findDenied(await open(), connections, {ownAddresses: ownAddresses()})
    return {...found, counts: {...found.counts, unknown: found.counts.unknown + unread}}
  },

  async end(denied) {
    const deadline = performance.now() + END_MS
    const gone = new Set<DeniedConnection>()
    let failure: string | undefined
    for (const each of denied) {
      const left = deadline - performance.now()
      if (left <= 0) break
      failure = await deleteEntry(each.connection, left)
      if (failure === undefined) gone.add(each)
    }
    if (gone.size === 0 && failure !== undefined) throw new Error(failure)
    await leaveOutLiving(gone)
    return gone
  },
}

/** The addresses by which packets are the node's own. */
const ownAddresses = (): ReadonlySet<string> =>
  new Set(
    Object.values(networkInterfaces()).flatMap((each = []) =>
      each.filter(({family}) => family === 'IPv4').map(({address}) => address),
    ),
  )

async function readConnections(): Promise<ParsedConnections> {
  const sources = {version: '', cluster: undefined, limits, run}
  const decoding = new TextDecoding()
  for (const reader of (await documentReaders(documentsFor('flows'), sources)).values()) {
    const pieces = reader(new AbortController().signal)
    let next = await pieces.next()
    for (; !next.done; next = await pieces.next()) decoding.push(next.value)
    const [problem] = next.value.problems
    if (problem) throw new Error(problem.message)
  }
  return parseConnections(decoding.end())
}

/** The answer of conntrack when there is no such entry any more. */
const NONE = /\b0 flow entries have been deleted/

/** Deletes one entry. @returns why it could not; undefined when it is gone */
async function deleteEntry(connection: Connection, timeoutMs: number): Promise<string | undefined> {
  const {end, failure} = await run('conntrack', deleteArguments(connection), {timeoutMs: Math.ceil(timeoutMs)})
  return end === 'ok' || NONE.test(failure) ? undefined : failure
}

/**
 * What tells conntrack to delete this entry and no other. Without a zone it would delete those of all zones with the same addresses; the
 * addresses behind translation keep it from a later connection of the same ports to another pod.
 */
export function deleteArguments({family, protocol, original, reply, zone}: Connection): string[] {
  const {source, destination, sourcePort, destinationPort, icmp} = original
  const ports = (kind: 'orig' | 'reply', from: number | undefined, to: number | undefined): string[] =>
    from === undefined || to === undefined ? [] : [`--${kind}-port-src`, `${from}`, `--${kind}-port-dst`, `${to}`]
  const zones =
    original.zone !== undefined
      ? ['--orig-zone', `${original.zone}`]
      : reply.zone !== undefined
        ? ['--reply-zone', `${reply.zone}`]
        : ['--zone', `${zone ?? 0}`]
  const from = ['--orig-src', source, '--orig-dst', destination, ...ports('orig', sourcePort, destinationPort)]
  const back = ['--reply-src', reply.source, '--reply-dst', reply.destination]
  return [
    '-D',
    '--family',
    family,
    '-p',
    protocol,
    ...from,
    ...back,
    ...ports('reply', reply.sourcePort, reply.destinationPort),
    ...(icmp ? ['--icmp-type', `${icmp.type}`, '--icmp-code', `${icmp.code}`, '--icmp-id', `${icmp.id}`] : []),
    ...zones,
  ]
}

const keyOf = (protocol: string, {source, sourcePort, destination, destinationPort}: Tuple): string =>
  `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`

/**
 * Takes those out that go on. The kernel takes a packet in the middle of a TCP connection that it does not know for a new one: the next
 * packet of the server may open it again the other way round, if policies allow that way.
 */
async function leaveOutLiving(gone: Set<DeniedConnection>): Promise<void> {
  const tcp = [...gone].filter(({connection}) => connection.protocol === 'tcp')
  if (tcp.length === 0) return
  await sleep(LOOK_AGAIN_MS)
  const {connections} = await readConnections()
  const there = new Set(connections.map(({protocol, original}) => keyOf(protocol, original)))
  for (const each of tcp) {
    const {original, reply} = each.connection
    if (there.has(keyOf('tcp', original)) || there.has(keyOf('tcp', reply))) gone.delete(each)
  }
}
