import type {SetMeaning} from './set-name.ts'

/**
 * NPM v1 hashes names without type prefixes, so a name alone can mean two things: `ns-x` is the namespace x or the
 * namespace label key x. The kernel type tells them apart.
 */

/** The list of every namespace in NPM v1. */
export const V1_ALL_NAMESPACES = 'all-namespaces'
/** A set that NPM v1 always makes and never fills. */
export const V1_EMPTY = 'kube-system'

const V1_CIDR = /^(.+)-in-ns-(.+)-(\d+)(?:in|out)$/

/**
 * What a v1 set name says.
 *
 * @param ipsetType the set's kernel type, if known
 * @param isNamespace whether a comment calls it a namespace, which tells `ns-x` from a label key without the kernel type
 */
export function v1SetMeaning(name: string, ipsetType?: string, isNamespace = false): SetMeaning {
  if (name === V1_ALL_NAMESPACES) return {type: 'KeyLabelOfNamespace', key: 'all-namespaces'}
  if (name === V1_EMPTY) return {type: 'EmptySet'}
  if (name.startsWith('namedport:')) return {type: 'NamedPorts', port: name.slice('namedport:'.length)}
  const isList = ipsetType === 'list:set'
  if (name.startsWith('ns-')) {
    const rest = name.slice('ns-'.length)
    const colon = rest.indexOf(':')
    if (colon >= 0) return {type: 'KeyValueLabelOfNamespace', key: rest.slice(0, colon), values: [rest.slice(colon + 1)]}
    if (isList) return {type: 'KeyLabelOfNamespace', key: rest}
    return ipsetType === undefined && !isNamespace ? {type: 'Unknown'} : {type: 'Namespace', namespace: rest}
  }
  const block = V1_CIDR.exec(name)
  if (block && !isList) {
    // A policy's name may hold the separator too; then which part is the namespace is unknown.
    if (name.split('-in-ns-').length > 2) return {type: 'CIDRBlocks'}
    return {type: 'CIDRBlocks', policy: `${block[2]}/${block[1]}`, rule: Number(block[3])}
  }
  const [key = '', ...values] = name.split(':')
  if (values.length > 1 || isList) return {type: 'NestedLabelOfPod', key, values}
  return values.length === 1 ? {type: 'KeyValueLabelOfPod', key, values} : {type: 'KeyLabelOfPod', key}
}

// What follows ALL starts with a dash of its own: -TO-, -FROM- or -AND-. Looked for at every place, as delimiters may
// share a dash: in `app:x-TO-AND-tier` the value is either `x` or `x-TO`.
const BOUNDARIES = /(?=(-AND-|-TO-|-FROM-|-IN-(?=ns-)|-PORT-|^ALLOW-ALL(?=-(?:TO|FROM)-)|^ALLOW-|^DROP-ALL(?=-)))/g
/** Longer stretches than this many parts are no names that any label could have made. */
const MOST_PARTS = 8

/**
 * All names a v1 comment may hold. Its fragments are sorted, not in the order of the rule's sets, and delimiters may
 * occur inside label values; so every stretch between two delimiters is a candidate, and the hash decides.
 */
export function v1CommentNames(comment: string): Set<string> {
  const starts = [0]
  const ends: number[] = []
  for (const found of comment.matchAll(BOUNDARIES)) {
    if (found.index > 0) ends.push(found.index)
    starts.push(found.index + (found[1] as string).length)
  }
  ends.push(comment.length)
  const names = new Set<string>()
  for (const start of starts)
    for (const end of ends.filter(end => end > start).slice(0, MOST_PARTS)) addSpellings(names, comment.slice(start, end))
  return names
}

const NAMESPACE_FRAGMENT = /-IN-(ns-[a-z0-9-]+)|(?:^DROP-ALL-(?:TO|FROM)-)(ns-[a-z0-9-]+)$/g

/** The names that a v1 comment says are namespaces: what pods are in, and targets without labels. */
export function v1CommentNamespaces(comment: string): string[] {
  return [...comment.matchAll(NAMESPACE_FRAGMENT)].map(found => (found[1] ?? found[2] ?? '').replace(/-+$/, ''))
}

/** A fragment as the comment shows it, and as the name is spelled: negation removed, named ports with their prefix. */
function addSpellings(names: Set<string>, fragment: string): void {
  const name = fragment.startsWith('!') ? fragment.slice(1) : fragment.replace(/^ns-!/, 'ns-')
  names.add(name)
  names.add(`namedport:${name}`)
}
