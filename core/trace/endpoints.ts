import {findNamed, type Named} from '../kubernetes/named-end.ts'
import {declaredPorts, protocolOf} from '../kubernetes/named-ports.ts'
import {type ContainerPort, objectKey, type Pod, type Service} from '../kubernetes/objects.ts'
import {hasPolicyAddress, policyIp} from '../kubernetes/pod-filter.ts'
import {clusterAddresses, serviceAt} from '../kubernetes/service-backends.ts'
import {parseIpv4} from '../net/ipv4.ts'
import {InputError, unknownName} from '../problem/input-error.ts'
import {blockOf, parseMember} from '../sets/member.ts'
import type {NodeSet} from '../sets/node-set.ts'
import {meant} from '../text/nearest.ts'

/** One end of a traced packet. */
export interface Endpoint {
  /** As the user wrote it; of a pod `namespace/name`, of a service `svc/namespace/name`. */
  readonly name: string
  readonly address: string
  readonly pod?: Pod
  /** Whether the pod was named, and not found by its address, which another pod may have too. */
  readonly isNamed?: boolean
  /** The node, of a pod that has its address. */
  readonly node?: string
  /** A service, which is no end itself: its packets go to one of its backends. A headless one has no address. */
  readonly service?: Service
  /** How it was chosen, where the name is not its own: a sentence. */
  readonly choice?: string
}

/** Whether a text has the form of an IPv6 address or block. */
export const isIpv6 = (text: string): boolean => /^[\da-f]*:[\da-f:.]*:[\da-f:.]*(?:\/\d+)?$/i.test(text)

/** Pods from cluster objects or NPM's debug cache, and the node's sets by kernel name. */
export interface KnownPods extends Named {
  readonly sets: ReadonlyMap<string, NodeSet> | undefined
}

/** Addresses for an end outside the cluster: reserved ones (RFC 5737, RFC 1112), which no pod has and few blocks contain. */
const OUTSIDE = ['203.0.113.254', '198.51.100.254', '192.0.2.254', '240.0.0.1']

/**
 * Finds the address of one end.
 *
 * @param asked a name as `findNamed` takes it, an IPv4 address, or `external` for an address that no pod has and that only 0.0.0.0/0 contains
 * @throws InputError when the address cannot be determined
 */
export function resolveEndpoint(asked: string, known: KnownPods): Endpoint {
  if (asked === 'external') return {name: asked, address: outsideAddress(known)}
  if (parseIpv4(asked) !== undefined) {
    const service = serviceAt(known.services ?? [], asked)
    if (service) return {name: asked, address: asked, service}
    // Pods that share an address are judged each by its own policies, so none of them stands for it.
    const [pod, ...others] = known.pods.filter(each => policyIp(each) === asked)
    return {name: asked, address: asked, ...(pod && others.length === 0 && {pod})}
  }
  if (isIpv6(asked))
    throw new InputError(
      `${asked} is an IPv6 address, and Azure NPM filters IPv4 only`,
      'Nothing of Azure NPM drops IPv6 packets. Give the IPv4 address of the same end.',
    )
  const named = findNamed(asked, known)
  if ('node' in named) return {name: asked, ...named}
  if ('service' in named) {
    const {service} = named
    const {namespace = 'default', name} = service.metadata
    return {name: `svc/${namespace}/${name}`, address: clusterAddresses(service)[0] ?? '', service}
  }
  const {pod, choice} = named
  const name = objectKey(pod)
  const chosen = choice === undefined ? {} : {choice}
  // It has the address of its node, and is judged as the node is.
  const {podIP} = pod.status ?? {}
  if (pod.spec?.hostNetwork === true && podIP !== undefined && parseIpv4(podIP) !== undefined) {
    const node = pod.spec.nodeName
    return {name, address: podIP, ...(node !== undefined && {node}), ...chosen}
  }
  if (!hasPolicyAddress(pod))
    throw new InputError(`pod ${name} ${whyNot(pod)}`, 'Policies do not apply to it. Give an address to trace it all the same.')
  return {name, address: policyIp(pod) ?? '', pod, isNamed: true, ...chosen}
}

function whyNot({spec, status}: Pod): string {
  if (spec?.hostNetwork === true) return "uses its node's network and has no IPv4 address"
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return 'has finished'
  return 'has no IPv4 address'
}

function outsideAddress({pods, sets}: KnownPods): string {
  const podAddresses = new Set(pods.map(pod => policyIp(pod)))
  const isNamed = (address: string) => {
    const value = parseIpv4(address) ?? 0
    for (const set of sets?.values() ?? [])
      for (const {entry} of set.members) {
        const block = blockOf(parseMember(entry))
        // 0.0.0.0/0 is stored as two halves, which together contain every address.
        if (block && block.prefix > 1 && value >= block.base && value - block.base < 2 ** (32 - block.prefix)) return true
      }
    return false
  }
  return OUTSIDE.find(address => !podAddresses.has(address) && !isNamed(address)) ?? '203.0.113.254'
}

/** Letters and digits with single dashes between them, at least one letter. Source: RFC 6335, as Kubernetes has it. */
const PORT_NAME = /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i

/**
 * Resolves a port. A name is looked up in the receiving pod's object, then in the node's set of that name.
 *
 * @param asked a number from 0 to 65535, or a name
 * @param protocol lower case: `tcp`
 * @param namedPortSet the kernel set of `namedport:NAME`, if the node has it
 * @throws InputError when the number is out of range, or the receiver declares no port of that name
 */
export function resolvePort(asked: string, protocol: string, receiver: Endpoint, namedPortSet: NodeSet | undefined): number {
  if (/^\d+$/.test(asked)) {
    const port = Number(asked)
    if (port > 65535) throw new InputError(`port ${asked} is out of range`, 'Ports go from 0 to 65535.')
    return port
  }
  if (!PORT_NAME.test(asked))
    throw new InputError(`"${asked}" is no port`, 'Give one number from 0 to 65535, or a name that the receiver declares.')
  const all = receiver.pod ? declaredPorts(receiver.pod) : []
  const declared = all.find(each => each.name === asked && protocolOf(each) === protocol)
  if (declared) return declared.containerPort
  for (const {entry} of namedPortSet?.members ?? []) {
    const {subject, port} = parseMember(entry)
    if (subject === receiver.address && port?.protocol === protocol) return port.number
  }
  // All that a pod declares is in its object; of one from NPM's cache nothing is known.
  throw unknownName(
    receiver.pod?.spec?.containers !== undefined,
    `${receiver.name} declares no ${protocol} port named "${asked}"`,
    [...portMeant(asked, protocol, all), 'Give the number: --port N'],
  )
}

/** A port of the name under another protocol, or one that is called nearly so. */
function portMeant(asked: string, protocol: string, all: readonly ContainerPort[]): string[] {
  const other = all.find(each => each.name === asked)
  if (other) return [`Did you mean ${asked}/${protocolOf(other)}?`]
  return meant(
    asked,
    all.flatMap(each => (each.name !== undefined && protocolOf(each) === protocol ? [each.name] : [])),
  )
}
