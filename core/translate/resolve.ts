import type {IncompletePart} from '../contract/common.ts'
import type {ResolvedName} from '../contract/resolution.ts'
import type {NodeTranslation, TranslationFacts} from '../dataplane/node-translation.ts'
import type {PolicyChains} from '../dataplane/policy-chains.ts'
import {linux} from '../dataplanes.ts'
import {schemes} from '../names/hash.ts'
import {kernelNameOfHash, setKernelName, setScheme} from '../names/kernel-name.ts'
import type {Generation} from '../names/name-index.ts'
import {type SetMeaning, setMeaning, setTypeOf} from '../names/set-name.ts'
import {v1SetMeaning} from '../names/v1-name.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {describeMeaning} from '../sets/describe-sets.ts'

/** How policies' rule lists are named: as on the node, or, without one, on Linux. */
const chainsOf = (node: ResolvingNode | undefined) => node?.policyChains ?? linux.policyChains

/** Names that most clusters have. Their hashes can be resolved without a dump. */
const WELL_KNOWN_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'gatekeeper-system', 'calico-system']
const WELL_KNOWN_LABELS = [
  'k8s-app',
  'k8s-app:kube-dns',
  'k8s-app:metrics-server',
  'k8s-app:azure-npm',
  'k8s-app:konnectivity-agent',
  'component',
  'tier',
  'app',
  'pod-template-hash',
]
const WELL_KNOWN_PORTS = ['http', 'https', 'dns', 'dns-tcp', 'metrics', 'web', 'grpc']

const V2_KNOWN = [
  'nslabel-all-namespaces',
  'nslabel-kubernetes.io/metadata.name',
  ...WELL_KNOWN_NAMESPACES.flatMap(name => [`ns-${name}`, `nslabel-kubernetes.io/metadata.name:${name}`]),
  ...WELL_KNOWN_LABELS.map(label => `podlabel-${label}`),
  ...WELL_KNOWN_PORTS.map(port => `namedport:${port}`),
]
const V1_KNOWN = ['all-namespaces', 'kube-system', 'ns-kubernetes.io/metadata.name', ...WELL_KNOWN_LABELS]
const KNOWN_POLICIES = ['kube-system/konnectivity-agent', 'kube-system/default-deny-ingress']

/** The hash of a set or chain without what stands before it: FNV-1a in decimal, SHA-256 to the base of 36 in sets and in chains. */
const BARE_HASH = /^(?:\d{6,10}|[0-9a-z]{20}|[0-9a-z]{10})$/
/** No word has this form: digits alone, or so many letters and digits in one. */
const CERTAINLY_HASH = /^(?:\d{6,10}|(?=.*\d)[0-9a-z]{20})$/

/** A node whose names are known, and what of it is not. */
export interface ResolvingNode extends Pick<NodeTranslation, 'names' | 'kernelSets' | 'policyOfChain' | 'hasRuleList'> {
  readonly policyChains: PolicyChains
  /** Of the Azure NPM on the node, where it is known. */
  readonly generation: TranslationFacts['generation']
  /** What an address is of, as a clause, and whether a set holds it; null where that is not known. */
  addressOf(address: string): {readonly meaning: string; readonly isInSet: boolean | null}
  /** Why it is not known whether the node has a set that is not among those of the input. Called for each that an answer rests on. */
  doubtOfSet(kernelName: string, name: string): IncompletePart | undefined
  /** The same of a chain. */
  doubtOfChain(): IncompletePart | undefined
}

/** Whether a node has one of several sets that a name may have; null when that is not known. */
function isSetOnNode(sets: readonly string[], name: string, node: ResolvingNode | undefined): boolean | null {
  if (!node) return null
  if (sets.some(each => node.kernelSets.has(each))) return true
  return sets.map(each => node.doubtOfSet(each, name)).some(part => part) ? null : false
}

function isChainOnNode(chains: readonly string[], node: ResolvingNode | undefined): boolean | null {
  if (!node) return null
  if (chains.some(chain => node.hasRuleList(chain))) return true
  return node.doubtOfChain() ? null : false
}

/** The result for a set name: its kernel names, its meaning, and whether the node has it. */
function setResult(
  asked: string,
  name: string,
  generation: Generation,
  meaning: SetMeaning,
  node: ResolvingNode | undefined,
): ResolvedName {
  const hashes = {fnv32a: [setKernelName(name, 'fnv32a')], sha256: [setKernelName(name, 'sha256')]}
  const all = [...hashes.fnv32a, ...hashes.sha256]
  const known = all.flatMap(kernelName => [...(node?.names.namesOf(kernelName) ?? [])]).find(each => each.name === name)
  return {
    asked,
    name,
    kind: 'set',
    type: meaning.type,
    // Both generations name the sets of namespaces and of named ports in the same way.
    generation: meaning.type === 'Namespace' || meaning.type === 'NamedPorts' ? 'any' : generation,
    meaning: describeMeaning(meaning),
    ...hashes,
    onNode: isSetOnNode(all, name, node),
    evidence: known ? [...known.evidence] : [],
  }
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)]

function policyResult(asked: string, policy: string, node: ResolvingNode | undefined): ResolvedName {
  const [fnv32a, sha256] = schemes.map(scheme =>
    distinct((['Ingress', 'Egress'] as const).map(direction => chainsOf(node).nameOf(policy, direction, scheme))),
  )
  const chains = [...(fnv32a ?? []), ...(sha256 ?? [])]
  return {
    asked,
    name: policy,
    kind: 'policy',
    type: 'Unknown',
    generation: 'v2',
    meaning: `policy ${policy}`,
    fnv32a: fnv32a ?? [],
    sha256: sha256 ?? [],
    onNode: isChainOnNode(chains, node),
    evidence: [],
  }
}

function unknownResult(asked: string, node: ResolvingNode | undefined): ResolvedName {
  const shape = chainsOf(node).shapeOf(asked)
  const onNode = shape ? isChainOnNode([asked], node) : isSetOnNode([asked], asked, node)
  const scheme = setScheme(asked) ?? (shape?.schemes.length === 1 ? shape.schemes[0] : undefined)
  return {
    asked,
    name: 'unknown',
    kind: shape ? 'policy' : setScheme(asked) ? 'set' : 'unknown',
    type: 'Unknown',
    generation: 'unknown',
    meaning: 'unknown',
    fnv32a: scheme === 'fnv32a' ? [asked] : [],
    sha256: scheme === 'sha256' ? [asked] : [],
    onNode,
    evidence: [],
  }
}

/**
 * Resolves a kernel name to names, or a name to its kernel names.
 *
 * @param asked a kernel set or chain name, its hash alone, a set name with or without prefix, a label (`app=web`), a policy (`ns/name`),
 *   or an IPv4 address
 * @param node  an open dump; without it, hashes are compared only with names that most clusters have
 * @returns all readings, at least one; for an unknown hash one with the name `unknown`
 */
export function resolveName(asked: string, node?: ResolvingNode): ResolvedName[] {
  if (setScheme(asked)) return resolveSet(asked, node)
  if (parseIpv4(asked) !== undefined) return [addressResult(asked, node)]
  const bare = bareHash(asked, node)
  if (bare.length > 0) return bare
  const purposes = chainsOf(node)
    .purposesOf(asked)
    .filter(({generation}) => !node || node.generation === generation || !['v1', 'v2'].includes(node.generation))
  if (purposes.length > 0) return baseChainResults(asked, purposes, node)
  const chain = chainsOf(node).shapeOf(asked)
  if (chain) {
    const known = node?.policyOfChain.get(asked)?.split('|') ?? []
    const guessed = KNOWN_POLICIES.filter(policy =>
      chain.schemes.some(scheme => chainsOf(node).nameOf(policy, chain.direction, scheme) === asked),
    )
    const policies = known.length > 0 ? known : guessed
    if (policies.length === 0) return [unknownResult(asked, node)]
    return policies.map(policy => ({
      ...policyResult(asked, policy, node),
      evidence: known.length > 0 ? ['hash'] : ['well-known', 'hash'],
    }))
  }
  return readings(asked)
    .map(({name, generation, meaning}) => setResult(asked, name, generation, meaning, node))
    .concat(policyReading(asked, node))
}

/** What a hash stands for that was given without its prefix. What is no known hash, and may be a word, is none. */
function bareHash(asked: string, node: ResolvingNode | undefined): ResolvedName[] {
  if (!BARE_HASH.test(asked)) return []
  const set = kernelNameOfHash(asked)
  const names = [...(setScheme(set) ? [set] : []), ...chainsOf(node).ofDigest(asked)]
  const all = names.flatMap(name => resolveName(name, node)).map(each => ({...each, asked}))
  const known = all.filter(({name}) => name !== 'unknown')
  // Both chains of a policy have one hash.
  const distinctNames = [...new Map(known.map(each => [`${each.kind} ${each.name}`, each])).values()]
  if (distinctNames.length > 0 || !CERTAINLY_HASH.test(asked)) return distinctNames
  return all.slice(0, 1)
}

function baseChainResults(
  asked: string,
  purposes: ReturnType<PolicyChains['purposesOf']>,
  node: ResolvingNode | undefined,
): ResolvedName[] {
  const onNode = isChainOnNode([asked], node)
  const of = (generation: ResolvedName['generation'], meaning: string): ResolvedName => ({
    asked,
    name: asked,
    kind: 'chain',
    type: 'Unknown',
    generation,
    meaning,
    fnv32a: [],
    sha256: [],
    onNode,
    evidence: [],
  })
  const meanings = Map.groupBy(purposes, ({meaning}) => meaning)
  return [...meanings].map(([meaning, [first, ...others]]) => of(others.length > 0 || !first ? 'any' : first.generation, meaning))
}

function addressResult(asked: string, node: ResolvingNode | undefined): ResolvedName {
  const {meaning, isInSet} = node?.addressOf(asked) ?? {meaning: 'unknown', isInSet: null}
  return {
    asked,
    name: node ? asked : 'unknown',
    kind: 'address',
    type: 'Unknown',
    generation: 'unknown',
    meaning,
    fnv32a: [],
    sha256: [],
    onNode: isInSet,
    evidence: [],
  }
}

function resolveSet(asked: string, node: ResolvingNode | undefined): ResolvedName[] {
  const known = node?.names.namesOf(asked) ?? []
  if (known.length > 0)
    return known.map(each =>
      setResult(asked, each.name, each.generation, node?.names.meaningOf(each) ?? setMeaning(each.name), node),
    )
  const scheme = setScheme(asked) ?? 'fnv32a'
  const guessed = [
    ...V2_KNOWN.map(name => ({name, generation: 'v2' as const, meaning: setMeaning(name)})),
    ...V1_KNOWN.map(name => ({name, generation: 'v1' as const, meaning: v1SetMeaning(name)})),
  ].filter(({name}) => setKernelName(name, scheme) === asked)
  if (guessed.length === 0) return [unknownResult(asked, node)]
  return guessed.map(({name, generation, meaning}) => ({
    ...setResult(asked, name, generation, meaning, node),
    evidence: ['well-known', 'hash'],
  }))
}

/** The set names that a text may mean: the text itself if it has a type prefix, else one with each possible prefix. */
function readings(asked: string): {name: string; generation: Generation; meaning: SetMeaning}[] {
  const bare = asked.replace('=', ':')
  const v2 = (name: string) => ({name, generation: 'v2' as const, meaning: setMeaning(name)})
  if (setTypeOf(bare) !== 'Unknown' && !asked.includes('=')) return [v2(bare)]
  const labels = [v2(`podlabel-${bare}`), v2(`nslabel-${bare}`)]
  const v1 = [bare, `ns-${bare}`].map(name => ({
    name,
    generation: 'v1' as const,
    meaning: v1SetMeaning(name, name === bare ? 'hash:net' : 'list:set'),
  }))
  if (bare.includes(':')) return [...labels, ...v1]
  if (bare.includes('/')) return labels
  return [...labels, v2(`ns-${bare}`), v2(`namedport:${bare}`), ...v1.slice(0, 1)]
}

const POLICY = /^[a-z0-9-]+\/[a-z0-9.-]+$/

const policyReading = (asked: string, node: ResolvingNode | undefined): ResolvedName[] =>
  POLICY.test(asked) ? [policyResult(asked, asked, node)] : []
