import {setsOf} from '../compare/compared-acl.ts'
import {isList, isOwnSet, type WindowsPart} from './part.ts'

/** The sets of Azure NPM that its ACLs name, and those in lists that they name. Of others it makes no difference what they hold. */
export function namedSets({sets, endpoints, others}: Pick<WindowsPart, 'sets' | 'endpoints' | 'others'>): Set<string> {
  const named = new Set<string>()
  const add = (id: string): void => {
    if (named.has(id) || !isOwnSet(id)) return
    named.add(id)
    const set = sets.get(id)
    if (set && isList(set)) for (const value of set.values) add(value)
  }
  for (const id of others.users.keys()) add(id)
  for (const {own} of endpoints.values()) for (const acl of own) for (const id of setsOf(acl)) add(id)
  return named
}
