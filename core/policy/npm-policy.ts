import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import {byteLength, jumpComment, LONGEST_WORD_BYTES, ruleComment, type SpellSet} from '../linux/compile/comment.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NamedPlace} from './collisions.ts'
import {type NamedSet, namespaceSet, type Term} from './named-set.ts'
import type {NpmPolicy, NpmPolicyChain, NpmPolicyContext, NpmPolicyRule} from './npm-policy-model.ts'
import {npmPolicyPeers} from './npm-policy-peers.ts'
import {type NpmPolicyPort, npmPolicyPorts} from './npm-policy-ports.ts'
import type {CompileOptions} from './program.ts'
import {releaseFacts} from './release.ts'
import {MOST_RULES, podTerms} from './selectors.ts'
import {consequenceFor, UnsupportedList} from './unsupported.ts'

/** Translates one policy. A refused one has no chains, and sets only if Azure NPM gets as far as making them. */
export function npmPolicyOf(object: NetworkPolicy, options: CompileOptions): NpmPolicy {
  const {scheme, semantics} = options
  const {metadata, spec} = withDefaults(object)
  const policy = objectKey(object)
  const refusals = new UnsupportedList(policy, consequenceFor(semantics))
  const isLite = options.isLite === true && semantics === 'npm'
  const context: NpmPolicyContext = {
    policy,
    scheme,
    semantics,
    release: releaseFacts(options.release),
    refusals,
    namespace: namespaceSet(metadata.namespace ?? 'default'),
    isLite,
    losesLiteBlocks: isLite && options.losesLiteBlocks === true,
  }
  const target = podTerms(spec.podSelector ?? {}, 'spec.podSelector', context)
  target.push({set: context.namespace, negated: false})
  const chains = draftChains(spec, context)
  if (semantics === 'npm' && context.release.hasRuleComments) checkComments(policy, target, chains, refusals)
  const {all, losses, isBeforeSets} = refusals
  if (all.length > 0 && isBeforeSets) return {policy, target, chains: [], sets: [], refusals: all}
  if (all.length > 0) return {policy, target, chains: [], sets: setsOf(target, chains), refusals: all}
  return {policy, target, chains, sets: setsOf(target, chains), refusals: losses}
}

/**
 * The chains of the directions that the policy is about. Nobody stops a policy from naming a direction twice; Azure NPM then
 * writes its rules twice, which the second time change nothing.
 */
function draftChains(spec: NetworkPolicy['spec'], context: NpmPolicyContext): NpmPolicyChain[] {
  const types = context.semantics === 'npm' ? (spec.policyTypes ?? []) : [...new Set(spec.policyTypes)]
  const chains: NpmPolicyChain[] = []
  for (const direction of ['Ingress', 'Egress'] as const) {
    const rules = types.filter(type => type === direction).flatMap(() => draftRules(spec, direction, context))
    if (rules.length > 0) chains.push({direction, rules})
  }
  return chains
}

const anyPort: NpmPolicyPort = {}

const drop = (field: string): NpmPolicyRule => ({action: 'drop', peer: [], port: anyPort, field})

function draftRules(spec: NetworkPolicy['spec'], direction: Direction, context: NpmPolicyContext): NpmPolicyRule[] {
  const isIngress = direction === 'Ingress'
  const field = isIngress ? 'spec.ingress' : 'spec.egress'
  const given = isIngress
    ? (spec.ingress ?? []).map(({from = [], ports = []}) => ({peers: from, ports}))
    : (spec.egress ?? []).map(({to = [], ports = []}) => ({peers: to, ports}))
  const open = given.findIndex(({peers, ports}) => peers.length === 0 && ports.length === 0)
  // A rule without conditions allows all, and what else there is leaves no trace, faults included.
  if (open >= 0 && (context.release.obeysOpenRules || given.length === 1))
    return [{action: 'allow', peer: [], port: anyPort, field: `${field}[${open}]`}]
  const rules: NpmPolicyRule[] = []
  for (const [index, {peers, ports}] of given.entries()) {
    if (peers.length === 0 && ports.length === 0) continue
    const place = `${field}[${index}]`
    const drafted = npmPolicyPeers(peers, {direction, rule: index}, `${place}.${isIngress ? 'from' : 'to'}`, context)
    const draftedPorts = npmPolicyPorts(ports, `${place}.ports`, context)
    if (rules.length + drafted.length * Math.max(1, draftedPorts.length) > MOST_RULES) {
      context.refusals.add('TOO_MANY_RULES', place, `its peers, values and ports combine to more than ${MOST_RULES} rules`)
      return []
    }
    const allPeers = peers.length === 0 ? [{terms: [], field: place}] : drafted
    const allPorts = ports.length === 0 ? [anyPort] : draftedPorts
    for (const peer of allPeers)
      for (const port of allPorts) rules.push({action: 'allow', peer: peer.terms, port, field: peer.field})
  }
  rules.push(drop(field))
  return rules
}

const spellName: SpellSet = ({set}) => set.name

/** One comment that is too long fails the whole file, and so the whole policy. */
function checkComments(
  policy: string,
  target: readonly Term[],
  chains: readonly NpmPolicyChain[],
  refusals: UnsupportedList,
): void {
  const check = (comment: string, field: string): boolean => {
    const bytes = byteLength(comment)
    if (bytes <= LONGEST_WORD_BYTES) return false
    const reason = `its terms make a comment of ${bytes} bytes, and iptables-restore takes ${LONGEST_WORD_BYTES}`
    refusals.add('COMMENT_TOO_LONG', field, reason)
    return true
  }
  for (const {direction, rules} of chains) {
    if (mayBeLong(target) && check(jumpComment(policy, direction, target, spellName), 'spec.podSelector')) return
    for (const rule of rules) if (mayBeLong(rule.peer) && check(ruleComment(rule, direction, spellName), rule.field)) return
  }
}

/** Whether terms are worth spelling out. Besides them a comment has names of at most 253 and twice 63 characters, and words. */
const mayBeLong = (terms: readonly Term[], port?: NamedSet): boolean =>
  terms.reduce((sum, {set}) => sum + 3 * set.name.length + 6, 3 * (port?.name.length ?? 0)) > LONGEST_WORD_BYTES - 450

function setsOf(target: readonly Term[], chains: readonly NpmPolicyChain[]): NamedSet[] {
  const sets = new Set<NamedSet>()
  for (const {set} of target) sets.add(set)
  for (const {rules} of chains) {
    let last: readonly Term[] = []
    for (const {peer, port} of rules) {
      if (peer !== last) for (const {set} of peer) sets.add(set)
      if (port.namedPort) sets.add(port.namedPort)
      last = peer
    }
  }
  return [...sets]
}

/** Every set that the policy's rules name, and where in the object. */
export function* namedSets({target, chains}: NpmPolicy): Generator<NamedPlace> {
  if (chains.length === 0) return
  for (const {set} of target) yield {set, field: 'spec.podSelector'}
  for (const {rules} of chains)
    for (const {
      peer,
      port: {namedPort},
      field,
    } of rules) {
      for (const {set} of peer) yield {set, field}
      if (namedPort) yield {set: namedPort, field}
    }
}
