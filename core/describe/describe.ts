import type {Description} from '../contract/description.ts'
import type {DriftCause} from '../contract/drift.ts'
import type {PolicyListItem} from '../contract/policies.ts'
import type {TranslatedPolicy} from '../contract/translation.ts'
import {API_VERSION} from '../contract/version.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {selects} from '../kubernetes/label-selector.ts'
import {objectKey, type Pod, type Service} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {Selection} from '../policies/selection.ts'
import {narrowToSets} from '../translate/filter.ts'
import {findSets} from '../translate/find-sets.ts'
import {joined, setsHolding} from '../translate/holding-sets.ts'
import type {Knowledge} from './knowledge.ts'
import {reachOf} from './reach.ts'
import {describeService} from './service.ts'
import {findSubject, type Subject} from './subject.ts'
import {usedSets} from './used-sets.ts'

type Part = Description['incomplete'][number]

/** What differs between kinds of things; the rest of a document is made for all alike. */
interface Found {
  readonly service?: Description['service']
  readonly pods?: readonly Pod[]
  readonly heldBy?: Description['heldBy']
  readonly sets?: Description['sets']
  readonly policies: (item: PolicyListItem) => boolean
  /** A programmed policy as far as it is wanted. */
  readonly rules: (policy: TranslatedPolicy, node: string) => TranslatedPolicy | undefined
  readonly reach?: Description['reach']
  readonly concerns: (cause: DriftCause, sets: ReadonlySet<string>, node: string) => boolean
  readonly incomplete?: readonly Part[]
  readonly nodes?: (node: string) => boolean
}

const keyOf = ({namespace, name}: PolicyListItem): string => `${namespace}/${name}`

/**
 * Tells what is known of a pod, an address, a namespace, a node, a policy or a set: what translate, sets, policies, matrix, diff and lint
 * say of it, together.
 *
 * @param asked     `shop/web-0`, `deploy/web`, `10.1.2.3`, `ns/shop`, `node/n1`, `policy/shop/web`, `app=web`
 * @param namespace of names without one
 * @throws InputError for what is not in the input
 */
export function describe(asked: string, namespace: string | undefined, known: Knowledge): Description {
  const subject = findSubject(asked, namespace, known)
  const found = describers[subject.type](subject, known)
  const isShown = found.nodes ?? (() => true)
  const policies = known.policies.items.filter(found.policies)
  const names = new Set(policies.map(keyOf))
  const incomplete = [...(found.incomplete ?? []), ...incompleteOf(isShown, known)]
  return {
    apiVersion: API_VERSION,
    kind: 'Description',
    asked,
    type: subject.type,
    name: subject.name,
    ...(found.service && {service: found.service}),
    ...('choice' in subject && subject.choice !== undefined && {choice: subject.choice}),
    pods: (found.pods ?? []).map(podOf).toSorted((a, b) => (a.pod < b.pod ? -1 : 1)),
    heldBy: [...(found.heldBy ?? [])],
    sets: [...(found.sets ?? [])],
    policies,
    rules: rulesOf(found, known),
    ...(found.reach && {reach: found.reach}),
    differences: differencesOf(found, known),
    findings: subject.type === 'node' ? [] : known.findings.filter(({policy}) => names.has(policy)),
    nodes: known.nodes.filter(({node}) => isShown(node)).map(state => nodeOf(state)),
    failures: known.failures.filter(({node}) => isShown(node)),
    incomplete: [...new Map(incomplete.map(part => [part.part, plainPart(part)])).values()],
    problems: [],
  }
}

const describers: {
  readonly [Type in Subject['type']]: (subject: Subject, known: Knowledge) => Found
} = {
  pod: (subject, known) =>
    'pod' in subject ? ofAddress(policyIp(subject.pod), [subject.pod], known) : ofAddress(undefined, [], known),
  address: ({name}, known) =>
    ofAddress(
      name,
      known.pods.filter(pod => isAt(pod, name)),
      known,
    ),
  service: (subject, known) => ('service' in subject ? ofService(subject.service, known) : ofAddress(undefined, [], known)),
  policy: ({name}, known) => ofPolicy(name, known),
  set: ({name}, known) => ofSet(name, known),
  namespace: ({name}, known) => ofNamespace(name, known),
  node: ({name}, known) => ({
    pods: known.pods.filter(({spec}) => spec?.nodeName === name),
    policies: () => false,
    rules: () => undefined,
    concerns: (_cause, _sets, node) => node === name,
    nodes: node => node === name,
    ...(!known.nodes.some(({node}) => node === name) && {
      incomplete: [
        absent(
          `rules and sets of node ${name}`,
          'nothing of this node was given',
          'Give its dump with --from, or ask its agent.',
        ),
      ],
    }),
  }),
}

/** Finished pods have left their address, which another may have by now. */
const isAt = ({status}: Pod, address: string): boolean =>
  status?.phase !== 'Succeeded' &&
  status?.phase !== 'Failed' &&
  (status?.podIP === address || (status?.podIPs ?? []).some(({ip}) => ip === address))

/** @param address under which policies apply to the pod; undefined where none do */
function ofAddress(address: string | undefined, pods: readonly Pod[], known: Knowledge): Found {
  const held = new Map(known.nodes.map(node => [node.node, address === undefined ? new Map() : setsHolding(address, node)]))
  const subject = pods.find(pod => policyIp(pod) !== undefined)
  const key = subject && objectKey(subject)
  const selecting = new Set(key === undefined || !known.cluster ? [] : new Selection(known.cluster).selecting(key))
  const reach = subject && key !== undefined ? reachOf(key, subject.spec?.nodeName, known) : undefined
  const names = new Set(pods.map(objectKey))
  return {
    pods,
    heldBy: joined([...held.values()]),
    policies: item => selecting.has(keyOf(item)),
    rules: (policy, node) => {
      const sets = held.get(node)
      const completeness = known.nodes.find(each => each.node === node)?.completeness
      // That a set which was not given holds it not is not known.
      const isHeld = ({set, negated}: TranslatedPolicy['appliesTo'][number]) =>
        negated ? sets?.has(set) === false && completeness?.ofSet(set, true) === undefined : sets?.has(set) === true
      const isProgrammed = address !== undefined && policy.appliesTo.length > 0 && policy.appliesTo.every(isHeld)
      return isProgrammed || policy.policy.split('|').some(name => selecting.has(name)) ? policy : undefined
    },
    ...(reach && 'reach' in reach && {reach: reach.reach}),
    incomplete: [
      ...(reach && 'reach' in reach ? reach.incomplete : []),
      ...(reach && 'reason' in reach ? [absent('who may reach it, and whom it may reach', reach.reason, reach.next)] : []),
    ],
    concerns: ({pod, policy, addresses = [], opens, closes}, _sets) =>
      (pod !== undefined && names.has(pod)) ||
      (policy !== undefined && selecting.has(policy)) ||
      (address !== undefined && addresses.includes(address)) ||
      [...opens, ...closes].some(
        ({packet, source = '', destination = ''}) =>
          names.has(source) || names.has(destination) || (address !== undefined && packet.split(' ').includes(address)),
      ),
  }
}

function ofPolicy(name: string, {cluster, pods, nodes}: Knowledge): Found {
  const isOf = ({policy, candidates = []}: TranslatedPolicy): boolean => [...policy.split('|'), ...candidates].includes(name)
  const used = new Set(nodes.flatMap(node => [...usedSets(node, isOf)]))
  const object = cluster?.policies.find(policy => objectKey(policy) === name)
  const isSelected = (pod: Pod): boolean =>
    object !== undefined &&
    (pod.metadata.namespace ?? 'default') === (object.metadata.namespace ?? 'default') &&
    policyIp(pod) !== undefined &&
    selects(object.spec.podSelector ?? {}, pod.metadata.labels ?? {})
  return {
    pods: pods.filter(isSelected),
    policies: item => keyOf(item) === name,
    rules: policy => (isOf(policy) ? policy : undefined),
    concerns: ({policy}, sets) => policy === name || [...sets].some(set => used.has(set)),
  }
}

function ofSet(name: string, known: Knowledge): Found {
  const found = known.nodes.map(node => ({...findSets(node, [name]), node}))
  const sets = found.flatMap(({document, node}) => document.items.map(set => ({...set, node: node.node})))
  const own = new Set(sets.map(({set}) => set))
  const readable = new Set(sets.flatMap(({names}) => names))
  const users = new Map(
    known.nodes.map(node => {
      const lists = [...node.translation().sets()].filter(
        ({kind, members}) => kind === 'list' && members?.some(each => own.has(each)),
      )
      return [node.node, [...own, ...readable, ...lists.map(({set}) => set)]]
    }),
  )
  const using = new Set<string>()
  for (const node of known.nodes)
    for (const policy of node.translation().policies())
      if (narrowToSets(policy, users.get(node.node)))
        for (const each of policy.policy.split('|')) using.add(`${each} ${policy.direction}`)
  return {
    sets,
    policies: item => using.has(`${keyOf(item)} ${item.direction}`),
    rules: (policy, node) => narrowToSets(policy, users.get(node)),
    concerns: (_cause, concerned) => [...concerned].some(set => own.has(set) || readable.has(set)),
    incomplete: found.flatMap(({document}) => document.incomplete),
  }
}

/** A service is what its backends are: policies judge packets behind it. */
function ofService(service: Service, known: Knowledge): Found {
  const {document, pods, incomplete} = describeService(service, known)
  const keys = new Set(pods.map(objectKey))
  const selection = known.cluster && new Selection(known.cluster)
  const selecting = new Set([...keys].flatMap(key => [...(selection?.selecting(key) ?? [])]))
  return {
    service: document,
    pods,
    policies: item => selecting.has(keyOf(item)),
    rules: policy => (policy.policy.split('|').some(name => selecting.has(name)) ? policy : undefined),
    concerns: ({pod, policy}) => (pod !== undefined && keys.has(pod)) || (policy !== undefined && selecting.has(policy)),
    incomplete,
  }
}

function ofNamespace(name: string, known: Knowledge): Found {
  const isOf = (key: string | undefined): boolean => key?.startsWith(`${name}/`) === true
  const [first] = known.nodes
  const label = (key: string) => key === `ns-${name}` || key === name
  return {
    pods: known.pods.filter(({metadata}) => (metadata.namespace ?? 'default') === name),
    sets: first
      ? [...first.translation().sets()].filter(({names}) => names.some(label)).map(set => ({...set, node: first.node}))
      : [],
    policies: ({namespace}) => namespace === name,
    rules: () => undefined,
    concerns: ({policy, pod, opens, closes}, sets) =>
      isOf(policy) ||
      isOf(pod) ||
      [...sets].some(label) ||
      [...opens, ...closes].some(({source, destination}) => isOf(source) || isOf(destination)),
  }
}

const absent = (part: string, reason: string, next: string): Part => ({part, state: 'absent', reason, next})

/** What policies, states and differences rest on, and is not whole. */
function incompleteOf(isShown: (node: string) => boolean, {nodes, drifts}: Knowledge): Part[] {
  const compared = new Map(drifts.map(drift => [drift.node, drift]))
  return nodes
    .filter(({node}) => isShown(node))
    .flatMap(state => [
      ...(compared.get(state.node)?.incomplete ?? [NO_OBJECTS]),
      ...state.translation().facts.incomplete,
      ...state.completeness.parts,
    ])
}

const NO_OBJECTS = absent(
  'cluster objects',
  'no pods and policies were given: what is asked for is not known',
  'Give them with --from: kubectl get pods,namespaces,networkpolicies,nodes -A -o json',
)

function podOf(pod: Pod): Description['pods'][number] {
  const {podIP, podIPs = []} = pod.status ?? {}
  const all = [...new Set([podIP, ...podIPs.map(({ip}) => ip)])].filter(ip => ip !== undefined)
  return {
    pod: objectKey(pod),
    node: pod.spec?.nodeName ?? null,
    address: policyIp(pod) ?? all.find(ip => parseIpv4(ip) !== undefined) ?? null,
    ipv6: all.filter(ip => ip.includes(':')),
    hostNetwork: pod.spec?.hostNetwork === true,
    labels: {...pod.metadata.labels},
  }
}

/** What is programmed, once for all nodes that have the same. */
function rulesOf({rules: wanted}: Found, {nodes}: Knowledge): Description['rules'] {
  const found = new Map<string, Description['rules'][number]>()
  for (const {node, ...state} of nodes.map(each => ({node: each.node, translation: each.translation()})))
    for (const each of state.translation.policies()) {
      const policy = wanted(each, node)
      if (!policy) continue
      const {direction, subject, enforced, rules} = policy
      const rest = {policy: policy.policy, direction, subject, enforced, rules: rules.map(({text}) => text)}
      const key = JSON.stringify(rest)
      const same = found.get(key)
      if (same) same.nodes.push(node)
      else found.set(key, {...rest, nodes: [node]})
    }
  return [...found.values()].toSorted((a, b) => (`${a.policy} ${a.direction}` < `${b.policy} ${b.direction}` ? -1 : 1))
}

function differencesOf({concerns, nodes}: Found, known: Knowledge): Description['differences'] {
  const found = new Map<string, string[]>()
  for (const {node, causes, items} of known.drifts) {
    if (nodes?.(node) === false) continue
    for (const cause of causes) {
      const sets = new Set(
        cause.items.flatMap(at => {
          const item = items[at]
          return item?.kind === 'set' || item?.kind === 'member'
            ? [item.name, ...(item.kernelName === undefined ? [] : [item.kernelName])]
            : []
        }),
      )
      // A node without Azure NPM concerns everybody.
      if (cause.kind !== 'npm' && !concerns(cause, sets, node)) continue
      found.set(cause.text, [...(found.get(cause.text) ?? []), node])
    }
  }
  return [...found].map(([text, nodes]) => ({text, nodes}))
}

function nodeOf(state: Knowledge['nodes'][number]): Description['nodes'][number] {
  const release = state.release()
  const {facts, kernelSets, policyOfChain} = state.translation()
  return {
    node: state.node,
    release: release.from === 'unknown' ? null : release.name,
    generation: facts.generation,
    backend: facts.backend,
    active: facts.active,
    policies: new Set([...policyOfChain.values()].flatMap(names => names.split('|'))).size,
    sets: state.sets ? kernelSets.size : null,
  }
}
