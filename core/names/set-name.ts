/** Azure NPM's set types, in its own words. `Unknown` stands for a name whose type nothing tells. */
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

/** Hash sets hold addresses, lists hold other sets. */
export type SetKind = 'hash' | 'list'

interface TypeFacts {
  readonly prefix: string
  readonly kind: SetKind
  /** What the kernel calls it. */
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

/** The set that stands for every pod of the cluster. */
export const ALL_NAMESPACES = 'nslabel-all-namespaces'

/** The type a prefixed name (NPM v2) has, from its prefix; a colon tells key from key and value. */
export function setTypeOf(prefixedName: string): SetType {
  if (prefixedName.startsWith('ns-')) return 'Namespace'
  if (prefixedName.startsWith('nslabel-')) return prefixedName.includes(':') ? 'KeyValueLabelOfNamespace' : 'KeyLabelOfNamespace'
  if (prefixedName.startsWith('podlabel-')) return prefixedName.includes(':') ? 'KeyValueLabelOfPod' : 'KeyLabelOfPod'
  if (prefixedName.startsWith('namedport:')) return 'NamedPorts'
  if (prefixedName.startsWith('nestedlabel-')) return 'NestedLabelOfPod'
  if (prefixedName.startsWith('cidr-')) return 'CIDRBlocks'
  return prefixedName.startsWith('empty-') ? 'EmptySet' : 'Unknown'
}

/** What a name says, taken apart. Absent fields are not part of that type's name. */
export interface SetMeaning {
  readonly type: SetType
  readonly key?: string
  /** One value of `key: value`, several of a nested label set. */
  readonly values?: readonly string[]
  readonly namespace?: string
  /** `namespace/name` of the policy a nested or CIDR set belongs to. */
  readonly policy?: string
  readonly port?: string
  /** Where in the policy a CIDR set comes from; both count from 0. NPM v1 and early v2 give no peer. */
  readonly rule?: number
  readonly peer?: number
}

const KEY_VALUE = /^([^:]*):([^:]*)$/
// New: policy:in-ns:ns-0-1IN. Old: policy-in-ns-ns-0-1IN; the oldest without the peer.
const CIDR_NEW = /^([^:]+):in-ns:(.+)-(\d+)-(\d+)(?:IN|OUT)$/
const CIDR_OLD = /^(.+)-in-ns-(.+?)-(\d+)(?:-(\d+))?(?:IN|OUT)$/

/**
 * Takes a prefixed name (NPM v2) apart.
 *
 * @param policy `namespace/name` of a policy that uses the set, if known. Old names run policy and label key together
 *   with a dash, which both may contain; without the policy such a name keeps its type and loses the doubtful parts.
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
  // A label key may hold a slash too (`example.com/app`), but what stands before it then holds a dot, unlike a namespace.
  if (slash < 0 || first.slice(0, slash).includes('.')) return {type, key: first, values: others}
  return {type}
}

function cidrMeaning(rest: string, policy: string | undefined): SetMeaning {
  const type = 'CIDRBlocks'
  const place = policy === undefined ? undefined : placeIn(rest, policy)
  if (place) return {type, policy: policy as string, ...place}
  // Old names with the separator twice can be read in two ways.
  const parts = CIDR_NEW.exec(rest) ?? (rest.split('-in-ns-').length === 2 ? CIDR_OLD.exec(rest) : null)
  if (!parts) return {type}
  const peer = parts[4] === undefined ? {} : {peer: Number(parts[4])}
  return {type, policy: `${parts[2]}/${parts[1]}`, rule: Number(parts[3]), ...peer}
}

/**
 * Where in a known policy a CIDR set of an old name comes from. Without the policy `p-in-ns-shop-1-0IN` may be of the namespace
 * `shop`, or, before v1.4.21, of `shop-1`.
 */
function placeIn(rest: string, policy: string): {readonly rule: number; readonly peer?: number} | undefined {
  const [namespace = '', name = ''] = policy.split('/')
  const start = `${name}-in-ns-${namespace}-`
  const parts = rest.startsWith(start) ? /^(\d+)(?:-(\d+))?(?:IN|OUT)$/.exec(rest.slice(start.length)) : null
  if (!parts) return undefined
  return {rule: Number(parts[1]), ...(parts[2] !== undefined && {peer: Number(parts[2])})}
}
