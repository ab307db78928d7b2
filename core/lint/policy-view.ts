import {withDefaults} from '../kubernetes/api-defaults.ts'
import {type NetworkPolicy, objectKey, type PolicyPeer, type PolicyPort} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'

/** A part of a policy with its field. */
interface Placed<Item> {
  readonly item: Item
  readonly field: string
}

export interface ViewedRule {
  readonly field: string
  readonly peers: readonly Placed<PolicyPeer>[]
  readonly ports: readonly Placed<PolicyPort>[]
}

/** One direction that a policy restricts. */
export interface PolicySide {
  readonly direction: Direction
  /** `spec.ingress` */
  readonly field: string
  /** The rules with an effect. An empty rule allows everything, so the others beside it have none. */
  readonly rules: readonly ViewedRule[]
  /** Number of all rules, with and without effect. */
  readonly written: number
  readonly isOpen: boolean
}

/** A policy as checks read it: each part has its field, and both directions have the same shape. */
export interface PolicyView {
  /** `namespace/name` */
  readonly policy: string
  readonly namespace: string
  readonly object: NetworkPolicy
  readonly sides: readonly PolicySide[]
}

/** Builds the view of a policy, after the API server's defaults. */
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

/** The peers of all rules with an effect, with their direction. */
export function* peersOf({sides}: PolicyView): Generator<Placed<PolicyPeer> & {readonly direction: Direction}> {
  for (const {direction, rules} of sides) for (const {peers} of rules) for (const peer of peers) yield {...peer, direction}
}

/** The ports of all rules with an effect, with their direction. */
export function* portsOf({sides}: PolicyView): Generator<Placed<PolicyPort> & {readonly direction: Direction}> {
  for (const {direction, rules} of sides) for (const {ports} of rules) for (const port of ports) yield {...port, direction}
}
