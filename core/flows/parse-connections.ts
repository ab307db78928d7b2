import {parseIpv4} from '../net/ipv4.ts'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'
import {eachLine, shownLine, type Text} from '../text/lines.ts'
import type {Connection, Tuple} from './connection.ts'

/** What a list of connections holds. */
export interface ParsedConnections {
  readonly connections: readonly Connection[]
  /** How many lines could not be read: each may be a connection. */
  readonly unread: number
  readonly problems: readonly Problem[]
}

/** What conntrack says on stderr, which a shell may have put into the same file. */
const SUMMARY = /^conntrack v\S+ \(conntrack-tools\): /

/**
 * Reads what `conntrack -L` prints, with and without `-o extended` and `id`, and `/proc/net/nf_conntrack`. A damaged line is a problem,
 * and the others are read. Source: `__snprintf_conntrack_default` of libnetfilter_conntrack, `ct_seq_show` of the kernel.
 *
 * @param file its name, for problems
 */
export function parseConnections(text: Text, file?: string): ParsedConnections {
  const connections: Connection[] = []
  const problems = new ProblemList(file)
  let unread = 0
  const add = (code: Problem['code'], message: string, line: number, shown: string) => {
    unread++
    problems.add({code, message, next: 'Take it again: conntrack -L -o extended', line, text: shownLine(shown)})
  }
  eachLine(text, (piece, start, end, line) => {
    const given = piece.slice(start, end).trim()
    if (given === '' || SUMMARY.test(given)) return
    // Of a number at the end of a text that was cut off, digits may be missing. All lines of `conntrack -L` end with `use=`.
    if (end === piece.length && piece === text.at(-1) && !/ use=\d+\s*$/.test(given))
      return add('TRUNCATED_FILE', 'the list of connections ends within a line, which is left out', line, given)
    const read = readLine(given)
    if (typeof read === 'string') add('UNKNOWN_LINE', `this line is no connection that can be read: ${read}`, line, given)
    else connections.push(read)
  })
  return {connections, unread, problems: problems.all()}
}

/** Text of times, which has spaces. */
const TIMES = /\[(?:start|stop)=[^\]]*\]/g

/** The connection of a line, or why it is none. */
function readLine(line: string): Connection | string {
  const words = line.replace(TIMES, '').split(/\s+/)
  let at = 0
  const named = words[at] === 'ipv4' || words[at] === 'ipv6' ? words[at] : undefined
  if (named !== undefined) at += 2
  const protocol = words[at++] ?? ''
  const protocolNumber = numberOf(words[at++], 255)
  if (!/^[a-z][\w-]*$/.test(protocol) || protocolNumber === undefined) return 'it does not begin with a protocol'
  const timeout = /^\d+$/.test(words[at] ?? '') ? Number(words[at++]) : undefined
  const state = /^[A-Z][A-Z\d_]*$/.test(words[at] ?? '') ? words[at++] : undefined
  const {directions, facts, flags, odd} = sortWords(words.slice(at))
  if (odd !== undefined) return `${odd} is not understood`
  const [original, reply, ...others] = directions.map(fields => tupleOf(fields, protocol))
  if (others.length > 0) return 'it has more than two directions'
  if (original === undefined || reply === undefined) return 'a direction is missing, or an address or a port of one'
  const isIpv6 = original.source.includes(':')
  if (named !== undefined && (named === 'ipv6') !== isIpv6) return `its addresses are not of ${named}`
  const numbers = {mark: factOf(facts, 'mark'), zone: factOf(facts, 'zone'), id: factOf(facts, 'id')}
  const bad = Object.entries(numbers).find(([, value]) => value === 'bad')
  if (bad) return `its ${bad[0]} is no number`
  return {
    family: isIpv6 ? 'ipv6' : 'ipv4',
    protocol,
    protocolNumber,
    ...(timeout !== undefined && {timeout}),
    ...(state !== undefined && {state}),
    original,
    reply,
    isUnreplied: flags.has('[UNREPLIED]'),
    isAssured: flags.has('[ASSURED]'),
    ...(Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)) as {
      mark?: number
      zone?: number
      id?: number
    }),
  }
}

type Fields = Map<string, string>

/** Fields that belong to the direction before them. */
const OF_DIRECTION = new Set(['src', 'dst', 'sport', 'dport', 'type', 'code', 'zone-orig', 'zone-reply', 'srckey', 'dstkey'])

/** Sorts the fields of a line: those of each direction, and those of the connection. */
function sortWords(words: readonly string[]) {
  const directions: Fields[] = []
  const facts: Fields = new Map()
  const flags = new Set<string>()
  let odd: string | undefined
  for (const word of words) {
    if (/^\[[A-Z_]+\]$/.test(word)) {
      flags.add(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(0, Math.max(equals, 0))
    if (name === '') odd ??= word
    if (name === 'src') directions.push(new Map())
    const direction = directions.at(-1)
    // The number of a ping is called as that of an entry, which stands at the end.
    const isPing = name === 'id' && direction?.has('type') === true && !direction.has('id')
    const fields = direction && (isPing || OF_DIRECTION.has(name)) ? direction : facts
    if (fields.has(name) && fields !== facts) odd ??= word
    fields.set(name, word.slice(equals + 1))
  }
  return {directions, facts, flags, odd}
}

const WITH_PORTS = new Set(['tcp', 'udp', 'udplite', 'sctp', 'dccp'])
const LARGEST_PORT = 0xffff

/** A direction; undefined when something of it is missing, or no such thing. */
function tupleOf(fields: Fields, protocol: string): Tuple | undefined {
  const source = fields.get('src') ?? ''
  const destination = fields.get('dst') ?? ''
  if (!isAddress(source) || !isAddress(destination) || source.includes(':') !== destination.includes(':')) return undefined
  const zone = numberOf(fields.get('zone-orig') ?? fields.get('zone-reply'), LARGEST_PORT)
  const common = {source, destination, ...(zone !== undefined && {zone})}
  if (WITH_PORTS.has(protocol)) {
    const sourcePort = numberOf(fields.get('sport'), LARGEST_PORT)
    const destinationPort = numberOf(fields.get('dport'), LARGEST_PORT)
    return sourcePort === undefined || destinationPort === undefined ? undefined : {...common, sourcePort, destinationPort}
  }
  if (protocol !== 'icmp' && protocol !== 'icmpv6') return common
  const [type, code, id] = [
    numberOf(fields.get('type'), 255),
    numberOf(fields.get('code'), 255),
    numberOf(fields.get('id'), LARGEST_PORT),
  ]
  return type === undefined || code === undefined || id === undefined ? undefined : {...common, icmp: {type, code, id}}
}

const isAddress = (text: string): boolean => parseIpv4(text) !== undefined || /^(?=.*:)[\da-f:]+(?:[\d.]+)?$/i.test(text)

function numberOf(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

const LARGEST_WORD = 0xffff_ffff

/** A number of the connection: undefined when it is not there. */
function factOf(facts: Fields, name: string): number | 'bad' | undefined {
  const text = facts.get(name)
  return text === undefined ? undefined : (numberOf(text, LARGEST_WORD) ?? 'bad')
}
