import type {ToldStep} from '../../dataplane/plan.ts'
import {parseIpv4Block} from '../../net/ipv4.ts'
import {isObject} from '../hns/documents.ts'
import type {JsonObject} from '../hns/model.ts'
import {HIGHEST_PRIORITY} from '../npm/priorities.ts'
import {isOwnPolicy, isOwnSet} from './part.ts'
import {type HnsRequest, parseRequest, policiesOf} from './request.ts'

/**
 * Why requests must not be made. Plans come over the wire: whatever they say, only sets and ACLs of Azure NPM may come of them. That an update
 * tells the policies of others as they are is found out by the model of HNS, which has them.
 */
export function refusal(steps: readonly Pick<ToldStep, 'tool' | 'operations'>[]): string | undefined {
  for (const {tool, operations} of steps)
    for (const {line} of operations) {
      const reason = tool === 'hns' ? against(line) : `${tool} is no tool of Windows nodes`
      if (reason !== undefined) return `${line.length > 200 ? `${line.slice(0, 200)}…` : line}: ${reason}`
    }
  return undefined
}

const GUID = /^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$/

function against(line: string): string | undefined {
  const request = parseRequest(line)
  if (!request) return 'it is no request as plans have it'
  if (!GUID.test(request.id)) return 'it names no object of HNS'
  return request.object === 'network' ? againstSets(request) : againstPolicies(request)
}

function againstSets(request: HnsRequest): string | undefined {
  const policies = policiesOf(request)
  if (policies.length === 0) return 'it names no set'
  return first(policies, ({Type, Settings}) => (Type === 'SetPolicy' ? againstSet(Settings as JsonObject) : 'it is no set'))
}

const SET_KEYS = 'Id,Name,PolicyType,Values'
/** What Azure NPM names sets, and plans their copies. */
const NAME = /^(?:npm-new-)?(?:ns-|nslabel-|podlabel-|nestedlabel-|cidr-|empty-|azure-npm-)[ -~]{1,60000}$/

function againstSet(settings: JsonObject): string | undefined {
  if (Object.keys(settings).join() !== SET_KEYS) return 'a set has other members than Azure NPM writes'
  const {Id: id, Name: name, PolicyType: type, Values: values} = settings
  if (typeof id !== 'string' || !isOwnSet(id)) return `${String(id)} is no set of Azure NPM`
  if (typeof name !== 'string' || !NAME.test(name)) return 'a set has a name that Azure NPM gives none'
  if (typeof values !== 'string') return 'the members of a set are no text'
  const members = values === '' ? [] : values.split(',')
  if (type === 'IPSET') return members.every(each => parseIpv4Block(each) !== undefined) ? undefined : 'a member is no address'
  if (type !== 'NESTEDIPSET') return `a set is of type ${String(type)}`
  if (members.length === 0) return 'HNS takes a list without members for every address'
  return members.every(isOwnSet) ? undefined : 'a list holds what is no set of Azure NPM'
}

function againstPolicies(request: HnsRequest): string | undefined {
  const {RequestType: type} = request.request
  if (type === 'Remove') return 'ACLs are not removed one by one'
  const policies = policiesOf(request)
  const own = policies.filter(isOwnPolicy)
  if (type === 'Add' && (own.length < policies.length || own.length === 0)) return 'it adds what is no ACL of Azure NPM'
  // Those of others first, as Azure NPM tells them.
  if (policies.slice(0, policies.length - own.length).some(isOwnPolicy)) return 'policies of others do not come first'
  return first(own, ({Settings}) => againstAcl(Settings as JsonObject))
}

const IDS = /^azure-npm-[0-9a-z-]{1,40}(?:,azure-npm-[0-9a-z-]{1,40}){0,99}$/
const PORTS = /^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/

const isAddresses = (value: string): boolean =>
  IDS.test(value) || value.split(',').every(each => parseIpv4Block(each) !== undefined)

/** What each member of an ACL may be: those that Azure NPM writes. */
const MEMBERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  Id: value => typeof value === 'string' && /^azure-acl[\w.-]{0,400}$/.test(value),
  Protocols: value => typeof value === 'string' && /^\d{1,3}(?:,\d{1,3}){0,9}$/.test(value),
  Action: value => value === 'Allow' || value === 'Block',
  Direction: value => value === 'In' || value === 'Out',
  LocalAddresses: value => typeof value === 'string' && isAddresses(value),
  RemoteAddresses: value => typeof value === 'string' && isAddresses(value),
  LocalPorts: value => typeof value === 'string' && PORTS.test(value),
  RemotePorts: value => typeof value === 'string' && PORTS.test(value),
  RuleType: value => value === 'Switch' || value === 'Host',
  Priority: value => Number.isInteger(value) && Number(value) > 0 && Number(value) <= HIGHEST_PRIORITY,
}

function againstAcl(settings: JsonObject): string | undefined {
  if (!isObject(settings) || !('Action' in settings) || !('Direction' in settings)) return 'an ACL has no action or direction'
  const wrong = Object.entries(settings).find(([key, value]) => !Object.hasOwn(MEMBERS, key) || !MEMBERS[key]?.(value))
  return wrong && `Azure NPM writes no ACL whose ${wrong[0]} is ${JSON.stringify(wrong[1])}`
}

function first<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
