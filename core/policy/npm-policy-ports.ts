import type {PolicyPort} from '../kubernetes/objects.ts'
import type {NamedSet} from './named-set.ts'
import type {UnsupportedList} from './unsupported.ts'

/** Conditions of a rule on protocol and destination port. An absent field matches everything. */
export interface NpmPolicyPort {
  /** Upper case, as in the API: `TCP`. */
  readonly protocol?: string
  readonly port?: {readonly from: number; readonly to: number}
  readonly namedPort?: NamedSet
}

/** What the translation of ports depends on. */
interface PortContext {
  readonly isLite: boolean
  readonly refusals: UnsupportedList
}

const PROTOCOLS = new Set(['TCP', 'UDP', 'SCTP'])
const HIGHEST_PORT = 65_535

/**
 * Translates the ports of one rule. Ports that are not valid become refusals and are left out.
 *
 * @param field of the list of ports in the policy
 */
export function npmPolicyPorts(ports: readonly PolicyPort[], field: string, context: PortContext): NpmPolicyPort[] {
  const translated: NpmPolicyPort[] = []
  for (const [index, each] of ports.entries()) {
    const port = translatePort(each, `${field}[${index}]`, context)
    if (port) translated.push(port)
  }
  return translated
}

function translatePort(
  {protocol = 'TCP', port, endPort}: PolicyPort,
  field: string,
  context: PortContext,
): NpmPolicyPort | undefined {
  const {refusals} = context
  if (!PROTOCOLS.has(protocol)) {
    refusals.add('BAD_PROTOCOL', `${field}.protocol`, `"${protocol}" is none of TCP, UDP and SCTP`)
    return undefined
  }
  if (port === undefined) return {protocol}
  if (typeof port === 'string') {
    if (context.isLite) refusals.add('LITE_NAMED_PORT', `${field}.port`, `NPM Lite knows no named ports such as "${port}"`)
    return {protocol, namedPort: {type: 'NamedPorts', name: `namedport:${port}`}}
  }
  const to = endPort ?? port
  if (isPort(port) && isPort(to) && to >= port) return {protocol, port: {from: port, to}}
  const isOne = endPort === undefined
  const reason = isOne ? `${port} is no port` : `${port} to ${to} is no range of ports`
  refusals.add('BAD_PORT_RANGE', `${field}.${isOne ? 'port' : 'endPort'}`, reason)
  return undefined
}

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= HIGHEST_PORT
