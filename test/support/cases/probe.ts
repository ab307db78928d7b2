import type {Packet} from '../../../core/net/packet.ts'

/** Somebody with an address: a pod by `namespace/name`, or an address outside by its name. */
export interface Endpoint {
  readonly name: string
  readonly address: string
  /** Behind the wire that leads out of the node: it reaches others out there without the node's help. */
  readonly isOutside: boolean
}

export interface Probe {
  readonly from: string
  readonly to: string
  /** `tcp/80`, `icmp` */
  readonly port: string
  readonly packet: Packet
}

export type Verdict = 'accept' | 'drop'

export const probeText = ({from, to, port}: Probe): string => `${from} -> ${to} ${port}`

const PORT = /^(\d+)(?:\/(tcp|udp|sctp))?$/

/** Everybody to everybody else on every port, as far as it goes through the node. */
export function allProbes(endpoints: readonly Endpoint[], ports: readonly (number | string)[]): Probe[] {
  const parts = ports.map(readPort)
  return endpoints.flatMap(from =>
    endpoints
      .filter(to => to !== from && !(to.isOutside && from.isOutside))
      .flatMap(to =>
        parts.map(({protocol, port}) => ({
          from: from.name,
          to: to.name,
          port: port === undefined ? protocol : `${protocol}/${port}`,
          packet: {source: from.address, destination: to.address, protocol, ...(port !== undefined && {port})},
        })),
      ),
  )
}

function readPort(text: number | string): {protocol: Packet['protocol']; port?: number} {
  if (text === 'icmp') return {protocol: 'icmp'}
  const found = PORT.exec(String(text))
  if (!found) throw new TypeError(`not a port: ${text}`)
  return {protocol: (found[2] ?? 'tcp') as Packet['protocol'], port: Number(found[1])}
}

/**
 * Gives each probe the verdict of the last line about it. A line is `FROM, … -> TO, … PORT, …: VERDICT`; `*` is everybody,
 * `quay/*` the pods of a namespace, `tcp/*` every port of a protocol, `any` everything.
 *
 * @throws TypeError for a line of another shape, RangeError for a word that no probe fits
 */
export function expectedVerdicts(probes: readonly Probe[], lines: readonly string[]): Map<Probe, Verdict> {
  const expected = new Map<Probe, Verdict>()
  for (const line of lines) {
    const {from, to, ports, verdict} = readLine(line)
    for (const [words, field] of [
      [from, 'from'],
      [to, 'to'],
      [ports, 'port'],
    ] as const)
      for (const word of words)
        if (!probes.some(probe => fits(word, probe[field]))) throw new RangeError(`"${word}" is nothing here: ${line}`)
    const fitsOne = (words: readonly string[], text: string): boolean => words.some(word => fits(word, text))
    for (const probe of probes)
      if (fitsOne(from, probe.from) && fitsOne(to, probe.to) && fitsOne(ports, probe.port)) expected.set(probe, verdict)
  }
  return expected
}

const LINE = /^(.+) -> (.+): (accept|drop)$/
const IS_PORT = /^(?:(?:tcp|udp|sctp)\/(?:\d+|\*)|icmp|any)$/

function readLine(line: string): {from: string[]; to: string[]; ports: string[]; verdict: Verdict} {
  const found = LINE.exec(line)
  const [from = '', rest = ''] = found?.slice(1) ?? []
  const words = rest.split(/,? /)
  const ports = words.filter(word => IS_PORT.test(word))
  const to = words.filter(word => !IS_PORT.test(word))
  if (!found || to.length === 0 || ports.length === 0) throw new TypeError(`not "FROM -> TO PORT: VERDICT": ${line}`)
  return {from: from.split(', '), to, ports, verdict: found[3] === 'accept' ? 'accept' : 'drop'}
}

function fits(word: string, text: string): boolean {
  if (word === '*' || word === 'any') return true
  return word.endsWith('/*') ? text.startsWith(word.slice(0, -1)) : word === text
}
