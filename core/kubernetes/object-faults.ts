import type {OwnKind} from './group-kind.ts'
import type {LabelExpression} from './objects.ts'
import {isFields, type Unread} from './unread.ts'

/** Why an object is invalid, or undefined. Checks only faults that would make a later answer wrong or crash. */
export function faultOf(item: Unread, kind: OwnKind): string | undefined {
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
  if (typeof (status?.['hostIP'] ?? '') !== 'string') return 'status.hostIP is not text'
  if (!isList(status?.['podIPs'] ?? [], each => isFields(each) && typeof each['ip'] === 'string'))
    return 'status.podIPs is not a list of addresses'
  const containers = spec?.['containers'] ?? []
  if (!isList(containers, isFields)) return 'spec.containers is not a list of containers'
  const sidecars = spec?.['initContainers'] ?? []
  if (!isList(sidecars, isFields)) return 'spec.initContainers is not a list of containers'
  const hasPorts = [...containers, ...sidecars].every(({ports}) => isList(ports ?? [], isContainerPort))
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

/** @param spec may be absent: the API server takes that for an empty one, which selects every pod of the namespace */
function policyFault(spec: unknown = {}): string | undefined {
  if (!isFields(spec)) return 'spec is not a map'
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

export function isSelector(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (!isFields(value) || !isLabels(value['matchLabels'])) return false
  const expressions = value['matchExpressions'] ?? []
  return isList(expressions, isExpression)
}

const OPERATORS: ReadonlySet<unknown> = new Set<LabelExpression['operator']>(['In', 'NotIn', 'Exists', 'DoesNotExist'])

const isExpression = (value: unknown): boolean =>
  isFields(value) && typeof value['key'] === 'string' && OPERATORS.has(value['operator']) && isTexts(value['values'])
