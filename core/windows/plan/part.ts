import type {NpmPart} from '../../dataplane/plan.ts'
import type {SetSubject} from '../../sets/set-difference.ts'
import {aclKey} from '../compare/compared-acl.ts'
import type {JsonObject, SetPolicy} from '../hns/model.ts'
import {isNpmAclId} from '../npm/acl-id.ts'
import type {ProgramAcl} from '../npm/program.ts'

/** A set of Azure NPM, or of ours. */
export type PartSet = Pick<SetPolicy, 'id' | 'name' | 'values'> & {readonly policyType: 'IPSET' | 'NESTEDIPSET'}

/** The policies of one endpoint. */
export interface PartEndpoint {
  /** As HNS writes it; compared by `plainGuid`. */
  readonly id: string
  readonly name: string
  readonly address?: string
  /** Policies that are not Azure NPM's, as HNS printed them and in that order. They are never changed. */
  readonly foreign: readonly JsonObject[]
  /** ACLs that Azure NPM takes for its own. Their order is of no account. */
  readonly own: readonly ProgramAcl[]
}

/** All that a Windows node has of Azure NPM. */
export interface WindowsPart extends NpmPart {
  /** The network whose sets and endpoints Azure NPM looks at. */
  readonly network: {readonly id: string; readonly name: string}
  /** By id. */
  readonly sets: ReadonlyMap<string, PartSet>
  /** Those that pods are attached to, by plain GUID. */
  readonly endpoints: ReadonlyMap<string, PartEndpoint>
  readonly others: OtherUses
  /** Names of sets that the node may not tell, by id. */
  readonly names?: ReadonlyMap<string, Pick<SetSubject, 'name'>>
}

/** What others have to do with sets. */
export interface OtherUses {
  /** Ids of the network's sets that are not Azure NPM's. */
  readonly sets: ReadonlySet<string>
  /** By id of a set of Azure NPM, who else names it: `an ACL of endpoint e1`. */
  readonly users: ReadonlyMap<string, string>
}

const OWN_SET = /^azure-npm-[0-9a-z-]{1,40}$/

/** Whether a set is Azure NPM's or one that a plan made. */
export const isOwnSet = (id: string): boolean => OWN_SET.test(id)

/** Sets that plans make for themselves. Azure NPM takes them for its own, and removes what is left of them when it starts. */
export const TWIN_PREFIX = 'azure-npm-new-'
/** What the names of such sets begin with. */
export const TWIN_NAME = 'npm-new-'

export const isTwin = (id: string): boolean => id.startsWith(TWIN_PREFIX)

/** Of ACLs that plans make for the time between two operations. */
export const BETWEEN_ID = 'azure-acl-npm-new'

export const isList = ({policyType}: Pick<PartSet, 'policyType'>): boolean => policyType === 'NESTEDIPSET'

/** Whether a policy of an endpoint is an ACL of Azure NPM, which it removes when it starts. */
export function isOwnPolicy({Type, Settings}: JsonObject): boolean {
  const id = Type === 'ACL' ? (Settings as JsonObject | undefined)?.['Id'] : undefined
  return typeof id === 'string' && isNpmAclId(id)
}

const keys = new WeakMap<ProgramAcl, string>()

/** Equal for ACLs that HNS does not tell apart. */
export function keyOf(acl: ProgramAcl): string {
  let key = keys.get(acl)
  if (key === undefined) keys.set(acl, (key = aclKey(acl, true)))
  return key
}

/** Whether two lists have the same ACLs, whatever their order, and however often. */
export function isSameAcls(one: readonly ProgramAcl[], other: readonly ProgramAcl[]): boolean {
  if (one === other) return true
  return isSameValues(one.map(keyOf), other.map(keyOf))
}

/** Whether two sets are the same to HNS and to Azure NPM. The order of members is of no account. */
export function isSameSet(one: PartSet, other: PartSet): boolean {
  if (one === other) return true
  if (one.policyType !== other.policyType || (one.name !== undefined && other.name !== undefined && one.name !== other.name))
    return false
  return isSameValues(one.values, other.values)
}

function isSameValues(one: readonly string[], other: readonly string[]): boolean {
  const [left, right] = [new Set(one), new Set(other)]
  return left.size === right.size && missingIn(right, left).length === 0
}

/** What one set has and another has not. */
export const missingIn = (other: ReadonlySet<string>, one: Iterable<string>): string[] =>
  [...one].filter(each => !other.has(each))

/** Whether two endpoints have the same policies of others, in any order. */
export const isSameForeign = (one: PartEndpoint, other: PartEndpoint): boolean =>
  one.foreign === other.foreign || foreignText(one.foreign) === foreignText(other.foreign)

const foreignText = (policies: readonly JsonObject[]): string =>
  JSON.stringify(policies.map(each => JSON.stringify(each)).toSorted())
