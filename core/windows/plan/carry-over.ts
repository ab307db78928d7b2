import type {ToldStep} from '../../dataplane/plan.ts'
import {setsOf} from '../compare/compared-acl.ts'
import {plainGuid} from '../hns/model.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {BETWEEN_ID, isSameAcls, isSameSet, isTwin, keyOf, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {parseRequest, policiesOf} from './request.ts'

/**
 * A node as it is now, after a change, or a part of it, that led from one part to another: where these two differ, or the change has been at
 * work, it is as the second; all else is as it is now. What somebody else has changed meanwhile is kept, down to single members and ACLs, and
 * copies of sets that a plan made for itself are gone. Endpoints that are gone stay gone, and new ones have what they have.
 */
export function carriedOver(now: WindowsPart, from: WindowsPart, to: WindowsPart, steps: readonly ToldStep[]): WindowsPart {
  // A machine that was restarted has a new network, and new endpoints at it.
  if (now.network.id !== from.network.id) return now
  const touched = touchedBy(steps)
  const sets = new Map<string, PartSet>()
  for (const id of new Set([...now.sets.keys(), ...to.sets.keys(), ...from.sets.keys()])) {
    const set = carriedSet(id, {now: now.sets.get(id), from: from.sets.get(id), to: to.sets.get(id)}, touched.sets.has(id))
    if (set) sets.set(id, set)
  }
  const endpoints = [...now.endpoints].map(([id, endpoint]) => {
    const its = {now: endpoint, from: from.endpoints.get(id), to: to.endpoints.get(id)}
    return [id, carriedEndpoint(its, touched.endpoints.has(id))] as const
  })
  return {...now, sets, endpoints: new Map(endpoints)}
}

function touchedBy(steps: readonly ToldStep[]): {sets: ReadonlySet<string>; endpoints: ReadonlySet<string>} {
  const [sets, endpoints] = [new Set<string>(), new Set<string>()]
  for (const {operations} of steps)
    for (const {line} of operations) {
      const request = parseRequest(line)
      if (request?.object === 'endpoint') endpoints.add(plainGuid(request.id))
      else if (request) for (const {Settings} of policiesOf(request)) sets.add(String((Settings as {readonly Id?: unknown}).Id))
    }
  return {sets, endpoints}
}

/** One thing in the three parts. */
interface Three<Thing> {
  readonly now: Thing | undefined
  readonly from: Thing | undefined
  readonly to: Thing | undefined
}

function carriedSet(id: string, {now, from, to}: Three<PartSet>, isTouched: boolean): PartSet | undefined {
  if (!from && !to) return isTwin(id) ? undefined : now
  if (!isTouched && from && to && isSameSet(from, to)) return now
  if (!to) return undefined
  if (!now || now.policyType !== to.policyType) return to
  const values = new Set(now.values)
  for (const value of from?.values ?? []) values.delete(value)
  for (const value of to.values) values.add(value)
  return {...to, values: [...values]}
}

function carriedEndpoint({now, from, to}: Three<PartEndpoint> & {readonly now: PartEndpoint}, isTouched: boolean): PartEndpoint {
  if (!from || !to || (!isTouched && isSameAcls(from.own, to.own))) return now
  const known = new Set([...from.own, ...to.own].map(keyOf))
  const isOurs = (acl: ProgramAcl): boolean => acl.id === BETWEEN_ID || setsOf(acl).some(isTwin)
  const others = now.own.filter(acl => !known.has(keyOf(acl)) && !isOurs(acl))
  return {...now, foreign: isTouched ? withLost(now.foreign, to.foreign) : now.foreign, own: [...to.own, ...others]}
}

/**
 * The policies of others with those that are lost: a request that tells an endpoint all its policies anew, and ends half-way, takes the rest
 * away. What has come meanwhile stays.
 */
function withLost(now: PartEndpoint['foreign'], before: PartEndpoint['foreign']): PartEndpoint['foreign'] {
  const there = new Set(now.map(each => JSON.stringify(each)))
  const lost = before.filter(each => !there.has(JSON.stringify(each)))
  if (lost.length === 0) return now
  const known = new Set(before.map(each => JSON.stringify(each)))
  return [...before, ...now.filter(each => !known.has(JSON.stringify(each)))]
}
