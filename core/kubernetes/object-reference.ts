import {nearest} from '../text/nearest.ts'
import type {Pod} from './objects.ts'

/** Kinds that stand for pods, or for an address, as kubectl spells them. */
const kinds = {
  pod: ['pod', 'pods', 'po'],
  deployment: ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps'],
  replicaset: ['replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps'],
  statefulset: ['statefulset', 'statefulsets', 'sts', 'statefulset.apps', 'statefulsets.apps'],
  daemonset: ['daemonset', 'daemonsets', 'ds', 'daemonset.apps', 'daemonsets.apps'],
  job: ['job', 'jobs', 'job.batch', 'jobs.batch'],
  cronjob: ['cronjob', 'cronjobs', 'cj', 'cronjob.batch', 'cronjobs.batch'],
  replicationcontroller: ['replicationcontroller', 'replicationcontrollers', 'rc'],
  service: ['service', 'services', 'svc'],
  node: ['node', 'nodes', 'no'],
} as const

export type ReferredKind = keyof typeof kinds

const kindOf = new Map<string, ReferredKind>(
  Object.entries(kinds).flatMap(([kind, words]) => words.map(word => [word, kind as ReferredKind] as const)),
)

/** What somebody calls an object: `web-0`, `shop/web-0`, `pod/web-0`, `deploy/shop/web`, `shop/deploy/web`. */
export interface ObjectReference {
  readonly kind: ReferredKind
  readonly name: string
  /** Absent where only a name is given. */
  readonly namespace?: string
}

/**
 * What a word may refer to. `pod/web` is a pod `web`, or a pod `web` of a namespace `pod`: the first one that exists is meant.
 *
 * @returns what it may mean, the likeliest first; empty for what is no reference
 */
export function readReference(text: string): ObjectReference[] {
  const [first = '', second, third, ...more] = text.split('/')
  if (more.length > 0 || [first, second, third].includes('')) return []
  if (second === undefined) return [{kind: 'pod', name: first}]
  const kind = kindOf.get(first.toLowerCase())
  if (third !== undefined) {
    const inner = kindOf.get(second.toLowerCase())
    return [
      ...(kind === undefined ? [] : [{kind, name: third, namespace: second}]),
      ...(inner === undefined ? [] : [{kind: inner, name: third, namespace: first}]),
    ]
  }
  return [{kind: 'pod', name: second, namespace: first}, ...(kind === undefined ? [] : [{kind, name: second}])]
}

const POLICY = new Set([
  'policy',
  'policies',
  'netpol',
  'networkpolicy',
  'networkpolicies',
  'networkpolicy.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
])

const NAMESPACE = new Set(['ns', 'namespace', 'namespaces'])
const SET = new Set(['set', 'sets', 'ipset', 'ipsets'])

/** The kind that a word in front of a slash means; undefined for one that means none, a namespace's name for example. */
export function kindOfWord(word: string): ReferredKind | 'namespace' | 'policy' | 'set' | undefined {
  const lower = word.toLowerCase()
  if (NAMESPACE.has(lower)) return 'namespace'
  if (POLICY.has(lower)) return 'policy'
  return SET.has(lower) ? 'set' : kindOf.get(lower)
}

/** Shorter words are near to every kind. */
const LEAST_LETTERS = 3

/** The kind that somebody meant who wrote a word before a slash that is none: `deplyo`. */
export const kindMeantBy = (word: string): string | undefined =>
  word.length < LEAST_LETTERS ? undefined : nearest(word.toLowerCase(), [...kindOf.keys(), ...NAMESPACE, ...POLICY, ...SET])

/**
 * Joins a type with the names behind it, as kubectl takes them: `pod web-0 web-1` is `pod/web-0` and `pod/web-1`. Words that begin with no
 * type, or with nothing behind it, stay as they are.
 */
export function joinTypes(words: readonly string[]): string[] {
  const [type = '', ...names] = words
  return names.length > 0 && kindOfWord(type) !== undefined ? names.map(name => `${type}/${name}`) : [...words]
}

/** Whether a word in front of a slash says that a policy is meant. */
const isPolicyKind = (word: string): boolean => POLICY.has(word.toLowerCase())

/** A policy's name as it was given, without its kind: `shop/web` of `policy/shop/web` and of `shop/policy/web`. */
export function withoutPolicyKind(text: string): string {
  const parts = text.split('/')
  const at = parts.slice(0, -1).findIndex(isPolicyKind)
  return at < 0 ? text : parts.toSpliced(at, 1).join('/')
}

/** Whether the namespace of a word is that of the command line: it names no node, and may name something without its namespace. */
export const isWithoutNamespace = (text: string): boolean =>
  readReference(text).some(({namespace, kind}) => namespace === undefined && kind !== 'node')

/** Services that a word may refer to. */
export const servicesIn = (text: string): readonly ObjectReference[] => readReference(text).filter(({kind}) => kind === 'service')

/** Letters of generated names: no vowels, and nothing that looks like another. Source: k8s.io/apimachinery/pkg/util/rand. */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]'

/** How the names of a workload's pods go on behind its own. Source: the controllers of Kubernetes. */
const endings: Readonly<Record<Exclude<ReferredKind, 'pod' | 'node' | 'service'>, RegExp>> = {
  deployment: new RegExp(`^-${RANDOM}{1,10}-${RANDOM}{5}$`),
  replicaset: new RegExp(`^-${RANDOM}{5}$`),
  statefulset: /^-\d+$/,
  daemonset: new RegExp(`^-${RANDOM}{5}$`),
  job: new RegExp(`^-(?:\\d+-)?${RANDOM}{5}$`),
  // The name of its job ends with the minute for which it was made.
  cronjob: new RegExp(`^-\\d{8,}-(?:\\d+-)?${RANDOM}{5}$`),
  replicationcontroller: new RegExp(`^-${RANDOM}{5}$`),
}

/** Whether a pod is the one that is referred to, or one of the workload. Pods are told by their names, which hold that of their workload. */
export function isReferredTo({metadata}: Pod, {kind, name, namespace}: ObjectReference): boolean {
  if (kind === 'node' || kind === 'service' || (namespace !== undefined && metadata.namespace !== namespace)) return false
  if (kind === 'pod') return metadata.name === name
  return metadata.name.startsWith(`${name}-`) && endings[kind].test(metadata.name.slice(name.length))
}

/** Of kinds whose pods are called alike the one that is met most often. */
const likelyKinds = ['statefulset', 'deployment', 'cronjob', 'daemonset', 'job'] as const

/** The kind of what has the name of a workload that is of no kind that was given: `statefulset` for `deploy/web`. */
export const otherKindOf = (name: string, pods: readonly Pod[]): ReferredKind | undefined =>
  (['pod', ...likelyKinds] as const).find(kind => pods.some(pod => isReferredTo(pod, {kind, name})))

/** The name of the workload of a kind that a pod's name tells; undefined where it tells none. */
export function workloadOf(pod: string, kind: ReferredKind): string | undefined {
  const ending = kind in endings ? endings[kind as keyof typeof endings] : undefined
  if (!ending) return undefined
  for (let dash = pod.indexOf('-', 1); dash > 0; dash = pod.indexOf('-', dash + 1))
    if (ending.test(pod.slice(dash))) return pod.slice(0, dash)
  return undefined
}
