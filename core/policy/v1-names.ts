import type {Direction} from '../names/kernel-name.ts'
import {V1_ALL_NAMESPACES, V1_EMPTY} from '../names/v1-name.ts'
import type {NamedSet, ObjectNames} from './named-set.ts'

/**
 * NPM v1 hashes names without type prefixes, so a list and a set of addresses may have one name. v1 keeps them in two maps, so both
 * exist there; the owner `list` distinguishes them here. The kernel accepts only the first.
 */
const LIST = 'list'

/** The list of the namespaces with a label, by key or by `key:value`. */
export const v1NamespaceLabel = (label: string): NamedSet => ({
  type: label.includes(':') ? 'KeyValueLabelOfNamespace' : 'KeyLabelOfNamespace',
  name: `ns-${label}`,
  owner: LIST,
})

/** The pods with a label, by key or by `key:value`. */
export const v1PodLabel = (label: string): NamedSet => ({
  type: label.includes(':') ? 'KeyValueLabelOfPod' : 'KeyLabelOfPod',
  name: label,
})

/** The list for several values of a pod label. Policies share it. */
export const v1Nested = (key: string, values: readonly string[]): NamedSet => ({
  type: 'NestedLabelOfPod',
  name: [key, ...values].join(':'),
  owner: LIST,
  nested: [...new Set(values)].map(value => v1PodLabel(`${key}:${value}`)),
})

export const v1AllNamespaces: NamedSet = {type: 'KeyLabelOfNamespace', name: V1_ALL_NAMESPACES, owner: LIST}

/**
 * The set of all blocks of one rule of a policy.
 *
 * @param rule from 0
 * @param blocks as ipset prints them
 */
export function v1BlockSet(policy: string, direction: Direction, rule: number, blocks: readonly string[]): NamedSet {
  const [namespace = '', name = ''] = policy.split('/')
  const side = direction === 'Ingress' ? 'in' : 'out'
  return {type: 'CIDRBlocks', name: `${name}-in-ns-${namespace}-${rule}${side}`, owner: policy, blocks}
}

/** NPM v1 creates it with the first policy and never adds members. */
export const v1Empty: NamedSet = {type: 'EmptySet', name: V1_EMPTY}

export const v1ObjectNames: ObjectNames = {
  podKey: v1PodLabel,
  podLabel: v1PodLabel,
  namespaceKey: v1NamespaceLabel,
  namespaceLabel: v1NamespaceLabel,
  allNamespaces: v1AllNamespaces,
}
