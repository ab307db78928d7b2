import type {JudgedPacket} from '../contract/drift.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {parseIpv4, printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {METADATA_SERVICE, WIRE_SERVER} from '../policy/platform-services.ts'

/**
 * Azure's own addresses, the wire server and the metadata of a virtual machine: nodes of AKS keep pods from them by rules of their
 * own, whatever the policies say.
 */
const OF_AZURE: ReadonlySet<string> = new Set([WIRE_SERVER, METADATA_SERVICE].map(({address}) => address))

interface KnownPod {
  readonly name: string
  readonly node: string | undefined
}

/** `10.0.0.1 -> 10.0.0.2 tcp/80` */
export const packetText = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${protocol}${port === undefined ? '' : `/${port}`}`

/** Whose the addresses of packets are. */
export class PodNames {
  private readonly pods = new Map<string, KnownPod>()
  private readonly nodes = new Set<string>()
  private readonly node: string
  /** Whether it is known which pods run on the node. */
  private readonly hasOwnPods: boolean

  /** @param node the name of the node that is judged, or `unknown` */
  constructor({pods, nodes}: ClusterObjects, node: string) {
    this.node = node
    for (const pod of pods) {
      const {spec, status} = pod
      if (spec?.hostNetwork === true && status?.podIP !== undefined) this.nodes.add(status.podIP)
      const address = policyAddress(pod)
      if (address !== undefined) this.pods.set(printIpv4(address), {name: objectKey(pod), node: spec?.nodeName})
    }
    for (const {status} of nodes) for (const {address} of status?.addresses ?? []) this.nodes.add(address)
    this.hasOwnPods = [...this.pods.values()].some(pod => pod.node === node)
  }

  /**
   * Whether packets of an address are forwarded by nodes like those of pods. Those of a node itself meet other chains, and of some
   * addresses none are sent over a network.
   */
  isForwarded(address: string): boolean {
    if (this.nodes.has(address) || OF_AZURE.has(address)) return false
    const first = (parseIpv4(address) ?? 0) >>> 24
    return first !== 0 && first !== 127 && first < 224
  }

  /** Whether a packet may pass the node. Where it is known which pods run there, one of them is an end. */
  mayPass({source, destination}: Packet): boolean {
    if (!this.hasOwnPods) return true
    const isOwn = (address: string) => {
      const pod = this.pods.get(address)
      return pod !== undefined && (pod.node === undefined || pod.node === this.node)
    }
    return isOwn(source) || isOwn(destination)
  }

  /** A packet with the names of the pods at its ends. */
  show(packet: Packet): JudgedPacket {
    const source = this.pods.get(packet.source)?.name
    const destination = this.pods.get(packet.destination)?.name
    return {
      packet: packetText(packet),
      ...(source !== undefined && {source}),
      ...(destination !== undefined && {destination}),
    }
  }

  /** How many ends of a packet are no pods; one more if it does not pass the node. */
  distance(packet: Packet): number {
    const strangers = [packet.source, packet.destination].filter(address => !this.pods.has(address)).length
    return strangers + (this.mayPass(packet) ? 0 : 1)
  }
}
