import type {Description} from '../contract/description.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {scopeOf} from './kinds/scope-of.ts'
import type {Knowledge} from './knowledge.ts'
import {absent, keyOf, type Part, type Scope} from './scope.ts'
import {findSubject} from './subject.ts'

/**
 * What is known of a pod, an address, a namespace, a node, a policy or a set: what translate, sets, policies, matrix, diff and lint
 * say of it, together.
 *
 * @param asked     `shop/web-0`, `deploy/web`, `10.1.2.3`, `ns/shop`, `node/n1`, `policy/shop/web`, `app=web`
 * @param namespace of names without one
 * @throws InputError for what is not in the input
 */
export function describe(asked: string, namespace: string | undefined, known: Knowledge): Description {
  const subject = findSubject(asked, namespace, known)
  const found = scopeOf(subject, known)
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
    nodes: known.nodes.filter(({node}) => isShown(node)).map(nodeOf),
    failures: known.failures.filter(({node}) => isShown(node)),
    incomplete: [...new Map(incomplete.map(part => [part.part, plainPart(part)])).values()],
    problems: [],
  }
}

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
function rulesOf({rules: wanted}: Scope, {nodes}: Knowledge): Description['rules'] {
  const found = new Map<string, Description['rules'][number]>()
  for (const state of nodes)
    for (const each of state.translation().policies()) {
      const policy = wanted(each, state.node)
      if (!policy) continue
      const {direction, subject, enforced, rules} = policy
      const rest = {policy: policy.policy, direction, subject, enforced, rules: rules.map(({text}) => text)}
      const key = JSON.stringify(rest)
      const same = found.get(key)
      if (same) same.nodes.push(state.node)
      else found.set(key, {...rest, nodes: [state.node]})
    }
  return [...found.values()].toSorted((a, b) => (`${a.policy} ${a.direction}` < `${b.policy} ${b.direction}` ? -1 : 1))
}

/** The causes of differences that concern the thing, each with the nodes that have it. */
function differencesOf({concerns, nodes}: Scope, known: Knowledge): Description['differences'] {
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

function nodeOf(state: NodeState): Description['nodes'][number] {
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
