import type {SetMeaning} from './set-name.ts'

/**
 * NPM v1 hashes names without type prefixes, so a name alone is ambiguous: `ns-x` is the namespace x or the namespace label key x.
 * The set's kernel type distinguishes them.
 */

/** The list of every namespace in NPM v1. */
export const V1_ALL_NAMESPACES = 'all-namespaces'
/** A set that NPM v1 always creates and leaves empty. */
export const V1_EMPTY = 'kube-system'

const V1_CIDR = /^(.+)-in-ns-(.+)-(\d+)(?:in|out)$/

/**
 * Parses a set name of NPM v1.
 *
 * @param ipsetType the set's kernel type, if known
 * @param isNamespace whether a comment uses it as a namespace, which decides about `ns-x` when the kernel type is unknown
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
    // A policy's name may contain the separator, too. Then it is unknown which part is the namespace.
    if (name.split('-in-ns-').length > 2) return {type: 'CIDRBlocks'}
    return {type: 'CIDRBlocks', policy: `${block[2]}/${block[1]}`, rule: Number(block[3])}
  }
  const [key = '', ...values] = name.split(':')
  if (values.length > 1 || isList) return {type: 'NestedLabelOfPod', key, values}
  return values.length === 1 ? {type: 'KeyValueLabelOfPod', key, values} : {type: 'KeyLabelOfPod', key}
}

// What follows ALL starts with its own dash: -TO-, -FROM- or -AND-. The look-ahead finds delimiters that share a dash: in
// `app:x-TO-AND-tier` the value is either `x` or `x-TO`.
const BOUNDARIES = /(?=(-AND-|-TO-|-FROM-|-IN-(?=ns-)|-PORT-|^ALLOW-ALL(?=-(?:TO|FROM)-)|^ALLOW-|^DROP-ALL(?=-)))/g
/** The most parts between delimiters that are joined to one candidate; names of real labels have fewer. */
const MOST_PARTS = 8

/**
 * All set names that a v1 comment may contain. The fragments of a comment are sorted, not in the order of the rule's sets, and label
 * values may contain delimiters. So every text between two delimiters is a candidate, and the hash decides.
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

/** The names that a v1 comment uses as namespaces: those of pods, and those of targets without labels. */
export function v1CommentNamespaces(comment: string): string[] {
  return [...comment.matchAll(NAMESPACE_FRAGMENT)].map(found => (found[1] ?? found[2] ?? '').replace(/-+$/, ''))
}

/** Adds a fragment without its negation, and again with the prefix of named ports, which comments leave out. */
function addSpellings(names: Set<string>, fragment: string): void {
  const name = fragment.startsWith('!') ? fragment.slice(1) : fragment.replace(/^ns-!/, 'ns-')
  names.add(name)
  names.add(`namedport:${name}`)
}
