import type {ClusterObjects} from '../../kubernetes/objects.ts'
import {type ExpectedName, expectedNames} from '../../names/expected-names.ts'
import {type Scheme, schemes} from '../../names/hash.ts'
import {isSetName, schemeOfSet, setKernelName, setScheme} from '../../names/kernel-name.ts'
import {type Evidence, type Generation, NameIndex} from '../../names/name-index.ts'
import {ALL_NAMESPACES, setMeaning} from '../../names/set-name.ts'
import {v1CommentNames, v1CommentNamespaces} from '../../names/v1-name.ts'
import type {Rule} from '../iptables/model.ts'
import {isV2RuleChain} from './chain-names.ts'
import type {NpmChains} from './chains.ts'
import type {LinuxDocuments} from './documents.ts'
import {KEPT_COMMENT_BYTES} from './limits.ts'
import {nameTerms, parseJumpComment, parseRuleComment} from './parse-comment.ts'
import type {PolicyJump} from './policy-jumps.ts'
import {commentFacts, type RuleParts, ruleParts} from './rule-parts.ts'

/** The names of a rule's sets from its own comment, checked by hash. */
export interface RuleNames {
  /** One for each of the rule's sets; undefined if the comment has no name or a wrong one. */
  readonly sets: readonly (string | undefined)[]
  readonly namedPort?: string
}

/**
 * Reads the names in a v2 rule's comment.
 *
 * @param terms parsed comment; undefined for a rule without one
 * @param refuse called with the set and the name whose hash does not match
 */
export function namesInRule(
  parts: RuleParts,
  terms: {readonly terms: string; readonly namedPort?: string; readonly isCut: boolean} | undefined,
  nameIndex: NameIndex,
  refuse?: (set: string, name: string) => void,
): RuleNames {
  if (!terms) return {sets: parts.sets.map(() => undefined)}
  const claims =
    parts.sets.length === 0 ? [] : nameTerms(terms.terms, parts.sets, terms.isCut, (name, set) => nameIndex.fits(name, set))
  const sets = claims.map((claim, index) => {
    if (!claim || claim.fits) return claim?.name
    refuse?.((parts.sets[index] as {set: string}).set, claim.name)
    return undefined
  })
  const {namedPort} = terms
  if (namedPort === undefined || parts.namedPort === undefined) return {sets}
  if (nameIndex.fits(namedPort, parts.namedPort)) return {sets, namedPort}
  if (!terms.isCut) refuse?.(parts.namedPort, namedPort)
  return {sets}
}

/** Parses the comment of a v2 jump or rule. Undefined if there is none or it has another form. */
export function commentTerms(parts: RuleParts): {terms: string; namedPort?: string; isCut: boolean} | undefined {
  if (parts.comment === undefined) return undefined
  return parseJumpComment(parts.comment) ?? parseRuleComment(parts.comment, commentFacts(parts))
}

/**
 * Fills an index with all names in a dump: from rule comments, cluster objects, NPM's debug cache and metrics, and names
 * that these imply.
 *
 * @param about sets whose names are wanted; by default all. The index may contain others.
 * @returns the index, and the sets that rules of Azure NPM name, each with the line of the first such rule
 */
export function learnNames(
  dump: LinuxDocuments,
  chains: NpmChains,
  jumps: readonly PolicyJump[],
  about?: ReadonlySet<string>,
): {nameIndex: NameIndex; usedSets: Map<string, number>} {
  const isAbout = (set: string) => !about || about.has(set)
  const nameIndex = new NameIndex()
  const usedSets = new Map<string, number>()
  const policies = new Map(jumps.map(({chain, policy}) => [chain, policy]))
  for (const name of chains.names)
    for (const rule of chains.rules(name)) {
      let isLearned = !about
      for (const match of rule.matches)
        if (match.kind === 'set' && (usedSets.has(match.set) || (isSetName(match.set) && isAbout(match.set)))) {
          isLearned = true
          if (!usedSets.has(match.set)) usedSets.set(match.set, rule.line)
        }
      if (isLearned) learnFromRule(rule, nameIndex, chains, policies.get(name))
    }
  const held = [...(dump.sets?.keys() ?? [])].filter(name => isSetName(name) && isAbout(name))
  const wanted = new Set([...held, ...usedSets.keys()])
  const generations = generationsOf(chains)
  for (const {kernelName, name} of dump.cache?.names ?? [])
    nameIndex.learn(kernelName, name, 'cache', dump.cache?.isV1 ? 'v1' : 'v2')
  for (const {kernelName, name} of dump.metricNames)
    nameIndex.learn(kernelName, name, 'metrics', generations.includes('v2') ? 'v2' : 'v1')
  if (dump.cluster) learnFromObjects(dump.cluster, 'cluster', nameIndex, wanted, generations)
  if (dump.cache) learnFromObjects(dump.cache.objects, 'cache', nameIndex, wanted, dump.cache.isV1 ? ['v1'] : ['v2'])
  learnImplied(nameIndex, wanted, jumps)
  return {nameIndex, usedSets}
}

/** The generations whose names are tried. A dump without rules does not reveal the generation, so both are. */
function generationsOf(chains: NpmChains): Generation[] {
  const {generation} = chains
  return generation === 'v1' || generation === 'v2' ? [generation] : ['v2', 'v1']
}

/** @param chainPolicy the policy whose chain contains the rule */
function learnFromRule(rule: Rule, nameIndex: NameIndex, chains: NpmChains, chainPolicy: string | undefined): void {
  const {generation} = chains
  const file = chains.table?.file
  const parts = ruleParts(rule)
  if (parts.sets.length === 0 && parts.namedPort === undefined) return
  const isV1 = generation === 'v1' || (generation === 'mixed' && !isV2RuleChain(rule.chain))
  if (isV1) {
    if (parts.comment !== undefined) learnFromV1Comment(parts, nameIndex, rule, file)
    return
  }
  const terms = commentTerms(parts)
  if (!terms) return
  const refuse = (set: string, name: string) => {
    nameIndex.learn(set, name, 'comment', 'v2', {line: rule.line, ...(file !== undefined && {file})})
  }
  const names = namesInRule(parts, terms, nameIndex, refuse)
  const policy = chainPolicy ?? (parts.comment === undefined ? undefined : parseJumpComment(parts.comment)?.policy)
  for (let index = 0; index < parts.sets.length; index++) {
    const name = names.sets[index]
    const set = parts.sets[index]?.set
    if (name === undefined || set === undefined) continue
    nameIndex.learn(set, name, 'comment', 'v2')
    if (policy !== undefined) nameIndex.usedBy(set, name, policy)
  }
  if (names.namedPort !== undefined && parts.namedPort !== undefined)
    nameIndex.learn(parts.namedPort, names.namedPort, 'comment', 'v2')
}

function learnFromV1Comment(parts: RuleParts, nameIndex: NameIndex, rule: Rule, file: string | undefined): void {
  const {comment = ''} = parts
  const where = {line: rule.line, ...(file !== undefined && {file})}
  const sets = [...new Set(parts.sets.map(({set}) => set))]
  if (parts.namedPort !== undefined && !sets.includes(parts.namedPort)) sets.push(parts.namedPort)
  const met = schemes.filter(scheme => sets.some(set => schemeOfSet(set) === scheme))
  const learn = (name: string): boolean => {
    let isName = false
    for (const scheme of met) {
      const set = nameIndex.hashed(name, scheme)
      if (!sets.includes(set)) continue
      nameIndex.learn(set, name, 'comment', 'v1', where)
      isName = true
    }
    return isName
  }
  // Rules of one peer at several ports name the same sets. Other names of a set are looked for only where names collide.
  const isKnown = !met.includes('fnv32a') && sets.every(set => nameIndex.namesOf(set).length > 0)
  if (!isKnown) v1CommentNames(comment, sets.length, learn, comment.length >= KEPT_COMMENT_BYTES)
  for (const name of v1CommentNamespaces(comment)) for (const set of sets) nameIndex.calledNamespace(set, name)
}

interface HashedName extends ExpectedName {
  readonly kernelName: string
}

/** All nodes of a cluster may have the same names. */
const hashedOf = new WeakMap<ClusterObjects, Map<string, readonly HashedName[]>>()

function hashedNames(objects: ClusterObjects, generation: Generation, scheme: Scheme): readonly HashedName[] {
  const known = hashedOf.get(objects) ?? new Map<string, readonly HashedName[]>()
  hashedOf.set(objects, known)
  const key = `${generation} ${scheme}`
  const names =
    known.get(key) ??
    expectedNames(objects, generation, scheme).map(each => ({...each, kernelName: setKernelName(each.name, scheme)}))
  known.set(key, names)
  return names
}

function learnFromObjects(
  objects: ClusterObjects,
  evidence: Evidence,
  nameIndex: NameIndex,
  wanted: ReadonlySet<string>,
  generations: readonly Generation[],
): void {
  const met = schemes.filter(scheme => [...wanted].some(name => setScheme(name) === scheme))
  for (const scheme of met)
    for (const generation of generations)
      for (const {name, policy, kernelName} of hashedNames(objects, generation, scheme)) {
        if (!wanted.has(kernelName)) continue
        nameIndex.learn(kernelName, name, evidence, generation)
        if (policy !== undefined) nameIndex.usedBy(kernelName, name, policy)
      }
}

/**
 * Learns names that known names imply: the members of a nested list, the key of a key and value, the label that every
 * namespace has, the namespace of a policy whose comment was cut. Only sets without a name are tried, and the hash decides.
 */
function learnImplied(nameIndex: NameIndex, wanted: ReadonlySet<string>, jumps: readonly PolicyJump[]): void {
  const unknown = new Set([...wanted].filter(name => nameIndex.namesOf(name).length === 0))
  if (unknown.size === 0) return
  const known = [...nameIndex.kernelNames]
    .flatMap(name => [...nameIndex.namesOf(name)])
    .filter(({generation}) => generation === 'v2')
  const namespaces = jumps.flatMap(({policy}) => (policy === undefined ? [] : [`ns-${policy.slice(0, policy.indexOf('/'))}`]))
  const implied = new Set([ALL_NAMESPACES, ...namespaces, ...known.flatMap(({name, policy}) => impliedBy(name, policy))])
  const met = new Set<Scheme>([...unknown].flatMap(name => setScheme(name) ?? []))
  for (const scheme of met)
    for (const name of implied) {
      const kernelName = setKernelName(name, scheme)
      if (unknown.has(kernelName)) nameIndex.learn(kernelName, name, 'hash', 'v2')
    }
}

const NAME_LABEL = 'nslabel-kubernetes.io/metadata.name'

function impliedBy(name: string, policy: string | undefined): string[] {
  const meaning = setMeaning(name, policy)
  switch (meaning.type) {
    case 'NestedLabelOfPod':
      return (meaning.values ?? []).map(value => `podlabel-${meaning.key}:${value}`)
    case 'KeyValueLabelOfPod':
      return [`podlabel-${meaning.key}`]
    case 'KeyValueLabelOfNamespace':
      return [`nslabel-${meaning.key}`]
    case 'Namespace':
      return [NAME_LABEL, `${NAME_LABEL}:${meaning.namespace}`]
    default:
      return []
  }
}
