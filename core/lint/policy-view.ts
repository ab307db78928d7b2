import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey, type PolicyPeer, type PolicyPort} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'

/** Something of a policy, and where it stands. */
interface Placed<Item> {
  readonly item: Item
  readonly field: string
}

export interface ViewedRule {
  readonly field: string
  readonly peers: readonly Placed<PolicyPeer>[]
  readonly ports: readonly Placed<PolicyPort>[]
}

/** One direction that a policy limits. */
export interface PolicySide {
  readonly direction: Direction
  /** `spec.ingress` */
  readonly field: string
  /** The rules that count: beside an empty one, which allows everything, the others leave no trace. */
  readonly rules: readonly ViewedRule[]
  /** How many there are, with those that do not count. */
  readonly written: number
  readonly isOpen: boolean
}

/** A policy with the places of its parts, both directions alike. */
export interface PolicyView {
  /** `namespace/name` */
  readonly policy: string
  readonly namespace: string
  readonly object: NetworkPolicy
  readonly sides: readonly PolicySide[]
}

export function viewPolicy(given: NetworkPolicy): PolicyView {
  const object = withDefaults(given)
  const {spec, metadata} = object
  const side = (direction: Direction, rules: readonly ViewedRule[]): PolicySide => {
    const open = rules.find(({peers, ports}) => peers.length === 0 && ports.length === 0)
    const field = `spec.${direction.toLowerCase()}`
    return {direction, field, rules: open ? [open] : rules, written: rules.length, isOpen: open !== undefined}
  }
  const sides: PolicySide[] = []
  if (spec.policyTypes?.includes('Ingress')) sides.push(side('Ingress', viewRules(spec, 'Ingress')))
  if (spec.policyTypes?.includes('Egress')) sides.push(side('Egress', viewRules(spec, 'Egress')))
  return {policy: objectKey(object), namespace: metadata.namespace ?? 'default', object, sides}
}

function viewRules({ingress = [], egress = []}: NetworkPolicy['spec'], direction: Direction): ViewedRule[] {
  const isIngress = direction === 'Ingress'
  const rules = isIngress
    ? ingress.map(({from, ports}) => ({peers: from ?? [], ports: ports ?? []}))
    : egress.map(({to, ports}) => ({peers: to ?? [], ports: ports ?? []}))
  return rules.map(({peers, ports}, index) => {
    const field = `spec.${direction.toLowerCase()}[${index}]`
    return {field, peers: placed(peers, `${field}.${isIngress ? 'from' : 'to'}`), ports: placed(ports, `${field}.ports`)}
  })
}

const placed = <Item>(items: readonly Item[], field: string): Placed<Item>[] =>
  items.map((item, index) => ({item, field: `${field}[${index}]`}))

/** Every peer that counts, with its direction. */
export function* peersOf({sides}: PolicyView): Generator<Placed<PolicyPeer> & {readonly direction: Direction}> {
  for (const {direction, rules} of sides) for (const {peers} of rules) for (const peer of peers) yield {...peer, direction}
}

/** Every port that counts, with its direction. */
export function* portsOf({sides}: PolicyView): Generator<Placed<PolicyPort> & {readonly direction: Direction}> {
  for (const {direction, rules} of sides) for (const {ports} of rules) for (const port of ports) yield {...port, direction}
}
