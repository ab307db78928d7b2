import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type ClusterObjects, type LabelSelector, type NetworkPolicy, objectKey, type PolicyPeer} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import {blockHolds, parseIpv4Block} from '../net/ipv4.ts'
import {podsBehindIpv6, sidecarPortsOf} from './pod-deviations.ts'
import type {Compile, Unsupported, UnsupportedCode} from './program.ts'

/**
 * Where Azure NPM enforces something other than the NetworkPolicy API specifies, each in one sentence. Programs with the semantics
 * `kubernetes` and `npm` differ in nothing else.
 */
const deviations = {
  NAMESPACE_NOT_IN:
    'NotIn with several values in a namespace selector admits every namespace that lacks one of them, not only those that lack all',
  NEGATIVE_ONLY: 'A namespace selector that only excludes admits every address that is no pod too: nodes, the internet',
  IPV6_BLOCK: 'An IPv6 block makes Azure NPM refuse the whole policy, which leaves its pods open',
  IPV6_EXCEPT: 'An exception that is no IPv4 block keeps the rules of the policy from ever being written',
  WHOLE_RANGE: 'A block with a mask of 0 bits that is not written 0.0.0.0/0 makes Azure NPM refuse the whole policy',
  BLOCK_OF_EXCEPT: 'An exception that covers its whole block leaves nothing of it; Azure NPM may admit the block all the same',
  BAD_LABEL_VALUE: 'A value that no label can have matches nothing; Azure NPM refuses the whole policy for it',
  LONG_COMMENT: 'Rules with very many or long conditions are too long for iptables-restore, and the policy is never enforced',
  TERMINATING_NAMESPACE: 'A namespace loses its labels to Azure NPM when its deletion starts, though its pods still run',
  ALL_NAMESPACES_LABEL: 'The label key all-namespaces is to Azure NPM the list of all namespaces',
  SIDECAR_PORT:
    'Azure NPM does not read the ports of sidecars (init containers that always restart), so a named port of one lets nothing in',
  IPV6_POD:
    'Azure NPM reads the first address of a pod only: one whose first address is IPv6 is no pod to it, though it has an IPv4 address',
  SHARED_SET: 'Names of different sets have one hash: members of the one count as members of the other',
  SHARED_CHAIN: 'Names of different policies have one hash: each gets rules of the other',
  INVERTED_NAMESPACES:
    'Azure NPM on Windows reads NotIn and DoesNotExist in a namespace selector of egress as In and Exists: exactly what the rule excludes is allowed',
} as const
export type DeviationCode = keyof typeof deviations
export const deviationCodes = Object.keys(deviations) as DeviationCode[]

/** A field of an object that has a deviation. */
export interface DeviationPlace {
  readonly kind: 'NetworkPolicy' | 'Namespace' | 'Pod'
  /** `namespace/name` of a policy or pod, the name of a namespace. */
  readonly object: string
  readonly field: string
}

export interface Deviation {
  readonly code: DeviationCode
  /** What differs, in one sentence. */
  readonly sentence: string
  /** At least one. */
  readonly places: readonly DeviationPlace[]
}

/** What compiles policies, and which deviations its rules may have: all, if it does not say. */
export interface DeviatingCompiler {
  readonly compile: Compile
  readonly deviations?: ReadonlySet<DeviationCode>
}

/** Refusals of Azure NPM that are deviations: the API accepts these policies. */
const ofRefusals: Partial<Record<UnsupportedCode, DeviationCode>> = {
  IPV6_BLOCK: 'IPV6_BLOCK',
  BAD_BLOCK: 'WHOLE_RANGE',
  BAD_EXCEPT: 'IPV6_EXCEPT',
  BAD_LABEL_VALUE: 'BAD_LABEL_VALUE',
  COMMENT_TOO_LONG: 'LONG_COMMENT',
  SET_COLLISION: 'SHARED_SET',
  CHAIN_COLLISION: 'SHARED_CHAIN',
  WINDOWS_INVERTED_NAMESPACES: 'INVERTED_NAMESPACES',
}

/**
 * Finds where Azure NPM deviates from the NetworkPolicy API for these objects.
 *
 * @param compiler of the data plane; refusals of it are among the deviations
 * @param scheme how names are hashed; in practice only decimal names (`fnv32a`) collide
 * @param refusals of a program with the semantics `npm`; by default it is compiled
 * @returns each deviation that occurs, in the order of `deviations`
 */
export function findDeviations(
  objects: ClusterObjects,
  {compile, deviations: possible}: DeviatingCompiler,
  scheme: Scheme = 'sha256',
  refusals: readonly Unsupported[] = compile(objects, {scheme, semantics: 'npm'}).refusals,
): Deviation[] {
  const found = new Map<DeviationCode, DeviationPlace[]>()
  const add = (code: DeviationCode, kind: DeviationPlace['kind'], object: string, field: string): void => {
    found.set(code, [...(found.get(code) ?? []), {kind, object, field}])
  }
  const concerned = refusals.filter(({code}) => ofRefusals[code] !== undefined)
  const shared = new Set(concerned.length > 0 ? refusedByApi(objects, compile, scheme, concerned).map(placeOf) : [])
  for (const refusal of concerned) {
    const code = ofRefusals[refusal.code]
    if (code && !shared.has(placeOf(refusal))) add(code, 'NetworkPolicy', refusal.policy, refusal.field)
  }
  for (const policy of objects.policies)
    for (const {peer, field} of peersInForce(policy))
      for (const {code, at} of ofPeer(peer)) add(code, 'NetworkPolicy', objectKey(policy), field + at)
  for (const {metadata} of objects.namespaces) {
    if (metadata.deletionTimestamp) add('TERMINATING_NAMESPACE', 'Namespace', metadata.name, 'metadata.deletionTimestamp')
    if (Object.hasOwn(metadata.labels ?? {}, ALL_NAMESPACES_KEY))
      add('ALL_NAMESPACES_LABEL', 'Namespace', metadata.name, `metadata.labels.${ALL_NAMESPACES_KEY}`)
  }
  for (const {policy, field} of sidecarPortsOf(objects)) add('SIDECAR_PORT', 'NetworkPolicy', policy, field)
  for (const pod of podsBehindIpv6(objects)) add('IPV6_POD', 'Pod', objectKey(pod), 'status.podIP')
  return deviationCodes.flatMap(code => {
    const places = possible && !possible.has(code) ? undefined : found.get(code)
    return places ? [{code, sentence: deviations[code], places}] : []
  })
}

/** What cannot be programmed either as the API means it. The policies are compiled alone, if not others are what they collide with. */
function refusedByApi(
  objects: ClusterObjects,
  compile: Compile,
  scheme: Scheme,
  refusals: readonly Unsupported[],
): readonly Unsupported[] {
  const isAlone = refusals.every(({code}) => code !== 'SET_COLLISION' && code !== 'CHAIN_COLLISION')
  const names = new Set(refusals.map(({policy}) => policy))
  const policies = isAlone ? objects.policies.filter(policy => names.has(objectKey(policy))) : objects.policies
  return compile({...objects, policies}, {scheme, semantics: 'kubernetes'}).refusals
}

const ALL_NAMESPACES_KEY = 'all-namespaces'

const placeOf = ({policy, code, field}: {policy: string; code: string; field: string}): string => `${policy} ${code} ${field}`

/** Peers in the directions of a policy. A direction with an empty rule is skipped, because that rule allows everything. */
function* peersInForce(policy: NetworkPolicy): Generator<{peer: PolicyPeer; field: string}> {
  const {policyTypes = [], ingress = [], egress = []} = withDefaults(policy).spec
  const sides = [
    {type: 'Ingress', field: 'spec.ingress', side: 'from', rules: ingress.map(({from, ports}) => ({peers: from, ports}))},
    {type: 'Egress', field: 'spec.egress', side: 'to', rules: egress.map(({to, ports}) => ({peers: to, ports}))},
  ]
  for (const {type, field, side, rules} of sides) {
    if (!policyTypes.includes(type) || rules.some(({peers, ports}) => !peers && !ports)) continue
    for (const [rule, {peers = []}] of rules.entries())
      for (const [index, peer] of peers.entries()) yield {peer, field: `${field}[${rule}].${side}[${index}]`}
  }
}

function* ofPeer({namespaceSelector, podSelector = {}, ipBlock}: PolicyPeer): Generator<{code: DeviationCode; at: string}> {
  const block = ipBlock && parseIpv4Block(ipBlock.cidr)
  if (block)
    for (const [index, text] of (ipBlock.except ?? []).entries()) {
      const except = parseIpv4Block(text)
      const isCovered = except && except.prefix <= block.prefix && blockHolds(except, block.base)
      if (isCovered) yield {code: 'BLOCK_OF_EXCEPT', at: `.ipBlock.except[${index}]`}
    }
  if (!namespaceSelector || ipBlock) return
  const at = '.namespaceSelector'
  for (const [index, {key, operator, values = []}] of (namespaceSelector.matchExpressions ?? []).entries()) {
    const place = `${at}.matchExpressions[${index}]`
    if (operator === 'NotIn' && values.length > 1) yield {code: 'NAMESPACE_NOT_IN', at: place}
    const isKeyAlone = operator === 'Exists' || operator === 'DoesNotExist'
    if (key === ALL_NAMESPACES_KEY && isKeyAlone) yield {code: 'ALL_NAMESPACES_LABEL', at: place}
  }
  const isEmpty = (namespaceSelector.matchExpressions ?? []).length === 0
  if (!isEmpty && onlyExcludes(namespaceSelector) && onlyExcludes(podSelector)) yield {code: 'NEGATIVE_ONLY', at}
}

/** True of an empty selector too. */
const onlyExcludes = ({matchLabels = {}, matchExpressions = []}: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 &&
  matchExpressions.every(({operator}) => operator === 'NotIn' || operator === 'DoesNotExist')
