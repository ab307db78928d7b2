import {protocolHolds} from '../../../net/protocols.ts'
import type {Truth} from '../../../net/truth.ts'
import type {Passing} from '../passing.ts'
import {
  ALWAYS,
  type Condition,
  condition,
  conjunction,
  constant,
  eachOption,
  type ModuleReader,
  negatable,
  UNKNOWN,
} from './condition.ts'
import type {Option} from './options.ts'

/** Ports, both ends included. */
interface Range {
  readonly from: number
  readonly to: number
}

const WHOLE = 65_535

/** Reads `80`, `80:90`, `:90` and `80:`. */
function rangeOf(text: string): Range | undefined {
  const [, from = '', colon = '', to = ''] = /^(\d*)(:?)(\d*)$/.exec(text) ?? []
  if (from === '' && colon === '') return undefined
  const first = from === '' ? 0 : Number(from)
  const last = colon === '' ? first : to === '' ? WHOLE : Number(to)
  return first <= WHOLE && last <= WHOLE ? {from: first, to: last} : undefined
}

const isIn = (ranges: readonly Range[], port: number | undefined): Truth =>
  port === undefined
    ? ranges.some(({from, to}) => from === 0 && to === WHOLE) || 'unknown'
    : ranges.some(({from, to}) => port >= from && port <= to)

type PortField = 'port' | 'sourcePort'

function portsIn(option: Option, ...fields: readonly PortField[]): Condition | undefined {
  const ranges = option.value.split(',').map(rangeOf)
  if (!ranges.every(range => range !== undefined)) return undefined
  return negatable(
    option,
    condition(fields, packet => {
      let result: Truth = false
      for (const field of fields) {
        const truth = isIn(ranges, packet[field])
        if (truth === true) return true
        if (truth === 'unknown') result = truth
      }
      return result
    }),
  )
}

/** A port of several, of either end with `--ports`. */
export const multiport: ModuleReader = eachOption({
  ports: option => portsIn(option, 'sourcePort', 'port'),
  sports: option => portsIn(option, 'sourcePort'),
  'source-ports': option => portsIn(option, 'sourcePort'),
  dports: option => portsIn(option, 'port'),
  'destination-ports': option => portsIn(option, 'port'),
})

const withPorts = {
  sport: (option: Option) => portsIn(option, 'sourcePort'),
  'source-port': (option: Option) => portsIn(option, 'sourcePort'),
  dport: (option: Option) => portsIn(option, 'port'),
  'destination-port': (option: Option) => portsIn(option, 'port'),
}

/** A match that holds for packets of one protocol only. */
const ofProtocol =
  (protocol: string, read: ModuleReader): ModuleReader =>
  options => {
    const rest = read(options)
    return rest && conjunction([condition(['protocol'], packet => protocolHolds(protocol, packet.protocol)), rest])
  }

/** What holds for the first packet of a connection; of later ones it is not known. */
const ifFirst = (truth: boolean): Condition => condition(['state'], ({isFirst}: Passing) => (isFirst ? truth : 'unknown'))

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const

function flagsIn(text: string): readonly string[] | undefined {
  if (text === 'ALL') return FLAGS
  if (text === 'NONE') return []
  const flags = text.split(',')
  return flags.every(flag => (FLAGS as readonly string[]).includes(flag)) ? flags : undefined
}

/** The first packet of a connection has SYN alone. */
function flags(option: Option): Condition | undefined {
  const [looked, wanted] = option.values.map(flagsIn)
  if (!looked || !wanted) return undefined
  const isSet = (flag: string): boolean => flag === 'SYN'
  const isWanted = looked.every(flag => isSet(flag) === wanted.includes(flag)) && wanted.every(flag => looked.includes(flag))
  return negatable(option, ifFirst(isWanted))
}

export const tcp: ModuleReader = ofProtocol(
  'tcp',
  eachOption({
    ...withPorts,
    syn: option => negatable(option, ifFirst(true)),
    'tcp-flags': flags,
  }),
)

export const udp: ModuleReader = ofProtocol('udp', eachOption(withPorts))
export const udplite: ModuleReader = ofProtocol('udplite', eachOption(withPorts))
export const dccp: ModuleReader = ofProtocol('dccp', eachOption(withPorts))

/** The first packet of an association holds the chunk INIT and no other. */
function chunks(option: Option): Condition | undefined {
  const [how, list = ''] = option.values
  const wanted = list.split(',')
  if (list === 'ALL' || list === 'NONE' || wanted.some(each => each.includes(':'))) return undefined
  const hasInit = wanted.includes('INIT')
  if (how === 'any') return negatable(option, ifFirst(hasInit))
  if (how === 'only') return negatable(option, ifFirst(hasInit))
  return how === 'all' ? negatable(option, ifFirst(hasInit && wanted.length === 1)) : undefined
}

export const sctp: ModuleReader = ofProtocol('sctp', eachOption({...withPorts, 'chunk-types': chunks}))

/** Names of an echo request, which is the first packet of a connection of ICMP. */
const ECHO_REQUESTS: ReadonlySet<string> = new Set(['8', '8/0', 'echo-request', 'ping'])

function icmpType(option: Option): Condition | undefined {
  if (option.value === 'any') return negatable(option, ALWAYS)
  const isNumber = /^\d+(?:\/\d+)?$/.test(option.value)
  const isName = /^[a-z][\w-]+$/i.test(option.value)
  return isNumber || isName ? negatable(option, ifFirst(ECHO_REQUESTS.has(option.value))) : undefined
}

export const icmp: ModuleReader = ofProtocol('icmp', eachOption({'icmp-type': icmpType}))

/** What is modelled of a protocol's packets is which protocol they are of. */
export const otherProtocol = (protocol: string): ModuleReader => ofProtocol(protocol, () => UNKNOWN)

/** A packet that opens a connection is no fragment. */
export const fragment = (options: string): Condition => constant(options.startsWith('!'))
