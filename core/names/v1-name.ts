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
const IS_VERDICT = /^(?:ALLOW|DROP)-/
/** The most parts between delimiters that are joined to one candidate; names of real labels have fewer. */
const MOST_PARTS = 8

/**
 * The set names in a v1 comment. The fragments of a comment are sorted, not in the order of the rule's sets, and label values may
 * contain delimiters, so the hash decides. Single fragments are tried first, and joined ones only while sets have no name:
 * nearly every comment is done then, and hashing all that could be joined would take most of the time of a translation.
 *
 * @param wanted how many names there are to find
 * @param fits whether a text hashes to one of the rule's sets
 * @param isCut whether the end of the comment may be missing. Then some names cannot be found, and the search is not complete
 */
export function v1CommentNames(comment: string, wanted: number, fits: (name: string) => boolean, isCut: boolean): Set<string> {
  const found = new Set<string>()
  const {starts, ends} = fragmentsOf(comment)
  const tryName = (name: string): boolean => {
    const isName = fits(name)
    if (isName) found.add(name)
    return isName
  }
  const tryFragment = ({at, isPort}: Start, end: number): boolean => {
    const name = withoutNegation(comment.slice(at, end))
    const isName = tryName(name)
    // Comments leave out the prefix of named ports.
    return (isPort && tryName(`namedport:${name}`)) || isName
  }
  const known: Start[] = []
  const unknown: Start[] = []
  for (const start of starts) {
    const end = ends[start.firstEnd]
    if (end !== undefined) (tryFragment(start, end) ? known : unknown).push(start)
  }
  for (const start of isCut ? unknown : [...unknown, ...known]) {
    if (found.size >= wanted) break
    for (const end of ends.slice(start.firstEnd + 1, start.firstEnd + MOST_PARTS)) tryFragment(start, end)
  }
  return found
}

interface Start {
  readonly at: number
  /** Position of the first end behind it. */
  readonly firstEnd: number
  /** Whether it stands where a port does. */
  readonly isPort: boolean
}

/** Where names may start and end in a comment. The last end is that of the comment. */
function fragmentsOf(comment: string): {starts: Start[]; ends: number[]} {
  const starts: Start[] = []
  const ends: number[] = []
  const add = (at: number, isPort: boolean) => starts.push({at, isPort, firstEnd: ends.length})
  if (!IS_VERDICT.test(comment)) add(0, false)
  for (const {index, 1: boundary = ''} of comment.matchAll(BOUNDARIES)) {
    if (index > 0) ends.push(index)
    add(index + boundary.length, boundary === '-PORT-')
  }
  ends.push(comment.length)
  // Delimiters that share a dash: the second one ends before the first one's name starts.
  return {starts: starts.map(start => behind(start, ends)), ends}
}

function behind(start: Start, ends: readonly number[]): Start {
  let {firstEnd} = start
  while ((ends[firstEnd] ?? Infinity) <= start.at) firstEnd++
  return firstEnd === start.firstEnd ? start : {...start, firstEnd}
}

const withoutNegation = (fragment: string): string =>
  fragment.startsWith('!') ? fragment.slice(1) : fragment.replace(/^ns-!/, 'ns-')

const NAMESPACE_FRAGMENT = /-IN-(ns-[a-z0-9-]+)|(?:^DROP-ALL-(?:TO|FROM)-)(ns-[a-z0-9-]+)$/g

/** The names that a v1 comment uses as namespaces: those of pods, and those of targets without labels. */
export function v1CommentNamespaces(comment: string): string[] {
  return [...comment.matchAll(NAMESPACE_FRAGMENT)].map(found => (found[1] ?? found[2] ?? '').replace(/-+$/, ''))
}
