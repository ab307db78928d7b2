import type {ClusterObjects} from '../../kubernetes/objects.ts'
import type {Scheme} from '../../names/hash.ts'
import {isSetName, setKernelName, setScheme} from '../../names/kernel-name.ts'
import {ALL_NAMESPACES} from '../../names/set-name.ts'
import {V1_ALL_NAMESPACES} from '../../names/v1-name.ts'
import {type KnownRelease, releasesOfShape, UNKNOWN_RELEASE} from '../../policy/known-release.ts'
import type {CompileOptions} from '../../policy/program.ts'
import {CURRENT, lastOf, type ReleaseLine} from '../../policy/release.ts'
import type {NpmChains} from './chains.ts'
import type {LinuxDocuments} from './documents.ts'
import {findJump} from './forward-jump.ts'
import {policyChain} from './policy-chain.ts'
import {losesBlocks, possibleLines} from './release-evidence.ts'

/** The options of the Azure NPM that programmed a node, as far as the node reveals them. */
export interface NodeOptions {
  readonly options: Pick<CompileOptions, 'scheme' | 'generation' | 'release' | 'losesLiteBlocks'>
  /** Sentences about what remains uncertain. */
  readonly notes: readonly string[]
  /** Other lines of releases that may have programmed the node, as far as it tells. */
  readonly otherLines: readonly ReleaseLine[]
}

/**
 * Detects which Azure NPM programmed a node, as far as the program depends on it.
 *
 * @param usedSets the sets that rules name
 * @param isLite whether it is NPM Lite, which cannot be detected on a node
 */
export function nodeOptions(
  cluster: ClusterObjects,
  dump: LinuxDocuments,
  chains: NpmChains,
  usedSets: ReadonlyMap<string, unknown>,
  isLite: boolean,
): NodeOptions {
  const isThere = (name: string): boolean => dump.sets?.has(name) === true || usedSets.has(name)
  const scheme = schemeOf(dump, chains, usedSets)
  if (isV1(chains, scheme, isThere)) {
    const isOld = findJump(chains)?.ctstate === null
    return {options: {scheme, generation: 'v1', ...(isOld && {release: 'v1.2.8'})}, notes: [], otherLines: []}
  }
  const lines = possibleLines(cluster, chains, scheme, isThere)
  const [newest = CURRENT] = lines
  const release = newest === CURRENT ? {} : {release: newest}
  const lite = isLite && losesBlocks(cluster, chains, scheme, isThere) ? {losesLiteBlocks: true} : {}
  return {
    options: {scheme, ...release, ...lite},
    notes: newest === CURRENT ? [] : [describeLines(lines)],
    otherLines: lines.slice(1),
  }
}

/** Which releases program as a node is programmed; unknown where nothing of Azure NPM is there, or of two releases. */
export function releaseOfRules(
  cluster: ClusterObjects,
  dump: LinuxDocuments,
  chains: NpmChains,
  usedSets: ReadonlyMap<string, unknown>,
): KnownRelease {
  const names = [...(dump.sets?.keys() ?? usedSets.keys())].filter(isSetName)
  const schemes = new Set(names.map(setScheme))
  const isProgrammed = chains.generation === 'v1' || chains.generation === 'v2' || names.length > 0
  if (!isProgrammed || schemes.size > 1 || chains.generation === 'mixed') return UNKNOWN_RELEASE
  const isThere = (name: string): boolean => dump.sets?.has(name) === true || usedSets.has(name)
  const scheme = schemeOf(dump, chains, usedSets)
  if (isV1(chains, scheme, isThere)) return releasesOfShape({scheme, generation: 'v1', lines: []})
  const [known] = schemes
  return releasesOfShape({scheme: known, generation: 'v2', lines: possibleLines(cluster, chains, scheme, isThere)})
}

function schemeOf(dump: LinuxDocuments, chains: NpmChains, usedSets: ReadonlyMap<string, unknown>): Scheme {
  const schemes = new Set([...(dump.sets?.keys() ?? usedSets.keys())].filter(isSetName).map(setScheme))
  if (schemes.size === 0) for (const chain of chains.policyChains) schemes.add(policyChain(chain)?.schemes[0])
  return schemes.has('sha256') || !schemes.has('fnv32a') ? 'sha256' : 'fnv32a'
}

/** NPM v1 has chains only while there is a policy. Without chains, the names of sets decide. */
function isV1({generation}: NpmChains, scheme: Scheme, isThere: (name: string) => boolean): boolean {
  if (generation === 'v1') return true
  return isThere(setKernelName(V1_ALL_NAMESPACES, scheme)) && !isThere(setKernelName(ALL_NAMESPACES, scheme))
}

function describeLines(lines: readonly ReleaseLine[]): string {
  const [newest = CURRENT] = lines
  const oldest = lines.at(-1) ?? newest
  const last = lastOf(newest)
  const until = last === undefined ? 'or later' : `to ${last}`
  const doubt = lines.length > 1 ? '; nothing on it tells more, and it is compared with what the last of them programs' : ''
  return `the node was programmed by an Azure NPM from ${oldest} ${until}${doubt}`
}
