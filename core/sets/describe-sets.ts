import type {SetMeaning} from '../names/set-name.ts'
import {parseMember} from './member.ts'

/** One set condition with everything known about the set. */
export interface DescribedTerm {
  readonly set: string
  readonly negated: boolean
  /** Undefined when the set's name is unknown. */
  readonly name?: string
  readonly meaning?: SetMeaning
  /** Members of a CIDR set, as ipset prints them; undefined when the dump has none. */
  readonly members?: readonly string[]
}

/** A label condition in the syntax of kubectl's `-l`. */
function selector({key = '', values}: SetMeaning, negated: boolean): string {
  if (!values) return negated ? `!${key}` : key
  if (values.length === 1) return `${key}${negated ? '!=' : '='}${values[0]}`
  return `${key} ${negated ? 'notin' : 'in'} (${values.join(', ')})`
}

const MOST_BLOCKS = 8

function list(items: readonly string[]): string {
  if (items.length <= MOST_BLOCKS) return items.join(', ')
  return `${items.slice(0, MOST_BLOCKS).join(', ')} and ${items.length - MOST_BLOCKS} more`
}

/** The first address of an IPv4 block as a number. Blocks are sorted by it because ipset prints members in hash order. */
const startOf = (block: string): number => block.split(/[./]/, 4).reduce((sum, part) => sum * 256 + Number(part), 0)
const byAddress = (a: string, b: string): number => startOf(a) - startOf(b)

/** The blocks of a CIDR set. ipset takes no /0, so Azure NPM writes 0.0.0.0/0 as its two halves. */
function blocks(term: DescribedTerm): string {
  const {members, meaning, set} = term
  if (!members) {
    const place =
      meaning?.rule === undefined
        ? ''
        : `, rule ${meaning.rule + 1}${meaning.peer === undefined ? '' : `, peer ${meaning.peer + 1}`}`
    return meaning?.policy === undefined ? `the blocks in ${set}` : `the ipBlock of ${meaning.policy}${place}`
  }
  const parsed = members.map(parseMember)
  const excepted = parsed.filter(({isException}) => isException).map(({entry}) => entry)
  let included = parsed.filter(({isException}) => !isException).map(({entry}) => entry)
  const halves = ['0.0.0.0/1', '128.0.0.0/1']
  if (halves.every(half => included.includes(half))) included = ['0.0.0.0/0', ...included.filter(each => !halves.includes(each))]
  included.sort(byAddress)
  excepted.sort(byAddress)
  if (included.length === 0) return `no address (${set} has no block)`
  return list(included) + (excepted.length > 0 ? ` except ${list(excepted)}` : '')
}

interface SortedTerms {
  readonly podSelectors: string[]
  readonly namespaceSelectors: string[]
  readonly namespaces: string[]
  readonly blocks: string[]
  readonly sets: string[]
  hasPositive: boolean
  isAllNamespaces: boolean
}

function sortTerms(terms: readonly DescribedTerm[]): SortedTerms {
  const sorted: SortedTerms = {
    podSelectors: [],
    namespaceSelectors: [],
    namespaces: [],
    blocks: [],
    sets: [],
    hasPositive: false,
    isAllNamespaces: false,
  }
  for (const term of terms) {
    if (!term.negated) sorted.hasPositive = true
    sortTerm(term, sorted)
  }
  return sorted
}

function sortTerm(term: DescribedTerm, sorted: SortedTerms): void {
  const {meaning, negated, set} = term
  switch (meaning?.type) {
    case 'KeyLabelOfPod':
    case 'KeyValueLabelOfPod':
    case 'NestedLabelOfPod':
      if (meaning.key !== undefined) {
        sorted.podSelectors.push(selector(meaning, negated))
        return
      }
      break
    case 'KeyLabelOfNamespace':
      if (meaning.key === 'all-namespaces' && !negated) {
        sorted.isAllNamespaces = true
        return
      }
      sorted.namespaceSelectors.push(selector(meaning, negated))
      return
    case 'KeyValueLabelOfNamespace':
      sorted.namespaceSelectors.push(selector(meaning, negated))
      return
    case 'Namespace':
      if (!negated) {
        sorted.namespaces.push(meaning.namespace ?? '')
        return
      }
      break
    case 'CIDRBlocks':
      if (!negated) {
        sorted.blocks.push(blocks(term))
        return
      }
      break
  }
  sorted.sets.push(`${negated ? 'not ' : ''}in ${term.name === undefined ? `unknown set ${set}` : `set ${term.name}`}`)
}

/** Describes the addresses for which all terms hold: `pods app in (web, api) in namespace shop`. */
export function describeTerms(terms: readonly DescribedTerm[]): string {
  if (terms.length === 0) return 'anywhere'
  const sorted = sortTerms(terms)
  // Without a positive term, nodes and the internet match too, so the text must not read like a list of pods.
  if (!sorted.hasPositive)
    return `any address except ${terms.map(term => describeTerms([{...term, negated: false}])).join(' and except ')}`
  const {sets, blocks: ranges} = sorted
  const pods = describePods(sorted)
  if (pods !== undefined) return [pods, ...sets, ...ranges].join(' and ')
  return [...(sets.length > 0 ? [`addresses ${sets.join(' and ')}`] : []), ...ranges].join(' and ')
}

function describePods({podSelectors, namespaceSelectors, namespaces, isAllNamespaces}: SortedTerms): string | undefined {
  if (podSelectors.length + namespaceSelectors.length + namespaces.length === 0 && !isAllNamespaces) return undefined
  const words = [podSelectors.length > 0 ? `pods ${podSelectors.join(',')}` : 'all pods']
  if (namespaces.length > 0) words.push(`in namespace ${namespaces.join(' and ')}`)
  if (namespaceSelectors.length > 0) words.push(`in namespaces ${namespaceSelectors.join(',')}`)
  else if (isAllNamespaces) words.push('in all namespaces')
  return words.join(' ')
}

/** Describes the addresses of one set in words. */
export function describeMeaning(meaning: SetMeaning | undefined): string {
  if (!meaning) return 'unknown'
  switch (meaning.type) {
    case 'NamedPorts':
      return `pods that declare port ${meaning.port ?? ''}`
    case 'EmptySet':
      return 'nothing'
    case 'Unknown':
      return 'unknown'
    case 'CIDRBlocks':
      return blocks({set: '', negated: false, meaning})
    default:
      return describeTerms([{set: '', negated: false, meaning}])
  }
}

/** Describes the protocol and ports of a rule: `tcp/80`, `udp/dns`, `tcp/80-90`, `everything`. */
export function describePorts(protocol: string | null, port: number | string | null, endPort: number | null): string {
  if (port === null) return protocol ?? 'everything'
  const range = endPort === null ? `${port}` : `${port}-${endPort}`
  return protocol === null ? `port ${range}` : `${protocol}/${range}`
}
