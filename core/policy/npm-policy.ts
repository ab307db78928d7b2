import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NamedPlace} from './collisions.ts'
import {type NamedSet, namespaceSet, type SetCondition} from './named-set.ts'
import type {
  Dialect,
  NpmPolicy,
  NpmPolicyBlock,
  NpmPolicyChain,
  NpmPolicyContext,
  NpmPolicyPeer,
  NpmPolicyRule,
} from './npm-policy-model.ts'
import {npmPolicyPeers} from './npm-policy-peers.ts'
import {type NpmPolicyPort, npmPolicyPorts} from './npm-policy-ports.ts'
import type {CompileOptions} from './program.ts'
import {releaseFacts} from './release.ts'
import {CombinedRules, countRules, firstUses} from './rule-list.ts'
import {MOST_RULES, podTerms} from './selectors.ts'
import {consequenceFor, UnsupportedList} from './unsupported.ts'

/**
 * Translates a NetworkPolicy to the policy that Azure NPM would program, before names are hashed.
 *
 * @param dialect of the data plane; by default what all have in common
 * @returns the policy; a refused one has no chains, and has sets only if Azure NPM creates them before it fails
 */
export function npmPolicyOf(object: NetworkPolicy, options: CompileOptions, dialect: Dialect = {}): NpmPolicy {
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
    losesLiteBlocks: isLite && !dialect.hasLiteralLiteBlocks && options.losesLiteBlocks === true,
    keepsBlockText: dialect.keepsBlockText === true,
    hasLiteralBlocks: isLite && dialect.hasLiteralLiteBlocks === true,
  }
  const target = podTerms(spec.podSelector ?? {}, 'spec.podSelector', context)
  target.push({set: context.namespace, negated: false})
  const chains = chainsOf(spec, context)
  dialect.check?.({policy, target, chains}, options, refusals)
  const {all, losses, isBeforeSets} = refusals
  const tooLarge = isTooLarge(all) ? chains.map(({direction}) => direction) : []
  const isWithoutSets = all.length > 0 && isBeforeSets && tooLarge.length === 0
  const sets = isWithoutSets ? [] : setsOf(target, chains)
  if (all.length > 0) return {policy, target, chains: [], tooLarge, sets, refusals: all}
  return {policy, target, chains, tooLarge, sets, refusals: losses}
}

/**
 * The chains of the policy's directions. A policy may name a direction twice. Azure NPM then writes the rules twice, and the second
 * copy has no effect.
 */
function chainsOf(spec: NetworkPolicy['spec'], context: NpmPolicyContext): NpmPolicyChain[] {
  const types = context.semantics === 'npm' ? (spec.policyTypes ?? []) : [...new Set(spec.policyTypes)]
  const chains: NpmPolicyChain[] = []
  for (const direction of ['Ingress', 'Egress'] as const) {
    const blocks = types.filter(type => type === direction).flatMap(() => blocksOf(spec, direction, context))
    if (blocks.length > 0) chains.push({direction, blocks, rules: new CombinedRules(blocks, ruleOf)})
  }
  return chains
}

const anyPort: NpmPolicyPort = {}

const ruleOf = (peer: NpmPolicyPeer, port: NpmPolicyPort): NpmPolicyRule => ({...peer, port})

const everybody = (action: NpmPolicyPeer['action'], field: string): NpmPolicyBlock => ({
  peers: [{action, peer: [], field}],
  ports: [anyPort],
})

function blocksOf(spec: NetworkPolicy['spec'], direction: Direction, context: NpmPolicyContext): NpmPolicyBlock[] {
  const isIngress = direction === 'Ingress'
  const field = isIngress ? 'spec.ingress' : 'spec.egress'
  const given = isIngress
    ? (spec.ingress ?? []).map(({from = [], ports = []}) => ({peers: from, ports}))
    : (spec.egress ?? []).map(({to = [], ports = []}) => ({peers: to, ports}))
  const open = given.findIndex(({peers, ports}) => peers.length === 0 && ports.length === 0)
  // A rule without conditions allows everything. Azure NPM then ignores the other rules, faults included.
  if (open >= 0 && (context.release.obeysOpenRules || given.length === 1)) return [everybody('allow', `${field}[${open}]`)]
  const blocks: NpmPolicyBlock[] = []
  let count = 0
  let isOver = false
  for (const [index, {peers, ports}] of given.entries()) {
    if (peers.length === 0 && ports.length === 0) continue
    const place = `${field}[${index}]`
    const from = `${place}.${isIngress ? 'from' : 'to'}`
    const most = Math.max(0, MOST_RULES - count)
    const {translated, count: peerCount} = npmPolicyPeers(peers, {direction, rule: index}, from, most, context)
    const translatedPorts = npmPolicyPorts(ports, `${place}.ports`, context)
    count += peerCount * Math.max(1, translatedPorts.length)
    if (count > MOST_RULES && !isOver) {
      context.refusals.add('TOO_MANY_RULES', place, `its peers, values and ports combine to more than ${MOST_RULES} rules`)
      isOver = true
    }
    const all = peers.length === 0 ? [{action: 'allow' as const, peer: [], field: place}] : translated
    const allPorts = ports.length === 0 ? [anyPort] : translatedPorts
    if (all.length > 0 && allPorts.length > 0) blocks.push({peers: all, ports: allPorts})
  }
  return [...blocks, everybody('drop', field)]
}

/** Whether a policy has only too many rules for us, so that Azure NPM programs it all the same. */
const isTooLarge = (refusals: NpmPolicy['refusals']): boolean =>
  refusals.length > 0 && refusals.every(({code}) => code === 'TOO_MANY_RULES')

/** How many rules a policy has. */
export const ruleCount = ({chains}: Pick<NpmPolicy, 'chains'>): number =>
  chains.reduce((sum, {blocks}) => sum + countRules(blocks), 0)

function setsOf(target: readonly SetCondition[], chains: readonly NpmPolicyChain[]): NamedSet[] {
  const sets = new Set<NamedSet>()
  for (const {set} of target) sets.add(set)
  for (const {blocks} of chains)
    for (const [{peer}, {namedPort}] of firstUses(blocks)) {
      for (const {set} of peer) sets.add(set)
      if (namedPort) sets.add(namedPort)
    }
  return [...sets]
}

/** Every set that the policy's rules name, with the field that names it. A refused policy has none. */
export function* namedSets({target, chains}: NpmPolicy): Generator<NamedPlace> {
  if (chains.length === 0) return
  for (const {set} of target) yield {set, field: 'spec.podSelector'}
  for (const {blocks} of chains)
    for (const [{peer, field}, {namedPort}] of firstUses(blocks)) {
      for (const {set} of peer) yield {set, field}
      if (namedPort) yield {set: namedPort, field}
    }
}
