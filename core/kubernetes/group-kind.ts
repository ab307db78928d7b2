import {isFields, type Unread} from './unread.ts'

/** The kinds of objects that answers depend on. */
const ownKinds = ['Pod', 'Namespace', 'NetworkPolicy', 'Node'] as const
export type OwnKind = (typeof ownKinds)[number]

/**
 * The API groups that serve each kind. Other groups use the same words for other things: a NetworkPolicy of
 * crd.projectcalico.org may deny, and a Node of config.openshift.io is a setting.
 *
 * `extensions` served the NetworkPolicy of networking.k8s.io until Kubernetes 1.16, and backups of that time name it.
 */
const groups: Readonly<Record<OwnKind, readonly string[]>> = {
  Pod: [''],
  Namespace: [''],
  NetworkPolicy: ['networking.k8s.io', 'extensions'],
  Node: [''],
}

/** The apiVersion under which API servers serve a kind today. */
export const servedVersion = (kind: OwnKind): string => (kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'v1')

export const isOwnKind = (kind: string): kind is OwnKind => Object.hasOwn(groups, kind)

/** The kind that somebody means who writes it with other capitals, as a resource or as its short name: `networkpolicies`, `netpol`. */
export const meantKind = (written: string): OwnKind | undefined => MEANT[written.toLowerCase()]
const MEANT: Readonly<Record<string, OwnKind>> = {
  pod: 'Pod',
  pods: 'Pod',
  namespace: 'Namespace',
  namespaces: 'Namespace',
  networkpolicy: 'NetworkPolicy',
  networkpolicies: 'NetworkPolicy',
  netpol: 'NetworkPolicy',
  node: 'Node',
  nodes: 'Node',
}

/** Whether an apiVersion is of a group that serves a kind. Without one the kind alone says what an object is. */
export function isOwnGroup(kind: OwnKind, apiVersion: string | undefined): boolean {
  if (apiVersion === undefined) return true
  const slash = apiVersion.indexOf('/')
  return groups[kind].includes(slash < 0 ? '' : apiVersion.slice(0, slash))
}

/** Fields that other kinds of policies have, and no NetworkPolicy of Kubernetes. Source: CRDs of Calico, Antrea and the policy API. */
const FOREIGN_FIELDS = ['selector', 'types', 'order', 'tier', 'appliedTo', 'priority', 'subject', 'endpointSelector']

/** Whether an object that names no apiVersion is by its fields another group's. */
export const isForeignShape = (kind: OwnKind, {spec}: Unread): boolean =>
  kind === 'NetworkPolicy' && isFields(spec) && !('podSelector' in spec) && FOREIGN_FIELDS.some(field => field in spec)

/**
 * Finds the kind of an object that does not name it, as lists that a client library wrote hold them, by fields that no other kind has.
 *
 * @returns undefined when no field shows it
 */
export function kindByShape({metadata, spec, status}: Unread): OwnKind | undefined {
  if (!isFields(metadata) || typeof metadata['name'] !== 'string') return undefined
  const its = isFields(spec) ? spec : {}
  const state = isFields(status) ? status : {}
  const isInNamespace = typeof metadata['namespace'] === 'string'
  if ('podSelector' in its && ['policyTypes', 'ingress', 'egress'].some(field => field in its)) return 'NetworkPolicy'
  if (Array.isArray(its['containers']) || (isInNamespace && ['podIP', 'podIPs', 'qosClass'].some(field => field in state)))
    return 'Pod'
  if (isInNamespace) return undefined
  if ('nodeInfo' in state || Array.isArray(state['addresses']) || ['podCIDR', 'providerID'].some(field => field in its))
    return 'Node'
  const labels = isFields(metadata['labels']) ? metadata['labels'] : {}
  const isNamespace = labels['kubernetes.io/metadata.name'] === metadata['name'] || isNamespacePhase(state['phase'])
  return isNamespace ? 'Namespace' : undefined
}

const isNamespacePhase = (phase: unknown): boolean => phase === 'Active' || phase === 'Terminating'
