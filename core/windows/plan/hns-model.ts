import {ProblemList} from '../../problem/problem-list.ts'
import {setsOf} from '../compare/compared-acl.ts'
import type {JsonObject} from '../hns/model.ts'
import {plainGuid} from '../hns/model.ts'
import {aclOf, setPolicyOf} from '../hns/parse.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {isList, isOwnPolicy, isSameForeign, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {type HnsRequest, policiesOf} from './request.ts'

/**
 * What HNS does with a request to modify. It is as strict as HNS may be where that is not documented. Besides, it refuses a list of an
 * endpoint's policies that does not have those of others as they are.
 *
 * @throws RangeError where HNS would fail
 * Source: sections 1.6 and 7.2 of the reference of HNS.
 */
export function tellHns(part: WindowsPart, request: HnsRequest): WindowsPart {
  if (request.object === 'endpoint') return tellEndpoint(part, request)
  if (plainGuid(request.id) !== plainGuid(part.network.id)) throw new RangeError(`there is no network ${request.id}`)
  const {RequestType: type} = request.request
  const told = policiesOf(request).map(readSet)
  if (type === 'Remove') return withoutSets(part, told)
  const sets = new Map(part.sets)
  for (const set of told) {
    const {id} = set
    if (type === 'Add' && sets.has(id)) throw new RangeError(`set ${id} exists`)
    if (type !== 'Add' && !sets.has(id)) throw new RangeError(`there is no set ${id}`)
    if (type === 'Update' && sets.get(id)?.policyType !== set.policyType) throw new RangeError(`set ${id} is of another type`)
    if (isList(set))
      for (const value of set.values) {
        const member = sets.get(value)
        if (!member && !part.others.sets.has(value)) throw new RangeError(`there is no set ${value}`)
        if (member && isList(member)) throw new RangeError(`${value} is a list, and cannot be in list ${id}`)
      }
    sets.set(id, set)
  }
  return {...part, sets}
}

function withoutSets(part: WindowsPart, gone: readonly PartSet[]): WindowsPart {
  const sets = new Map(part.sets)
  const lists = new Map<string, number>()
  for (const set of sets.values()) if (isList(set)) for (const id of set.values) lists.set(id, (lists.get(id) ?? 0) + 1)
  const named = new Set([...part.endpoints.values()].flatMap(({own}) => own.flatMap(setsOf)))
  for (const {id} of gone) {
    const set = sets.get(id)
    if (!set) throw new RangeError(`there is no set ${id}`)
    const user = part.others.users.get(id) ?? (named.has(id) ? 'an ACL' : (lists.get(id) ?? 0) > 0 ? 'a list' : undefined)
    if (user !== undefined) throw new RangeError(`set ${id} is in use by ${user}`)
    if (isList(set)) for (const value of set.values) lists.set(value, (lists.get(value) ?? 0) - 1)
    sets.delete(id)
  }
  return {...part, sets}
}

function tellEndpoint(part: WindowsPart, request: HnsRequest): WindowsPart {
  const key = plainGuid(request.id)
  const endpoint = part.endpoints.get(key)
  if (!endpoint) throw new RangeError(`there is no endpoint ${request.id}`)
  const told = policiesOf(request)
  const foreign = told.filter(each => !isOwnPolicy(each))
  const acls = told.filter(isOwnPolicy).map(each => readAcl(each['Settings'] as JsonObject))
  for (const acl of acls)
    for (const id of setsOf(acl))
      if (!part.sets.has(id) && !part.others.sets.has(id)) throw new RangeError(`there is no set ${id}, which an ACL names`)
  const {RequestType: type} = request.request
  if (type === 'Remove') throw new RangeError('ACLs are not removed one by one, but by an update of the list')
  if (type === 'Update' ? !isSameForeign({...endpoint, foreign}, endpoint) : foreign.length > 0)
    throw new RangeError(`policies of other programs at endpoint ${endpoint.name} would not be what they are`)
  const own = type === 'Add' ? [...endpoint.own, ...acls] : acls
  const endpoints = new Map<string, PartEndpoint>(part.endpoints)
  endpoints.set(key, {...endpoint, own})
  return {...part, endpoints}
}

function readSet({Type, Settings}: JsonObject): PartSet {
  const set = Type === 'SetPolicy' ? setPolicyOf(Settings as JsonObject, 1, '', new ProblemList('')) : undefined
  if (!set?.policyType || set.name === undefined) throw new RangeError('a policy is no set, or has no name or type')
  const {id, name, policyType, values} = set
  return {id, name, policyType, values}
}

function readAcl(settings: JsonObject): ProgramAcl {
  const problems = new ProblemList('')
  const acl = aclOf(settings, 1, '', problems)
  if (!acl || problems.all().length > 0) throw new RangeError('an ACL cannot be read')
  const {position: _position, ...read} = acl
  return read
}
