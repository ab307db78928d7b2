import type {Trace, TraceList} from '../contract/trace.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {protocolOf} from '../kubernetes/named-ports.ts'
import {isHeadless} from '../kubernetes/service-backends.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import type {AskedPorts} from './asked-port.ts'
import {routeOf} from './nodes.ts'
import {type DescribedPacket, endsOf, type TracedEnds, traceBetween} from './trace-packet.ts'
import {outcomesOf, TraceInput} from './trace-question.ts'

/** Packets to several ports, as the user describes them. */
export interface DescribedPackets extends Omit<DescribedPacket, 'port' | 'protocol'> {
  readonly ports: readonly AskedPorts[]
}

type Item = TraceList['items'][number]

/** Behind a headless service each port is traced for itself. */
const MOST_TRACED = 256

/**
 * Traces packets to several ports, or to all of a range. A range is cut where anything changes, which every single port is asked for: no
 * port stands for others that were not looked at.
 *
 * @throws InputError as `tracePacket`, and for ports that a service has none of
 */
export function tracePorts(dumps: readonly NodeState[], asked: DescribedPackets, problems: readonly Problem[]): TraceList {
  const input = new TraceInput(dumps)
  const ends = endsOf(dumps, asked)
  const items = asked.ports.flatMap(port => itemsOf(input, ends, port, asked.mark, problems))
  const verdicts = new Set(items.map(({trace}) => trace.verdict))
  const verdict = verdicts.has('drop') ? 'drop' : verdicts.has('unknown') ? 'unknown' : 'accept'
  return {apiVersion: API_VERSION, kind: 'TraceList', verdict, items}
}

function itemsOf(
  input: TraceInput,
  ends: TracedEnds,
  asked: AskedPorts,
  mark: number | undefined,
  problems: readonly Problem[],
): Item[] {
  const {protocol} = asked
  if (protocol === 'icmp') throw new InputError('icmp has no ports', 'Leave --port out, or give tcp, udp or sctp.')
  const trace = (port: string): Trace => traceBetween(input, ends, {protocol, port, mark}, problems)
  const one = (port: string): Item => {
    const traced = trace(port)
    const number = traced.packet.port ?? 0
    return {protocol, from: number, to: number, trace: traced}
  }
  if ('name' in asked) return [one(asked.name)]
  if (asked.from === asked.to) return [one(`${asked.from}`)]
  const {service} = ends.destination
  if (service) return portsOfService(service, protocol, asked).map(port => one(`${port}`))
  const {from, to} = asked
  const outcome = outcomesOf(
    input,
    {...ends, protocol, port: from, ...(mark !== undefined && {mark})},
    routeOf(input.dumps, ends.source, ends.destination),
  )
  const starts: number[] = []
  let last: string | undefined
  for (let port = from; port <= to; port++) {
    const now = outcome(port)
    if (now !== last) starts.push(port)
    last = now
  }
  return starts.map((start, at) => ({protocol, from: start, to: (starts[at + 1] ?? to + 1) - 1, trace: trace(`${start}`)}))
}

/** The ports of a range at which a service can be reached. */
function portsOfService(
  service: NonNullable<TracedEnds['destination']['service']>,
  protocol: string,
  {from, to}: {readonly from: number; readonly to: number},
): number[] {
  if (!isHeadless(service)) {
    const own = (service.spec.ports ?? []).filter(each => protocolOf(each) === protocol && each.port >= from && each.port <= to)
    if (own.length > 0) return own.map(({port}) => port).toSorted((a, b) => a - b)
    throw new InputError(
      `service ${service.metadata.name} has no ${protocol} port from ${from} to ${to}: nobody receives what is sent there`,
      'See its ports: kubectl npm describe svc/NAME',
    )
  }
  if (to - from >= MOST_TRACED)
    throw new InputError(
      `${to - from + 1} ports of a headless service are more than the ${MOST_TRACED} that are traced at once`,
      'Give a shorter range, or one of its pods.',
    )
  return Array.from({length: to - from + 1}, (_, at) => from + at)
}
