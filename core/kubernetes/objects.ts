import type {
  V1ContainerPort,
  V1LabelSelectorRequirement,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
  V1NetworkPolicySpec,
  V1NodeSpec,
  V1NodeStatus,
  V1ObjectMeta,
  V1PodSpec,
  V1PodStatus,
} from '@kubernetes/client-node'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'
import type {Fields} from './api-types.ts'

/**
 * Kubernetes objects: the fields that network policy depends on, in the API's own shape.
 *
 * The types come from the official client, which is a dependency of the compilation only. They are narrower where more is known:
 * `readClusterObjects` drops objects without a name, and policies with an unknown operator in a selector.
 *
 * Objects are checked by hand, not with schemas. A large cluster has tens of thousands, nearly all valid, and a schema would copy
 * each of them. The checks cover only faults that would make a later answer wrong or crash.
 */

export type Labels = Readonly<Record<string, string>>

export type ObjectMeta = Fields<V1ObjectMeta, 'name', 'namespace' | 'labels' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'>

export type ContainerPort = Fields<V1ContainerPort, 'containerPort', 'name' | 'protocol'>

export interface Pod {
  readonly metadata: ObjectMeta
  readonly spec?: Fields<V1PodSpec, never, 'nodeName' | 'hostNetwork'> & {
    /** Only the ports of a container are kept. */
    readonly containers?: readonly {readonly ports?: readonly ContainerPort[]}[]
  }
  readonly status?: Fields<V1PodStatus, never, 'phase' | 'podIP'>
}

export interface Namespace {
  readonly metadata: ObjectMeta
}

export interface Node {
  readonly metadata: ObjectMeta
  /** `podCIDR` is present where each node has its own address range for pods. */
  readonly spec?: Fields<V1NodeSpec, never, 'podCIDR'>
  readonly status?: Fields<V1NodeStatus, never, 'addresses'>
}

/** The client types the operator as any text. The API server accepts only these. */
export type LabelExpression = Fields<V1LabelSelectorRequirement, 'key', 'values'> & {
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
}

export interface LabelSelector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly LabelExpression[]
}

export type PolicyPeer = Fields<V1NetworkPolicyPeer, never, 'ipBlock'> & {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
}

export type PolicyPort = Fields<V1NetworkPolicyPort, never, 'protocol' | 'port' | 'endPort'>

export interface NetworkPolicy {
  readonly metadata: ObjectMeta
  readonly spec: Fields<V1NetworkPolicySpec, never, 'policyTypes'> & {
    readonly podSelector?: LabelSelector
    readonly ingress?: readonly {readonly from?: readonly PolicyPeer[]; readonly ports?: readonly PolicyPort[]}[]
    readonly egress?: readonly {readonly to?: readonly PolicyPeer[]; readonly ports?: readonly PolicyPort[]}[]
  }
}

export interface ClusterObjects {
  readonly namespaces: Namespace[]
  readonly pods: Pod[]
  readonly policies: NetworkPolicy[]
  readonly nodes: Node[]
}

export const emptyCluster = (): ClusterObjects => ({namespaces: [], pods: [], policies: [], nodes: []})

/** `namespace/name`. Objects from a file may leave the namespace out, which means `default`. */
export const objectKey = (object: {readonly metadata: ObjectMeta}): string =>
  `${object.metadata.namespace ?? 'default'}/${object.metadata.name}`

type Unread = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Unread => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists may nest: a List of Lists, or joined pages of `kubectl get`. Deeper nesting is taken as an attack. */
const DEEPEST_LIST = 8

const pathOf = (path: string, index: number | undefined): string => (index === undefined ? path : `${path}[${index}]`)

/**
 * Collects Pods, Namespaces, NetworkPolicies and Nodes from the output of `kubectl get -o json|yaml`: one object, a List, a typed
 * list of the API, or an array or map of these. Other kinds are ignored.
 *
 * @param value the parsed JSON or YAML
 * @param file its name, for problems
 * @returns the valid objects, a problem for each invalid one, and how many objects of other kinds there are
 */
export function readClusterObjects(
  value: unknown,
  file?: string,
): {objects: ClusterObjects; problems: Problem[]; otherKinds: ReadonlyMap<string, number>} {
  const objects = emptyCluster()
  const otherKinds = new Map<string, number>()
  const problems = new ProblemList(file)
  visit(value, '', undefined, undefined, 0)
  return {objects, problems: problems.all(), otherKinds}

  /** @param index in the list at `path`; kept apart so that paths are built only for problems: a large list has tens of thousands */
  function visit(item: unknown, path: string, index: number | undefined, listKind: string | undefined, depth: number): void {
    if (depth > DEEPEST_LIST) return
    if (Array.isArray(item)) {
      const list = pathOf(path, index)
      item.forEach((each, at) => visit(each, list, at, listKind, depth + 1))
      return
    }
    if (!isFields(item)) return
    const kind = typeof item['kind'] === 'string' ? item['kind'] : listKind
    if (Array.isArray(item['items'])) {
      const itemKind = kind?.endsWith('List') && kind !== 'List' ? kind.slice(0, -'List'.length) : undefined
      visit(item['items'], `${pathOf(path, index)}.items`, undefined, itemKind, depth + 1)
    } else if (kind === undefined) {
      for (const [key, each] of Object.entries(item))
        if (Array.isArray(each) || (isFields(each) && Array.isArray(each['items'])))
          visit(each, `${pathOf(path, index)}.${key}`, undefined, undefined, depth + 1)
    } else take(item, kind, path, index)
  }

  function take(object: Unread, kind: string, path: string, index: number | undefined): void {
    const item = nullsAsAbsent(object, kind)
    const fault = faultOf(item, kind)
    if (fault !== undefined) {
      problems.add({
        code: 'BAD_OBJECT',
        message: `${kind} at ${pathOf(path, index) || '.'}: ${fault}; it is left out`,
        next: 'Take the objects again with kubectl get -o json.',
      })
      return
    }
    if (kind === 'Pod') objects.pods.push(item as unknown as Pod)
    else if (kind === 'Namespace') objects.namespaces.push(item as unknown as Namespace)
    else if (kind === 'NetworkPolicy') objects.policies.push(item as unknown as NetworkPolicy)
    else if (kind === 'Node') objects.nodes.push(item as unknown as Node)
    else otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + 1)
  }
}

/** Depth of the most deeply nested field of a policy: the values of a label expression of a peer. */
const DEEPEST_FIELD = 12
/** In other objects, nulls are removed only directly in `metadata`, `spec` and `status`. */
const DEEPEST_OTHER_FIELD = 2

/** Removes nulls: a file written by hand may contain `values:` without a value. The API server treats null as absent. */
function nullsAsAbsent(object: Unread, kind: string): Unread {
  const depth = kind === 'NetworkPolicy' ? DEEPEST_FIELD : DEEPEST_OTHER_FIELD
  // Avoid copies: there are many objects, and nearly all come from an API server, which serves no nulls.
  return hasNull(object, depth) ? (withoutNulls(object, depth) as Unread) : object
}

function hasNull(value: unknown, depth: number): boolean {
  if (value === null) return true
  if (depth === 0 || typeof value !== 'object') return false
  if (Array.isArray(value)) {
    // By index: this runs too seldom for V8 to optimise iterators away.
    for (let at = 0; at < value.length; at++) if (hasNull(value[at], depth - 1)) return true
    return false
  }
  for (const key in value) if (hasNull((value as Unread)[key], key === 'matchLabels' ? 0 : depth - 1)) return true
  return false
}

function withoutNulls(value: unknown, depth: number): unknown {
  if (depth === 0) return value
  if (Array.isArray(value)) return value.map(each => withoutNulls(each, depth - 1))
  if (!isFields(value)) return value
  const fields = Object.entries(value).filter(([, each]) => each !== null)
  // A label without a value is not an absent one.
  return Object.fromEntries(fields.map(([key, each]) => [key, key === 'matchLabels' ? each : withoutNulls(each, depth - 1)]))
}

const KINDS = new Set(['Pod', 'Namespace', 'NetworkPolicy', 'Node'])

/** Why an object is invalid, or undefined. Checks only faults that would make a later answer wrong or crash. */
function faultOf(item: Unread, kind: string): string | undefined {
  if (!KINDS.has(kind)) return undefined
  const {metadata, spec, status} = item
  if (!isFields(metadata) || typeof metadata['name'] !== 'string') return 'it has no metadata.name'
  if (metadata['namespace'] !== undefined && typeof metadata['namespace'] !== 'string') return 'metadata.namespace is not text'
  if (!isLabels(metadata['labels'])) return 'metadata.labels is not a map of texts'
  if (kind === 'NetworkPolicy') return policyFault(spec)
  if (kind === 'Namespace') return undefined
  if (spec !== undefined && !isFields(spec)) return 'spec is not a map'
  if (status !== undefined && !isFields(status)) return 'status is not a map'
  return kind === 'Pod' ? podFault(spec, status) : nodeFault(spec, status)
}

function podFault(spec: Unread | undefined, status: Unread | undefined): string | undefined {
  if (typeof (status?.['podIP'] ?? '') !== 'string') return 'status.podIP is not text'
  const containers = spec?.['containers'] ?? []
  if (!isList(containers, isFields)) return 'spec.containers is not a list of containers'
  const hasPorts = containers.every(({ports}) => isList(ports ?? [], isContainerPort))
  return hasPorts ? undefined : 'the ports of a container are not a list of ports'
}

function nodeFault(spec: Unread | undefined, status: Unread | undefined): string | undefined {
  if (typeof (spec?.['podCIDR'] ?? '') !== 'string') return 'spec.podCIDR is not text'
  const isAddresses = isList(status?.['addresses'] ?? [], isNodeAddress)
  return isAddresses ? undefined : 'status.addresses is not a list of addresses'
}

const isNodeAddress = (value: unknown): boolean => isFields(value) && typeof value['address'] === 'string'

function isContainerPort(value: unknown): boolean {
  if (!isFields(value)) return false
  const {name, protocol} = value
  return typeof (name ?? '') === 'string' && typeof (protocol ?? '') === 'string'
}

function isLabels(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (!isFields(value)) return false
  for (const key in value) if (typeof value[key] !== 'string') return false
  return true
}

const isList = (value: unknown, isItem: (item: unknown) => boolean): value is Unread[] =>
  Array.isArray(value) && value.every(isItem)

function policyFault(spec: unknown): string | undefined {
  if (!isFields(spec)) return 'it has no spec'
  if (!isSelector(spec['podSelector'])) return 'spec.podSelector is not a label selector'
  if (!isTexts(spec['policyTypes'])) return 'spec.policyTypes is not a list of texts'
  return rulesFault(spec['ingress'], 'ingress', 'from') ?? rulesFault(spec['egress'], 'egress', 'to')
}

function rulesFault(rules: unknown = [], direction: 'ingress' | 'egress', side: 'from' | 'to'): string | undefined {
  if (!isList(rules, isFields)) return `spec.${direction} is not a list of rules`
  const bad = rules.findIndex(rule => !isList(rule['ports'] ?? [], isPort) || !isList(rule[side] ?? [], isPeer))
  if (bad < 0) return undefined
  return isList(rules[bad]?.['ports'] ?? [], isPort)
    ? `spec.${direction}[${bad}].${side} is not a list of peers`
    : `spec.${direction}[${bad}].ports is not a list of ports`
}

function isPeer(peer: unknown): boolean {
  if (!isFields(peer)) return false
  const block = peer['ipBlock']
  if (block !== undefined && (!isFields(block) || typeof block['cidr'] !== 'string' || !isTexts(block['except']))) return false
  return isSelector(peer['podSelector']) && isSelector(peer['namespaceSelector'])
}

function isPort(value: unknown): boolean {
  if (!isFields(value)) return false
  const {port = 0, endPort = 0, protocol = ''} = value
  return (typeof port === 'number' || typeof port === 'string') && typeof endPort === 'number' && typeof protocol === 'string'
}

const isTexts = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.every(each => typeof each === 'string'))

function isSelector(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (!isFields(value) || !isLabels(value['matchLabels'])) return false
  const expressions = value['matchExpressions'] ?? []
  return isList(expressions, isExpression)
}

const OPERATORS: ReadonlySet<unknown> = new Set<LabelExpression['operator']>(['In', 'NotIn', 'Exists', 'DoesNotExist'])

const isExpression = (value: unknown): boolean =>
  isFields(value) && typeof value['key'] === 'string' && OPERATORS.has(value['operator']) && isTexts(value['values'])
