import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NamedPlace} from './collisions.ts'
import {type NamedSet, namespaceSet, type SetCondition} from './named-set.ts'
import type {CheckPolicy, NpmPolicy, NpmPolicyChain, NpmPolicyContext, NpmPolicyRule} from './npm-policy-model.ts'
import {npmPolicyPeers} from './npm-policy-peers.ts'
import {type NpmPolicyPort, npmPolicyPorts} from './npm-policy-ports.ts'
import type {CompileOptions} from './program.ts'
import {releaseFacts} from './release.ts'
import {MOST_RULES, podTerms} from './selectors.ts'
import {consequenceFor, UnsupportedList} from './unsupported.ts'

/**
 * Translates a NetworkPolicy to the policy that Azure NPM would program, before names are hashed.
 *
 * @param check finds what only the data plane refuses; by default nothing
 * @returns the policy; a refused one has no chains, and has sets only if Azure NPM creates them before it fails
 */
export function npmPolicyOf(object: NetworkPolicy, options: CompileOptions, check?: CheckPolicy): NpmPolicy {
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
  const chains = chainsOf(spec, context)
  if (semantics === 'npm') check?.({policy, target, chains}, options.release, refusals)
  const {all, losses, isBeforeSets} = refusals
  if (all.length > 0 && isBeforeSets) return {policy, target, chains: [], sets: [], refusals: all}
  if (all.length > 0) return {policy, target, chains: [], sets: setsOf(target, chains), refusals: all}
  return {policy, target, chains, sets: setsOf(target, chains), refusals: losses}
}

/**
 * The chains of the policy's directions. A policy may name a direction twice. Azure NPM then writes the rules twice, and the second
 * copy has no effect.
 */
function chainsOf(spec: NetworkPolicy['spec'], context: NpmPolicyContext): NpmPolicyChain[] {
  const types = context.semantics === 'npm' ? (spec.policyTypes ?? []) : [...new Set(spec.policyTypes)]
  const chains: NpmPolicyChain[] = []
  for (const direction of ['Ingress', 'Egress'] as const) {
    const rules = types.filter(type => type === direction).flatMap(() => rulesOf(spec, direction, context))
    if (rules.length > 0) chains.push({direction, rules})
  }
  return chains
}

const anyPort: NpmPolicyPort = {}

const drop = (field: string): NpmPolicyRule => ({action: 'drop', peer: [], port: anyPort, field})

function rulesOf(spec: NetworkPolicy['spec'], direction: Direction, context: NpmPolicyContext): NpmPolicyRule[] {
  const isIngress = direction === 'Ingress'
  const field = isIngress ? 'spec.ingress' : 'spec.egress'
  const given = isIngress
    ? (spec.ingress ?? []).map(({from = [], ports = []}) => ({peers: from, ports}))
    : (spec.egress ?? []).map(({to = [], ports = []}) => ({peers: to, ports}))
  const open = given.findIndex(({peers, ports}) => peers.length === 0 && ports.length === 0)
  // A rule without conditions allows everything. Azure NPM then ignores the other rules, faults included.
  if (open >= 0 && (context.release.obeysOpenRules || given.length === 1))
    return [{action: 'allow', peer: [], port: anyPort, field: `${field}[${open}]`}]
  const rules: NpmPolicyRule[] = []
  for (const [index, {peers, ports}] of given.entries()) {
    if (peers.length === 0 && ports.length === 0) continue
    const place = `${field}[${index}]`
    const translated = npmPolicyPeers(peers, {direction, rule: index}, `${place}.${isIngress ? 'from' : 'to'}`, context)
    const translatedPorts = npmPolicyPorts(ports, `${place}.ports`, context)
    if (rules.length + translated.length * Math.max(1, translatedPorts.length) > MOST_RULES) {
      context.refusals.add('TOO_MANY_RULES', place, `its peers, values and ports combine to more than ${MOST_RULES} rules`)
      return []
    }
    const allPeers = peers.length === 0 ? [{terms: [], field: place}] : translated
    const allPorts = ports.length === 0 ? [anyPort] : translatedPorts
    for (const peer of allPeers)
      for (const port of allPorts) rules.push({action: 'allow', peer: peer.terms, port, field: peer.field})
  }
  rules.push(drop(field))
  return rules
}

function setsOf(target: readonly SetCondition[], chains: readonly NpmPolicyChain[]): NamedSet[] {
  const sets = new Set<NamedSet>()
  for (const {set} of target) sets.add(set)
  for (const {rules} of chains) {
    let last: readonly SetCondition[] = []
    for (const {peer, port} of rules) {
      if (peer !== last) for (const {set} of peer) sets.add(set)
      if (port.namedPort) sets.add(port.namedPort)
      last = peer
    }
  }
  return [...sets]
}

/** Every set that the policy's rules name, with the field that names it. A refused policy has none. */
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
