import type {Term} from '../../contract/common.ts'
import type {TranslatedRule} from '../../contract/translation.ts'
import {protocolName} from '../../net/protocols.ts'
import {describePorts} from '../../sets/describe-sets.ts'
import type {TermNames} from '../../sets/terms.ts'
import {type AddressField, addressField, type PortRange, portsOf, protocolsOf} from '../hns/conditions.ts'
import type {Acl, HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import {FROM_NODE} from '../npm/priorities.ts'

/** How an endpoint is called: HNS names most of them, by the container. */
export const endpointName = ({name, id}: HnsEndpoint): string => name || id

/** Where a rule stands. */
export const placeOf = (acl: Acl, endpoint: HnsEndpoint) => ({
  endpoint: endpointName(endpoint),
  acl: acl.id ?? 'without id',
  priority: acl.priority,
  position: acl.position,
})

/** An ACL in words, with what it asks of a packet. */
export function describeAcl(acl: Acl, endpoint: HnsEndpoint, names: TermNames): TranslatedRule {
  const isIn = acl.direction === 'In'
  const protocols = protocolsOf(acl)
  const ports = portsOf(isIn ? acl.localPorts : acl.remotePorts)
  const sides = endsOf(acl, names)
  const {port, endPort} = portFields(ports)
  const rule = {
    action: acl.action === 'Allow' ? ('allow' as const) : acl.action === 'Block' ? ('drop' as const) : ('unknown' as const),
    protocol: Array.isArray(protocols) ? protocols.map(each => protocolName(String(each))).join(',') : null,
    port,
    endPort,
    sources: sides.source.terms,
    destinations: sides.destination.terms,
  }
  const unmodelled = unmodelledOf(acl, {protocols, ports})
  return {
    where: placeOf(acl, endpoint),
    ...rule,
    ...(unmodelled.length > 0 && {unmodelled}),
    packets: null,
    bytes: null,
    text: sentence(acl, rule, sides, unmodelled),
    source: JSON.stringify(aclSettings(acl)),
  }
}

interface End {
  readonly terms: Term[]
  /** In words; undefined for any address. */
  readonly words: string | undefined
}

/** What a rule asks of both ends of a packet. Of sets it is the source that stands in LocalAddresses. */
function endsOf(acl: Acl, names: TermNames): {source: End; destination: End} {
  const isIn = acl.direction === 'In'
  const [source, destination]: [AddressField[], AddressField[]] = [[], []]
  for (const [text, isLocal] of [
    [acl.localAddresses, true],
    [acl.remoteAddresses, false],
  ] as const) {
    const field = addressField(text)
    const isSource = field.kind === 'literals' ? isLocal !== isIn : isLocal
    ;(isSource ? source : destination).push(field)
  }
  return {source: endOf(source, acl, names), destination: endOf(destination, acl, names)}
}

function endOf(fields: readonly AddressField[], acl: Acl, names: TermNames): End {
  const terms: Term[] = []
  const words: string[] = []
  for (const field of fields)
    if (field.kind === 'sets') {
      const its = field.ids.map(set => names.term({set, negated: false}, undefined))
      terms.push(...its)
      words.push(names.say(its))
    } else if (field.kind === 'literals') {
      const items = literalsOf(acl, field)
      // One of several may hold, which terms cannot say.
      terms.push({set: items, name: items, negated: false})
      words.push(items)
    } else if (field.kind === 'mixed') words.push(`${field.text}, addresses beside sets`)
  return {terms, words: words.length > 0 ? words.join(' and ') : undefined}
}

/** The text of a field of addresses, as it is written. */
const literalsOf = ({localAddresses, remoteAddresses}: Acl, field: AddressField): string =>
  [localAddresses, remoteAddresses].find(text => text !== undefined && isSameField(addressField(text), field)) ?? ''

const isSameField = (one: AddressField, other: AddressField): boolean => JSON.stringify(one) === JSON.stringify(other)

type Ports = readonly PortRange[] | 'any' | undefined

function portFields(ports: Ports): Pick<TranslatedRule, 'port' | 'endPort'> {
  if (ports === 'any' || ports === undefined) return {port: null, endPort: null}
  const [first, ...others] = ports
  if (first && others.length === 0) return {port: first.from, endPort: first.to > first.from ? first.to : null}
  return {port: ports.map(({from, to}) => (to > from ? `${from}-${to}` : String(from))).join(','), endPort: null}
}

function unmodelledOf(acl: Acl, {protocols, ports}: {readonly protocols: unknown; readonly ports: Ports}): string[] {
  const others = acl.direction === 'In' ? acl.remotePorts : acl.localPorts
  return [
    ...(protocols === undefined ? [`Protocols ${acl.protocols}`] : []),
    ...(ports === undefined ? [`ports ${acl.direction === 'In' ? acl.localPorts : acl.remotePorts}`] : []),
    ...(others !== undefined ? [`source port ${others}`] : []),
    ...(acl.ruleType?.toLowerCase() === 'host' ? ['it is of the host firewall'] : []),
  ]
}

function sentence(
  {direction, priority, action}: Acl,
  rule: Pick<TranslatedRule, 'action' | 'protocol' | 'port' | 'endPort'>,
  {source, destination}: {readonly source: End; readonly destination: End},
  others: readonly string[],
): string {
  const isIn = direction === 'In'
  const [peer, own] = isIn ? [source.words, destination.words] : [destination.words, source.words]
  const isForAll = peer === undefined && own === undefined && rule.protocol === null && rule.port === null && others.length === 0
  if (rule.action === 'drop' && isForAll) return 'drop everything else, unless another policy allows it'
  const words = [rule.action === 'unknown' ? `do something unknown (${action}) with` : rule.action]
  words.push(describePorts(rule.protocol, rule.port, rule.endPort), isIn ? 'from' : 'to')
  words.push(priority === FROM_NODE && peer !== undefined ? `the node itself (${peer})` : (peer ?? 'anywhere'))
  if (own !== undefined) words.push(isIn ? 'to' : 'from', own)
  if (others.length > 0) words.push(`if also ${others.join(' ')}`)
  return words.join(' ')
}
