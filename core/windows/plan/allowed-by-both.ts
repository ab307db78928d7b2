import type {Ipv4Block} from '../../net/ipv4.ts'
import {blockHolds, printIpv4} from '../../net/ipv4.ts'
import type {AddressField, PortRange} from '../hns/conditions.ts'
import {HIGHEST_PRIORITY} from '../npm/priorities.ts'
import type {ProgramAcl} from '../npm/program.ts'
import type {EndpointRule, RuleList} from '../walk/endpoint-rules.ts'
import {BETWEEN_ID, keyOf} from './part.ts'

/** More ACLs than these at one endpoint are not made for the time between two operations. */
const MOST_ACLS = 4_000

/** Conditions of one ACL, or of two at once. */
interface Conditions {
  readonly protocols: readonly number[] | 'any'
  readonly destinationPorts: readonly PortRange[] | 'any'
  readonly sourcePorts: readonly PortRange[] | 'any'
  readonly source: EndCondition
  readonly destination: EndCondition
}

/** What an end must be: in all of some sets, and in one of some blocks. */
interface EndCondition {
  readonly ids: readonly string[]
  readonly blocks?: readonly Ipv4Block[]
}

interface Combined extends Conditions {
  readonly allows: boolean
}

/**
 * ACLs of one direction that allow exactly what two lists both allow. Of each list the first rule that matches decides, so of pairs of
 * rules the first that matches does, in the order of the first list and then of the second: it allows if both of it do.
 *
 * @param before the rules of a direction, those of other programs among them, which stay where they are
 * @returns undefined where ACLs cannot say it
 */
export function allowedByBoth(before: RuleList, after: RuleList): ProgramAcl[] | undefined {
  const prefix = sharedPrefix(before.rules, after.rules)
  const [first, second] = [before.rules.slice(prefix), after.rules.slice(prefix)]
  const all: Combined[] = []
  for (const one of withDefault(first, before)) {
    const left = conditionsOf(one)
    if (!left) return undefined
    if (!one.allows) {
      all.push({...left, allows: false})
      continue
    }
    for (const other of withDefault(second, after)) {
      const right = conditionsOf(other)
      const both = right && bothOf(left, right)
      if (!right || both === undefined) return undefined
      if (both) all.push({...both, allows: other.allows === true})
      if (all.length > MOST_ACLS) return undefined
    }
  }
  return printed(all, before.direction, before.rules[prefix - 1]?.acl.priority ?? 0, [...before.rules, ...after.rules])
}

type Rule = Pick<EndpointRule, 'allows' | 'protocols' | 'destinationPorts' | 'sourcePorts' | 'source' | 'destination'>

const isUnconditional = ({protocols, destinationPorts, sourcePorts, source, destination}: Rule): boolean =>
  protocols === 'any' && destinationPorts === 'any' && sourcePorts === 'any' && source.length + destination.length === 0

/** Rules up to the one that decides all that is left, which HNS has itself where none is written. */
function withDefault(rules: readonly EndpointRule[], {hasAny}: RuleList): readonly Rule[] {
  const last = rules.findIndex(isUnconditional)
  if (last >= 0) return rules.slice(0, last + 1)
  return [...rules, {allows: !hasAny, protocols: 'any', destinationPorts: 'any', sourcePorts: 'any', source: [], destination: []}]
}

/** How many rules of other programs come before all that differ. */
function sharedPrefix(one: readonly EndpointRule[], other: readonly EndpointRule[]): number {
  let at = 0
  while (one[at] && other[at] && keyOf((one[at] as EndpointRule).acl) === keyOf((other[at] as EndpointRule).acl)) at++
  // Those of one priority stay together.
  const isCut = (rules: readonly EndpointRule[]): boolean => at > 0 && rules[at]?.acl.priority === rules[at - 1]?.acl.priority
  while (at > 0 && (isCut(one) || isCut(other) || one.slice(0, at).some(({acl}) => acl.id?.startsWith('azure-acl')))) at--
  return at
}

function conditionsOf({allows, protocols, destinationPorts, sourcePorts, source, destination}: Rule): Conditions | undefined {
  if (allows === undefined || !protocols || !destinationPorts || !sourcePorts) return undefined
  const [from, to] = [endOf(source), endOf(destination)]
  return from && to && {protocols, destinationPorts, sourcePorts, source: from, destination: to}
}

function endOf(fields: readonly AddressField[]): EndCondition | undefined {
  let end: EndCondition | undefined = {ids: []}
  for (const field of fields) {
    if (field.kind === 'any') continue
    if (field.kind === 'mixed') return undefined
    end = bothEnds(end, field.kind === 'sets' ? {ids: field.ids} : {ids: [], blocks: field.blocks})
    if (!end) return undefined
  }
  return end
}

/** What meets the conditions of both; null for nothing. */
function bothOf(one: Conditions, other: Conditions): Conditions | null {
  const protocols = bothLists(one.protocols, other.protocols, (a, b) => a.filter(each => b.includes(each)))
  const destinationPorts = bothLists(one.destinationPorts, other.destinationPorts, bothRanges)
  const sourcePorts = bothLists(one.sourcePorts, other.sourcePorts, bothRanges)
  if (protocols.length === 0 || destinationPorts.length === 0 || sourcePorts.length === 0) return null
  const [source, destination] = [bothEnds(one.source, other.source), bothEnds(one.destination, other.destination)]
  if (source.blocks?.length === 0 || destination.blocks?.length === 0) return null
  return {protocols, destinationPorts, sourcePorts, source, destination}
}

function bothLists<Item>(
  one: readonly Item[] | 'any',
  other: readonly Item[] | 'any',
  meet: (one: readonly Item[], other: readonly Item[]) => Item[],
): readonly Item[] | 'any' {
  return one === 'any' ? other : other === 'any' ? one : meet(one, other)
}

const bothRanges = (one: readonly PortRange[], other: readonly PortRange[]): PortRange[] =>
  one.flatMap(a =>
    other.flatMap(b => {
      const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)]
      return from <= to ? [{from, to}] : []
    }),
  )

function bothEnds(one: EndCondition, other: EndCondition): EndCondition {
  const ids = [...new Set([...one.ids, ...other.ids])]
  const blocks = one.blocks && other.blocks ? bothBlocks(one.blocks, other.blocks) : (one.blocks ?? other.blocks)
  return {ids, ...(blocks && {blocks})}
}

/** Of two blocks one holds the other, or they have nothing in common. */
const bothBlocks = (one: readonly Ipv4Block[], other: readonly Ipv4Block[]): Ipv4Block[] =>
  one.flatMap(a =>
    other.flatMap(b => {
      if (a.prefix >= b.prefix) return blockHolds(b, a.base) ? [a] : []
      return blockHolds(a, b.base) ? [b] : []
    }),
  )

/** Rules behind each other that do the same have one priority, for their order is of no account. */
function printed(
  all: readonly Combined[],
  direction: RuleList['direction'],
  above: number,
  rules: readonly EndpointRule[],
): ProgramAcl[] | undefined {
  const foreign = rules.flatMap(({acl}) => (acl.id?.startsWith('azure-acl') || acl.priority <= above ? [] : [acl.priority]))
  const below = Math.min(HIGHEST_PRIORITY + 1, ...foreign)
  const acls: ProgramAcl[] = []
  let priority = above
  let last: boolean | undefined
  for (const each of all) {
    if (each.allows !== last) priority++
    last = each.allows
    const fields = addressFields(each, direction)
    if (!fields || priority >= below) return undefined
    acls.push({
      id: BETWEEN_ID,
      ...(each.protocols !== 'any' && {protocols: each.protocols.join(',')}),
      action: each.allows ? 'Allow' : 'Block',
      direction,
      ...fields,
      ...portFields(each, direction),
      ruleType: 'Switch',
      priority,
    })
  }
  return acls
}

/** Of sets the local field is the packet's source. Of blocks it is the endpoint's side. One field cannot hold both. */
function addressFields(
  {source, destination}: Conditions,
  direction: RuleList['direction'],
): Pick<ProgramAcl, 'localAddresses' | 'remoteAddresses'> | undefined {
  const fields: {localAddresses?: string; remoteAddresses?: string} = {}
  const put = (field: keyof typeof fields, items: readonly string[]): boolean => {
    if (items.length === 0) return true
    if (fields[field] !== undefined) return false
    fields[field] = items.join(',')
    return true
  }
  const texts = ({blocks = []}: EndCondition) => blocks.map(({base, prefix}) => `${printIpv4(base)}/${prefix}`)
  const isIn = direction === 'In'
  const isPut =
    put('localAddresses', source.ids) &&
    put('remoteAddresses', destination.ids) &&
    put(isIn ? 'remoteAddresses' : 'localAddresses', texts(source)) &&
    put(isIn ? 'localAddresses' : 'remoteAddresses', texts(destination))
  return isPut ? fields : undefined
}

function portFields(
  {destinationPorts, sourcePorts}: Conditions,
  direction: RuleList['direction'],
): Pick<ProgramAcl, 'localPorts' | 'remotePorts'> {
  const text = (ports: readonly PortRange[]) => ports.map(({from, to}) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
  const [local, remote] = direction === 'In' ? [destinationPorts, sourcePorts] : [sourcePorts, destinationPorts]
  return {...(local !== 'any' && {localPorts: text(local)}), ...(remote !== 'any' && {remotePorts: text(remote)})}
}
