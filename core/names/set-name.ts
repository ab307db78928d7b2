/** Set types by the names that Azure NPM uses. `Unknown`: the type cannot be derived from the name. */
export const setTypes = [
  'Namespace',
  'KeyLabelOfNamespace',
  'KeyValueLabelOfNamespace',
  'KeyLabelOfPod',
  'KeyValueLabelOfPod',
  'NamedPorts',
  'NestedLabelOfPod',
  'CIDRBlocks',
  'EmptySet',
  'Unknown',
] as const
export type SetType = (typeof setTypes)[number]

/** Hash sets contain addresses, lists contain other sets. */
export type SetKind = 'hash' | 'list'

interface TypeFacts {
  readonly prefix: string
  readonly kind: SetKind
  /** The kernel's type. */
  readonly ipsetType: 'hash:net' | 'hash:ip,port' | 'list:set'
}

/** Prefix and kernel type of each set type of NPM v2. Source: section 2.1 of NPM's data plane, checked against its binaries. */
export const setTypeFacts: Readonly<Record<Exclude<SetType, 'Unknown'>, TypeFacts>> = {
  Namespace: {prefix: 'ns-', kind: 'hash', ipsetType: 'hash:net'},
  KeyLabelOfNamespace: {prefix: 'nslabel-', kind: 'list', ipsetType: 'list:set'},
  KeyValueLabelOfNamespace: {prefix: 'nslabel-', kind: 'list', ipsetType: 'list:set'},
  KeyLabelOfPod: {prefix: 'podlabel-', kind: 'hash', ipsetType: 'hash:net'},
  KeyValueLabelOfPod: {prefix: 'podlabel-', kind: 'hash', ipsetType: 'hash:net'},
  NamedPorts: {prefix: 'namedport:', kind: 'hash', ipsetType: 'hash:ip,port'},
  NestedLabelOfPod: {prefix: 'nestedlabel-', kind: 'list', ipsetType: 'list:set'},
  CIDRBlocks: {prefix: 'cidr-', kind: 'hash', ipsetType: 'hash:net'},
  EmptySet: {prefix: 'empty-', kind: 'hash', ipsetType: 'hash:net'},
}

/** The list of all namespaces, and so of all pods of the cluster. */
export const ALL_NAMESPACES = 'nslabel-all-namespaces'

/** The type of a prefixed name (NPM v2). A label with a colon has a value; one without is a key. */
export function setTypeOf(prefixedName: string): SetType {
  if (prefixedName.startsWith('ns-')) return 'Namespace'
  if (prefixedName.startsWith('nslabel-')) return prefixedName.includes(':') ? 'KeyValueLabelOfNamespace' : 'KeyLabelOfNamespace'
  if (prefixedName.startsWith('podlabel-')) return prefixedName.includes(':') ? 'KeyValueLabelOfPod' : 'KeyLabelOfPod'
  if (prefixedName.startsWith('namedport:')) return 'NamedPorts'
  if (prefixedName.startsWith('nestedlabel-')) return 'NestedLabelOfPod'
  if (prefixedName.startsWith('cidr-')) return 'CIDRBlocks'
  return prefixedName.startsWith('empty-') ? 'EmptySet' : 'Unknown'
}

/** A parsed set name. Fields that the name does not contain are absent. */
export interface SetMeaning {
  readonly type: SetType
  readonly key?: string
  /** One value for a label set, several for a nested label set. */
  readonly values?: readonly string[]
  readonly namespace?: string
  /** `namespace/name` of the policy a nested or CIDR set belongs to. */
  readonly policy?: string
  readonly port?: string
  /** Indexes of the rule and peer that a CIDR set results from, both from 0. Names of NPM v1 and early v2 contain no peer. */
  readonly rule?: number
  readonly peer?: number
}

const KEY_VALUE = /^([^:]*):([^:]*)$/
// New: policy:in-ns:ns-0-1IN. Old: policy-in-ns-ns-0-1IN; the oldest without the peer.
const CIDR_NEW = /^([^:]+):in-ns:(.+)-(\d+)-(\d+)(?:IN|OUT)$/
const CIDR_OLD = /^(.+)-in-ns-(.+?)-(\d+)(?:-(\d+))?(?:IN|OUT)$/

/**
 * Parses a prefixed name (NPM v2).
 *
 * @param policy `namespace/name` of a policy that uses the set, if known. Old names join policy and label key with a dash, which
 *   both may contain. Without the policy, the result of such a name has the type but not the ambiguous fields.
 */
export function setMeaning(prefixedName: string, policy?: string): SetMeaning {
  const type = setTypeOf(prefixedName)
  if (type === 'Unknown') return {type}
  const rest = prefixedName.slice(setTypeFacts[type].prefix.length)
  switch (type) {
    case 'Namespace':
      return {type, namespace: rest}
    case 'KeyLabelOfNamespace':
    case 'KeyLabelOfPod':
      return {type, key: rest}
    case 'KeyValueLabelOfNamespace':
    case 'KeyValueLabelOfPod': {
      const parts = KEY_VALUE.exec(rest)
      return parts ? {type, key: parts[1] as string, values: [parts[2] as string]} : {type}
    }
    case 'NamedPorts':
      return {type, port: rest}
    case 'NestedLabelOfPod':
      return nestedMeaning(rest, policy)
    case 'CIDRBlocks':
      return cidrMeaning(rest, policy)
    case 'EmptySet':
      return {type}
  }
}

/** `shop/p:app:web:api` (new), `shop/p-app:web:api` (old) or `app:web:api` (oldest). */
function nestedMeaning(rest: string, policy: string | undefined): SetMeaning {
  const type = 'NestedLabelOfPod'
  const isOfPolicy =
    policy !== undefined && rest.startsWith(policy) && (rest[policy.length] === ':' || rest[policy.length] === '-')
  if (isOfPolicy) {
    const [key = '', ...values] = rest.slice(policy.length + 1).split(':')
    return {type, policy, key, values}
  }
  const [first = '', ...others] = rest.split(':')
  const slash = first.indexOf('/')
  // A label key may contain a slash, too (`example.com/app`). Then the part before it has a dot; a namespace has none.
  if (slash < 0 || first.slice(0, slash).includes('.')) return {type, key: first, values: others}
  return {type}
}

function cidrMeaning(rest: string, policy: string | undefined): SetMeaning {
  const type = 'CIDRBlocks'
  const place = policy === undefined ? undefined : placeIn(rest, policy)
  if (place) return {type, policy: policy as string, ...place}
  // Old names that contain the separator twice are ambiguous.
  const parts = CIDR_NEW.exec(rest) ?? (rest.split('-in-ns-').length === 2 ? CIDR_OLD.exec(rest) : null)
  if (!parts) return {type}
  const peer = parts[4] === undefined ? {} : {peer: Number(parts[4])}
  return {type, policy: `${parts[2]}/${parts[1]}`, rule: Number(parts[3]), ...peer}
}

/**
 * The rule and peer in the old name of a CIDR set of a known policy. Without the policy, `p-in-ns-shop-1-0IN` may be of namespace
 * `shop` or, before v1.4.21, of `shop-1`.
 */
function placeIn(rest: string, policy: string): {readonly rule: number; readonly peer?: number} | undefined {
  const [namespace = '', name = ''] = policy.split('/')
  const start = `${name}-in-ns-${namespace}-`
  const parts = rest.startsWith(start) ? /^(\d+)(?:-(\d+))?(?:IN|OUT)$/.exec(rest.slice(start.length)) : null
  if (!parts) return undefined
  return {rule: Number(parts[1]), ...(parts[2] !== undefined && {peer: Number(parts[2])})}
}
