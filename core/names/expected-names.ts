import {type ClusterObjects, type LabelSelector, type NetworkPolicy, objectKey, type PolicyPeer} from '../kubernetes/objects.ts'
import type {Scheme} from './hash.ts'
import type {Direction} from './kernel-name.ts'
import type {Generation} from './name-index.ts'
import {cidrSetNames, nestedSetNames} from './policy-set-name.ts'
import {ALL_NAMESPACES} from './set-name.ts'
import {V1_ALL_NAMESPACES, V1_EMPTY} from './v1-name.ts'

/** A set name that can result from cluster objects. */
export interface ExpectedName {
  readonly name: string
  readonly generation: Generation
  /** `namespace/name` of the policy, for sets that belong to one. */
  readonly policy?: string
}

/** How one generation of NPM spells set names. */
interface Spelling {
  readonly generation: Generation
  readonly podLabel: (label: string) => string
  readonly namespaceLabel: (label: string) => string
  readonly allNamespaces: string
  readonly nested: (policy: string, key: string, values: readonly string[]) => readonly string[]
  readonly cidr: (policy: string, direction: Direction, rule: number, peer: number) => readonly string[]
  /** v1 creates a block set for every rule with peers, even without blocks. */
  readonly hasBlockSetPerRule: boolean
}

function spelling(generation: Generation, scheme: Scheme): Spelling {
  if (generation === 'v2')
    return {
      generation,
      podLabel: label => `podlabel-${label}`,
      namespaceLabel: label => `nslabel-${label}`,
      allNamespaces: ALL_NAMESPACES,
      nested: (policy, key, values) => nestedSetNames(policy, key, values, scheme),
      cidr: (policy, direction, rule, peer) => cidrSetNames(policy, {direction, rule, peer}, scheme),
      hasBlockSetPerRule: false,
    }
  return {
    generation,
    podLabel: label => label,
    namespaceLabel: label => `ns-${label}`,
    allNamespaces: V1_ALL_NAMESPACES,
    nested: (_, key, values) => [[key, ...values].join(':')],
    cidr: (policy, direction, rule) => [
      `${policy.slice(policy.indexOf('/') + 1)}-in-ns-${policy.slice(0, policy.indexOf('/'))}-${rule}${direction === 'Ingress' ? 'in' : 'out'}`,
    ],
    hasBlockSetPerRule: true,
  }
}

/**
 * Every set name that Azure NPM can create from these objects. Names of finished pods and rejected policies are included, because
 * nodes may still have their sets.
 */
export function expectedNames(cluster: ClusterObjects, generation: Generation, scheme: Scheme): ExpectedName[] {
  const spell = spelling(generation, scheme)
  const names = new Map<string, ExpectedName>()
  const add = (name: string, policy?: string) => {
    if (!names.has(name)) names.set(name, {name, generation, ...(policy !== undefined && {policy})})
  }
  add(spell.allNamespaces)
  if (generation === 'v1') add(V1_EMPTY)
  for (const {metadata} of cluster.namespaces) {
    add(`ns-${metadata.name}`)
    for (const [key, value] of Object.entries(metadata.labels ?? {})) {
      add(spell.namespaceLabel(key))
      add(spell.namespaceLabel(`${key}:${value}`))
    }
  }
  for (const pod of cluster.pods) {
    add(`ns-${pod.metadata.namespace ?? 'default'}`)
    for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) {
      add(spell.podLabel(key))
      add(spell.podLabel(`${key}:${value}`))
    }
    for (const container of pod.spec?.containers ?? [])
      for (const port of container.ports ?? []) if (port.name) add(`namedport:${port.name}`)
  }
  for (const policy of cluster.policies) addPolicyNames(policy, spell, add)
  return [...names.values()]
}

function addPolicyNames(policy: NetworkPolicy, spell: Spelling, add: (name: string, policy?: string) => void): void {
  const key = objectKey(policy)
  add(`ns-${policy.metadata.namespace ?? 'default'}`)
  addSelectorNames(policy.spec.podSelector, spell.podLabel, add, (label, values) => {
    for (const name of spell.nested(key, label, values)) add(name, key)
  })
  const addPeer = (peer: PolicyPeer, direction: Direction, rule: number, index: number) => {
    if (peer.ipBlock || spell.hasBlockSetPerRule) for (const name of spell.cidr(key, direction, rule, index)) add(name, key)
    addSelectorNames(peer.namespaceSelector, spell.namespaceLabel, add)
    addSelectorNames(peer.podSelector, spell.podLabel, add, (label, values) => {
      for (const name of spell.nested(key, label, values)) add(name, key)
    })
  }
  const addPorts = (ports: readonly {readonly port?: number | string}[] | undefined) => {
    for (const {port} of ports ?? []) if (typeof port === 'string') add(`namedport:${port}`)
  }
  for (const [rule, {from, ports}] of (policy.spec.ingress ?? []).entries()) {
    addPorts(ports)
    for (const [peer, each] of (from ?? []).entries()) addPeer(each, 'Ingress', rule, peer)
  }
  for (const [rule, {to, ports}] of (policy.spec.egress ?? []).entries()) {
    addPorts(ports)
    for (const [peer, each] of (to ?? []).entries()) addPeer(each, 'Egress', rule, peer)
  }
}

function addSelectorNames(
  selector: LabelSelector | undefined,
  labelName: (label: string) => string,
  add: (name: string) => void,
  addNested?: (key: string, values: readonly string[]) => void,
): void {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) add(labelName(`${key}:${value}`))
  for (const {key, values} of selector?.matchExpressions ?? []) {
    if (!values || values.length === 0) add(labelName(key))
    for (const value of values ?? []) add(labelName(`${key}:${value}`))
    if (values && values.length > 1) addNested?.(key, values)
  }
}
