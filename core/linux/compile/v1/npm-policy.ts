import {withDefaults} from '../../../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey, type PolicyPort} from '../../../kubernetes/objects.ts'
import type {Direction} from '../../../names/kernel-name.ts'
import type {NamedPlace} from '../../../policy/collisions.ts'
import {LEFT_OUT} from '../../../policy/largest-left-out.ts'
import {type NamedSet, namespaceSet, type SetCondition} from '../../../policy/named-set.ts'
import {type NpmPolicyPort, npmPolicyPorts} from '../../../policy/npm-policy-ports.ts'
import type {CompileOptions, Unsupported} from '../../../policy/program.ts'
import {releaseFacts} from '../../../policy/release.ts'
import {CombinedRules, firstUses, JoinedRules, type PeersAndPorts, type RuleList} from '../../../policy/rule-list.ts'
import {MOST_RULES} from '../../../policy/selectors.ts'
import {type ConsequenceOf, UnsupportedList} from '../../../policy/unsupported.ts'
import {v1Empty} from '../../../policy/v1-names.ts'
import type {Target} from '../../iptables/model.ts'
import {v1RuleChains} from '../../npm/chain-names.ts'
import {allowTargets} from './base-chains.ts'
import {everybody, type V1Context, type V1Peer, v1Peers} from './peers.ts'
import {allowComment, type PortKind, pieces} from './rule-order.ts'
import {type V1Selector, v1PodSelector} from './selectors.ts'

/** A condition of a rule, before names are hashed. */
export type V1Condition =
  | {readonly kind: 'set'; readonly term: SetCondition; readonly sides: string}
  | {readonly kind: 'protocol'; readonly protocol: string}
  | {readonly kind: 'port'; readonly protocol: string; readonly port: number}

/** A rule of a policy, before names are hashed. */
export interface V1Rule {
  readonly chain: string
  readonly conditions: readonly V1Condition[]
  readonly comment: string
  readonly target: Target
  /** The peer or rule of the object that the rule results from, as a path. */
  readonly field: string
}

/** One policy as NPM v1 translates it. */
export interface V1NpmPolicy {
  /** `namespace/name` */
  readonly policy: string
  /** In the order of their creation. */
  readonly rules: RuleList<V1Rule>
  /** The rules that name a set for the first time. */
  readonly namingRules: readonly V1Rule[]
  /** Whether it has too many rules to be compiled. It has none here, but NPM programs it. */
  readonly isTooLarge: boolean
  readonly sets: readonly NamedSet[]
  readonly refusals: readonly Unsupported[]
}

/** Translates one policy. A refused policy has no rules, and only the set that every policy has. */
export function v1NpmPolicyOf(object: NetworkPolicy, {release, semantics}: CompileOptions): V1NpmPolicy {
  const {metadata, spec} = withDefaults(object)
  const policy = objectKey(object)
  const {namespace: name = 'default'} = metadata
  const refusals = new UnsupportedList(policy, consequence)
  const context: V1Context = {
    policy,
    namespace: {set: namespaceSet(name), name},
    semantics,
    release: releaseFacts(release),
    refusals,
    sets: new Set(),
  }
  const target = v1PodSelector(spec.podSelector ?? {}, 'spec.podSelector', context, context.namespace)
  const types = (spec.policyTypes ?? []).filter(type => type === 'Ingress' || type === 'Egress')
  const allowed = types.map(direction => allowRules(spec, direction, target, context))
  const drops = (['Ingress', 'Egress'] as const)
    .filter(direction => types.includes(direction) && !isOpen(spec, direction))
    .map(direction => dropRule(direction, target))
  const refused = {policy, rules: [], namingRules: [], refusals: refusals.all}
  const isTooLarge = refusals.all.length > 0 && refusals.all.every(({code}) => code === 'TOO_MANY_RULES')
  if (refusals.all.length > 0 && !isTooLarge) return {...refused, isTooLarge, sets: [v1Empty]}
  const namingRules = [...allowed.flatMap(({naming}) => naming), ...drops]
  const named = namingRules.flatMap(({conditions}) => conditions.flatMap(each => (each.kind === 'set' ? [each.term.set] : [])))
  const sets = [...new Set([v1Empty, context.namespace.set, ...named, ...context.sets])]
  if (isTooLarge) return {...refused, isTooLarge, sets}
  const rules = new JoinedRules([...allowed.map(each => each.rules), drops])
  return {policy, rules, namingRules, isTooLarge, sets, refusals: refusals.losses}
}

/** Lists every set that the policy's rules name, with the field of the object. */
export function* v1NamedSets({namingRules}: V1NpmPolicy): Generator<NamedPlace> {
  for (const {conditions, field} of namingRules)
    for (const condition of conditions) if (condition.kind === 'set') yield {set: condition.term.set, field}
}

/** An API server rejects every policy that is refused here. */
const consequence: ConsequenceOf = code => ({
  hasSets: false,
  words:
    code === 'TOO_MANY_RULES'
      ? LEFT_OUT
      : 'nothing of the policy is compiled; NPM v1 stops at a rule that iptables refuses, before it makes the default drop',
})

type Spec = NetworkPolicy['spec']

const sides = {Ingress: {own: 'dst', other: 'src'}, Egress: {own: 'src', other: 'dst'}} as const

function givenRules(spec: Spec, direction: Direction) {
  return direction === 'Ingress'
    ? (spec.ingress ?? []).map(({from, ports}) => ({peers: from, ports}))
    : (spec.egress ?? []).map(({to, ports}) => ({peers: to, ports}))
}

/** Whether the default drop is omitted. It is omitted only if the sole rule has no conditions, not if there are other rules. */
function isOpen(spec: Spec, direction: Direction): boolean {
  const [first, ...others] = givenRules(spec, direction)
  return first !== undefined && others.length === 0 && !first.peers && !first.ports
}

function dropRule(direction: Direction, target: V1Selector): V1Rule {
  const joint = direction === 'Ingress' ? 'TO' : 'FROM'
  return {
    chain: v1RuleChains[direction].drops,
    conditions: setConditions(target.terms, sides[direction].own),
    comment: `DROP-ALL-${joint}-${target.words}`,
    target: {kind: 'verdict', verdict: 'DROP'},
    field: direction === 'Ingress' ? 'spec.ingress' : 'spec.egress',
  }
}

/** The allow rules of one direction, in the order of their creation: rules for blocks come first. */
function allowRules(
  spec: Spec,
  direction: Direction,
  target: V1Selector,
  context: V1Context,
): {rules: RuleList<V1Rule>; naming: readonly V1Rule[]} {
  const field = direction === 'Ingress' ? 'spec.ingress' : 'spec.egress'
  const list = direction === 'Ingress' ? 'from' : 'to'
  const blocks: PeersAndPorts<V1Peer, NpmPolicyPort | undefined>[] = []
  const others: typeof blocks = []
  let count = 0
  let isOver = false
  let hasBlockRule = false
  for (const [index, {peers, ports}] of givenRules(spec, direction).entries()) {
    const place = `${field}[${index}]`
    const most = Math.max(0, MOST_RULES - count)
    const {translated, count: peerCount}: ReturnType<typeof v1Peers> = peers
      ? v1Peers(peers, {direction, rule: index, hasBlockRule}, `${place}.${list}`, most, context)
      : {translated: [everybody(place)], count: 1}
    hasBlockRule ||= translated.some(({kind}) => kind === 'block')
    const translatedPorts = ports
      ? npmPolicyPorts(ports.map(withoutEnd), `${place}.ports`, {...context, isLite: false})
      : [undefined]
    count += peerCount * translatedPorts.length
    if (count > MOST_RULES && !isOver) {
      context.refusals.add('TOO_MANY_RULES', place, `its peers, values and ports combine to more than ${MOST_RULES} rules`)
      isOver = true
    }
    blocks.push({peers: translated.filter(({kind}) => kind === 'block'), ports: translatedPorts})
    others.push({peers: translated.filter(({kind}) => kind !== 'block'), ports: translatedPorts})
  }
  const all = [...blocks, ...others]
  const make = (peer: V1Peer, port: NpmPolicyPort | undefined) => allowRule(direction, target, peer, port)
  return {rules: new CombinedRules(all, make), naming: Array.from(firstUses(all), ([peer, port]) => make(peer, port))}
}

/** NPM v1 does not support port ranges: it uses the first port. */
const withoutEnd = ({protocol, port}: PolicyPort): PolicyPort => ({
  ...(protocol !== undefined && {protocol}),
  ...(port !== undefined && {port}),
})

function allowRule(direction: Direction, target: V1Selector, peer: V1Peer, port: NpmPolicyPort | undefined): V1Rule {
  const {own, other} = sides[direction]
  const {protocol = ''} = port ?? {}
  const lower = protocol.toLowerCase()
  const order = pieces(direction, peer.kind, portKind(port))
  const conditions = order.flatMap((piece): V1Condition[] => {
    if (piece === 'T') return setConditions(target.terms, own)
    if (piece === 'n') return setConditions(port?.namedPort ? [{set: port.namedPort, negated: false}] : [], 'dst,dst')
    if (piece === 'p') return port?.port ? [{kind: 'port', protocol: lower, port: port.port.from}] : []
    return setConditions(peer.terms[piece] ?? [], other)
  })
  const hasProtocol = order.includes('p')
  const chains = v1RuleChains[direction]
  return {
    chain: port || peer.kind === 'all' ? chains.ports : chains.peers,
    // iptables-save prints the protocol first.
    conditions: [...(hasProtocol ? [{kind: 'protocol', protocol: lower} as const] : []), ...conditions],
    comment: allowComment(direction, peer.kind, {
      target: target.words,
      ...(peer.words !== undefined && {peer: peer.words}),
      ...(port && {port: portWords(port)}),
    }),
    target: allowTargets[direction],
    field: peer.field,
  }
}

const setConditions = (terms: readonly SetCondition[], of: string): V1Condition[] =>
  terms.map(term => ({kind: 'set', term, sides: of}))

const portKind = (port: NpmPolicyPort | undefined): PortKind => (port ? (port.namedPort ? 'name' : 'number') : 'none')

function portWords({protocol = '', port, namedPort}: NpmPolicyPort): string {
  if (namedPort) return `${protocol}-PORT-${namedPort.name.slice('namedport:'.length)}`
  return port ? `${protocol}-PORT-${port.from}` : protocol
}
