import {isObject} from '../hns/documents.ts'
import type {JsonObject} from '../hns/model.ts'
import {aclPolicy, setPolicy} from '../hns/print.ts'
import type {ProgramAcl} from '../npm/program.ts'
import type {PartEndpoint, PartSet, WindowsPart} from './part.ts'

/** What is asked of a network or an endpoint. `Update` replaces sets by their ids, but the whole list of an endpoint's policies. */
export type RequestType = 'Add' | 'Update' | 'Remove'

/** One request to modify an object of HNS. As JSON it is the line of an operation. */
export interface HnsRequest {
  readonly object: 'network' | 'endpoint'
  /** GUID of the object. */
  readonly id: string
  readonly request: {
    readonly ResourceType: 'Policy'
    readonly RequestType: RequestType
    /** Without members when no policy is to be left. */
    readonly Settings: {readonly Policies?: readonly JsonObject[]}
  }
}

function requestOf(object: HnsRequest['object'], id: string, type: RequestType, policies: readonly JsonObject[]): HnsRequest {
  const Settings = policies.length > 0 ? {Policies: policies} : {}
  return {object, id, request: {ResourceType: 'Policy', RequestType: type, Settings}}
}

/** A request about sets of the network. */
export const setRequest = ({network}: WindowsPart, type: RequestType, sets: readonly PartSet[]): HnsRequest =>
  requestOf(
    'network',
    network.id,
    type,
    sets.map(set => setPolicy({...set, name: set.name ?? set.id})),
  )

/** A request that adds ACLs to an endpoint, and leaves all else. */
export const addRequest = ({id}: PartEndpoint, acls: readonly ProgramAcl[]): HnsRequest =>
  requestOf(
    'endpoint',
    id,
    'Add',
    acls.map(acl => aclPolicy(acl)),
  )

/** A request that gives an endpoint other ACLs of Azure NPM. It tells all that stays, too: the policies of others as HNS printed them, and first. */
export const listRequest = ({id, foreign}: PartEndpoint, acls: readonly ProgramAcl[]): HnsRequest =>
  requestOf('endpoint', id, 'Update', [...foreign, ...acls.map(acl => aclPolicy(acl))])

/** Reads a line. Undefined for what no plan prints: each thing has one line. */
export function parseRequest(line: string): HnsRequest | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(value) || JSON.stringify(value) !== line || !hasKeys(value, ['object', 'id', 'request'])) return undefined
  const {object, id, request} = value
  if ((object !== 'network' && object !== 'endpoint') || typeof id !== 'string' || !isObject(request)) return undefined
  if (!hasKeys(request, ['ResourceType', 'RequestType', 'Settings']) || request['ResourceType'] !== 'Policy') return undefined
  const {RequestType: type, Settings: settings} = request
  if ((type !== 'Add' && type !== 'Update' && type !== 'Remove') || !isObject(settings)) return undefined
  const policies = 'Policies' in settings ? settings['Policies'] : []
  if (!hasKeys(settings, 'Policies' in settings ? ['Policies'] : []) || !Array.isArray(policies)) return undefined
  return policies.every(isPolicy) ? (value as unknown as HnsRequest) : undefined
}

const isPolicy = (policy: unknown): boolean =>
  isObject(policy) && typeof policy['Type'] === 'string' && isObject(policy['Settings'])

/** Whether an object has these members, in this order, and no others. */
const hasKeys = (value: JsonObject, keys: readonly string[]): boolean => Object.keys(value).join() === keys.join()

export const policiesOf = ({request}: HnsRequest): readonly JsonObject[] => request.Settings.Policies ?? []
