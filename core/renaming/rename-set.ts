import type {Scheme} from '../names/hash.ts'
import type {Generation} from '../names/name-index.ts'
import {setTypeFacts, setTypeOf} from '../names/set-name.ts'
import {V1_ALL_NAMESPACES, V1_EMPTY} from '../names/v1-name.ts'
import {type Renamer, renamePolicy} from './renamer.ts'

/** Known objects, which decide where the parts of an ambiguous name end. */
export interface KnownObjects {
  /** `namespace/name` */
  readonly policies: ReadonlySet<string>
  readonly namespaces: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
}

/** A set's name before it is hashed. */
export interface HashedName {
  readonly name: string
  readonly generation: Generation
  /** How the name is hashed. Releases that hash otherwise also spell names otherwise. */
  readonly scheme: Scheme
  /** `namespace/name` of a policy that the name belongs to, if known. */
  readonly policy?: string
}

/**
 * Renames the parts of a set's name and keeps its form, so that the new name is the one that Azure NPM would give for the renamed
 * objects.
 */
export function renameSet(hashed: HashedName, renamer: Renamer, known: KnownObjects): string {
  return hashed.generation === 'v1' ? renameV1(hashed.name, renamer, known) : renameV2(hashed, renamer, known)
}

function renameV2(hashed: HashedName, renamer: Renamer, known: KnownObjects): string {
  const type = setTypeOf(hashed.name)
  if (type === 'Unknown') return renameLabel(hashed.name, renamer)
  const {prefix} = setTypeFacts[type]
  const rest = hashed.name.slice(prefix.length)
  switch (type) {
    case 'Namespace':
      return prefix + renamer.word(rest)
    case 'KeyLabelOfNamespace':
    case 'KeyValueLabelOfNamespace':
    case 'KeyLabelOfPod':
    case 'KeyValueLabelOfPod':
      return prefix + renameLabel(rest, renamer)
    case 'NamedPorts':
      return prefix + renamer.port(rest)
    case 'NestedLabelOfPod':
      return prefix + renameNested(rest, hashed, renamer, known)
    case 'CIDRBlocks':
      return prefix + renameBlocks(rest, hashed, renamer, known)
    case 'EmptySet':
      return hashed.name
  }
}

/** `key`, `key:value`, `key:value:value` */
function renameLabel(label: string, {key, word}: Renamer): string {
  const [first = '', ...values] = label.split(':')
  return [key(first), ...values.map(word)].join(':')
}

/** `shop/p:app:web:api` under SHA-256, `shop/p-app:web:api` before, `app:web:api` in the oldest releases. */
function renameNested(rest: string, {scheme, policy}: HashedName, renamer: Renamer, known: KnownObjects): string {
  const colon = rest.indexOf(':')
  const first = colon < 0 ? rest : rest.slice(0, colon)
  const slash = first.indexOf('/')
  const hasPolicy = slash > 0 && !first.slice(0, slash).includes('.')
  if (!hasPolicy) return renameLabel(rest, renamer)
  if (scheme === 'sha256') return `${renamePolicy(first, renamer)}:${renameLabel(rest.slice(colon + 1), renamer)}`
  const owner = ownerOf(first, policy, known)
  // The owner is unknown: the text before the first value is replaced as one word.
  if (owner === undefined) return [renamePolicy(first, renamer), ...rest.split(':').slice(1).map(renamer.word)].join(':')
  return `${renamePolicy(owner, renamer)}-${renameLabel(rest.slice(owner.length + 1), renamer)}`
}

/** The policy that `namespace/policy-key` begins with. Of several that fit, the one that a known key follows. */
function ownerOf(text: string, policy: string | undefined, {policies, keys}: KnownObjects): string | undefined {
  if (policy !== undefined && text.startsWith(`${policy}-`)) return policy
  let found: string | undefined
  for (let dash = text.indexOf('-'); dash >= 0; dash = text.indexOf('-', dash + 1)) {
    const name = text.slice(0, dash)
    if (!policies.has(name)) continue
    if (keys.has(text.slice(dash + 1))) return name
    found = name
  }
  return found
}

const NEW_BLOCKS = /^([^:]+):in-ns:(.+)(-\d+-\d+(?:IN|OUT))$/
const OLD_BLOCKS = /^(.+)-in-ns-(.+?)(-\d+(?:-\d+)?(?:IN|OUT|in|out))$/
const OLD_SEPARATOR = '-in-ns-'

/** `policy:in-ns:namespace-0-1IN` under SHA-256, `policy-in-ns-namespace-0-1IN` before. */
function renameBlocks(rest: string, {scheme, policy}: HashedName, renamer: Renamer, known: KnownObjects): string {
  const parts = scheme === 'sha256' ? NEW_BLOCKS.exec(rest) : null
  if (parts) return `${renamer.word(parts[1] as string)}:in-ns:${renamer.word(parts[2] as string)}${parts[3]}`
  return renameOldBlocks(rest, renamer, known, policy) ?? renamer.word(rest)
}

function renameOldBlocks(rest: string, {word}: Renamer, {policies}: KnownObjects, policy?: string): string | undefined {
  const parts = OLD_BLOCKS.exec(rest)
  if (!parts) return undefined
  const tail = parts[3] as string
  const head = rest.slice(0, -tail.length)
  // A policy's name may contain the separator too.
  let split: [string, string] | undefined
  for (let at = head.indexOf(OLD_SEPARATOR); at > 0; at = head.indexOf(OLD_SEPARATOR, at + 1)) {
    const name = head.slice(0, at)
    const namespace = head.slice(at + OLD_SEPARATOR.length)
    const key = `${namespace}/${name}`
    if (!split || key === policy || policies.has(key)) split = [name, namespace]
    if (key === policy) break
  }
  return split && `${word(split[0])}${OLD_SEPARATOR}${word(split[1])}${tail}`
}

/** NPM v1 hashes names without type prefixes. */
function renameV1(name: string, renamer: Renamer, known: KnownObjects): string {
  if (name === V1_ALL_NAMESPACES || name === V1_EMPTY) return name
  if (name.startsWith('namedport:')) return `namedport:${renamer.port(name.slice('namedport:'.length))}`
  if (name.startsWith('ns-')) {
    const rest = name.slice('ns-'.length)
    const isKey = rest.includes(':') || (!known.namespaces.has(rest) && known.keys.has(rest))
    return `ns-${isKey ? renameLabel(rest, renamer) : renamer.word(rest)}`
  }
  return renameOldBlocks(name, renamer, known) ?? renameLabel(name, renamer)
}
