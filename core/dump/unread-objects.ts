import {type ObjectGap, type ObjectKind, objectKinds} from '../kubernetes/given-objects.ts'

/** Characters of a document that are looked at. */
const LOOKED_AT = 1024 * 1024

const lists: readonly (readonly [ObjectKind, string])[] = [
  ['pods', 'Pod'],
  ['namespaces', 'Namespace'],
  ['policies', 'NetworkPolicy'],
  ['nodes', 'Node'],
]
/** In YAML and in JSON. */
const KIND = /["']?\bkind["']?[ \t]*:[ \t]*["']?(\w+)/g
const LIST = /["']?\b(?:items|metadata)["']?[ \t]*:/

const TAKE_AGAIN = 'Take the file again.'

/**
 * Which kinds of objects a document may hold that could not be read: those that it names, or all when it is a list of any, or cut off
 * before it names one. A document that says nothing of objects holds none.
 *
 * @param isCut whether the text ends inside of it, so that more may follow
 */
export function gapsOfUnread(document: string, file: string, isCut: boolean): ObjectGap[] {
  const text = document.slice(0, LOOKED_AT)
  const named = new Set([...text.matchAll(KIND)].map(([, kind = '']) => kind))
  const isAny = named.has('List') || (isCut ? named.size > 0 || LIST.test(text) : named.size === 0 && LIST.test(text))
  const kinds = isAny
    ? objectKinds
    : lists.filter(([, kind]) => named.has(kind) || named.has(`${kind}List`)).map(([list]) => list)
  const reason = isCut ? `${file} is cut off` : `a document of ${file} could not be read`
  return kinds.map(kind => ({kind, reason, next: TAKE_AGAIN}))
}
