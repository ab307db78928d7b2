import type {Packet} from '../net/packet.ts'
import {InputError} from '../problem/input-error.ts'

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'icmp'] as const satisfies readonly Packet['protocol'][]

const isKnown = (text: string): text is (typeof PROTOCOLS)[number] => (PROTOCOLS as readonly string[]).includes(text)

/**
 * Reads a port and a protocol as people and manifests write them: `53/udp`, `80` and `TCP`, `dns`.
 *
 * @param port     a number or a name, with the protocol behind a slash or without
 * @param protocol in upper or lower case; tcp where nothing says it
 * @throws InputError for a protocol that is none, and when the two contradict each other
 */
export function readPort(
  port: string | undefined,
  protocol: string | undefined,
): {readonly port: string | undefined; readonly protocol: (typeof PROTOCOLS)[number]} {
  const slash = port?.indexOf('/') ?? -1
  const behind = slash < 0 ? undefined : protocolOf(port?.slice(slash + 1) ?? '', `--port ${port}`)
  const given = protocol === undefined ? undefined : protocolOf(protocol, `--protocol ${protocol}`)
  if (behind !== undefined && given !== undefined && behind !== given)
    throw new InputError(`--port ${port} is of ${behind}, and --protocol says ${given}`, 'Say the protocol once.')
  return {port: slash < 0 ? port : port?.slice(0, slash), protocol: behind ?? given ?? 'tcp'}
}

function protocolOf(text: string, where: string): (typeof PROTOCOLS)[number] {
  const lower = text.toLowerCase()
  if (isKnown(lower)) return lower
  throw new InputError(
    `${where}: "${text}" is none of ${PROTOCOLS.join(', ')}`,
    'Give it like --port 53/udp, or --port 53 --protocol udp.',
  )
}

/** Ports that are asked for: from the first number to the last, or one by its name. */
export type AskedPorts = {readonly protocol: (typeof PROTOCOLS)[number]} & (
  | {readonly from: number; readonly to: number}
  | {readonly name: string}
)

const RANGE = /^(\d+)(?:-(\d+))?$/
/** A range as iptables writes it. */
const COLON = /^\d+:\d+$/
const LAST_PORT = 65_535

/**
 * Reads lists of ports: `80,443`, `8000-8010`, `http`, `53/udp`. Each has the protocol behind its slash, or else the one that is given.
 *
 * @param texts values of the flag, each a list
 * @throws InputError for what is no port, a range that goes backwards, and what `readPort` refuses
 */
export function readPorts(texts: readonly string[], protocol: string | undefined): AskedPorts[] {
  return texts
    .flatMap(list => list.split(',').map(text => ({text: text.trim(), list})))
    .map(({text, list}) => {
      if (text === '') throw new InputError(`--port ${list}: a port is empty`, 'Give it like --port 80,443, 8000-8010 or http.')
      const asked = readPort(text, protocol)
      const [colon] = COLON.exec(asked.port ?? '') ?? []
      if (colon !== undefined)
        throw new InputError(`"${colon}" is no port`, `A range is written with a dash: ${colon.replace(':', '-')}`)
      const [, first, last = first] = RANGE.exec(asked.port ?? '') ?? []
      if (first === undefined || last === undefined) return {protocol: asked.protocol, name: asked.port ?? ''}
      const [from, to] = [Number(first), Number(last)]
      const wrong = [from, to].find(port => port > LAST_PORT)
      if (wrong !== undefined) throw new InputError(`port ${wrong} is out of range`, 'Ports go from 0 to 65535.')
      if (from > to) throw new InputError(`--port ${text}: the range goes backwards`, `Give it like --port ${to}-${from}.`)
      return {protocol: asked.protocol, from, to}
    })
}
