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
