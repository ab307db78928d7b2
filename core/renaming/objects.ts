import type {ObjectGap} from '../kubernetes/given-objects.ts'
import {isNpmPod, releaseOfPod} from '../kubernetes/npm-pod.ts'
import type {
  ClusterObjects,
  LabelSelector,
  Labels,
  NetworkPolicy,
  Node,
  ObjectMeta,
  Pod,
  PolicyPeer,
  PolicyPort,
} from '../kubernetes/objects.ts'
import {isUnready, UNREADY} from '../kubernetes/pod-readiness.ts'
import {parseIpv4Block, printIpv4} from '../net/ipv4.ts'
import type {Addresses} from './addresses.ts'
import type {FreeText} from './free-text.ts'
import type {Renamer} from './renamer.ts'
import {renameServices} from './service-objects.ts'

/** Types of node addresses that are kept. */
const KEPT_TYPES = new Set(['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS'])

/** The address of a node's bridge in its range for pods, which another range has elsewhere: it is kept as one more of the node. */
function bridgeAddress(podCIDR: string | undefined): number | undefined {
  const range = parseIpv4Block(podCIDR ?? '')
  return range && range.prefix < 31 ? range.base + 1 : undefined
}

/** A value of a closed list; any other becomes `redacted`. */
const oneOf = <Value extends string>(value: string, values: readonly Value[]): string =>
  (values as readonly string[]).includes(value) ? value : 'redacted'

// Files may hold anything where the API has a number or a flag.
const isTrue = (value: unknown): boolean => value === true
const numberOf = (value: unknown): number => Number(value)

/** What may follow in a tag may name anything. */
const RELEASE = /^v?\d{1,3}\.\d{1,3}\.\d{1,4}(?![\w.])/

const TIME = /^[\d:TZ.+-]*$/
const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const
const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'tcp', 'udp', 'sctp', 'ICMP', ''] as const
const TYPES = ['Ingress', 'Egress'] as const

/**
 * Renames objects. Only fields that answers depend on are kept, as the others may hold anything. Lists and maps keep their order,
 * because Azure NPM spells names by it.
 */
export class Objects {
  private readonly renamer: Renamer
  private readonly addresses: Addresses
  private readonly freeText: FreeText

  constructor(renamer: Renamer, addresses: Addresses, freeText: FreeText) {
    this.renamer = renamer
    this.addresses = addresses
    this.freeText = freeText
  }

  /** Renames the objects of a cluster. */
  rewrite({namespaces, pods, policies, nodes, given, ...served}: ClusterObjects): ClusterObjects {
    return {
      namespaces: namespaces.map(({metadata}) => ({metadata: this.metadata(metadata)})),
      pods: pods.map(pod => this.pod(pod)),
      policies: policies.map(policy => this.policy(policy)),
      nodes: nodes.map(node => this.node(node)),
      ...renameServices(served, this.renamer, text => this.address(text)),
      ...(given && {given: {kinds: given.kinds, gaps: given.gaps.map(gap => this.gap(gap))}}),
    }
  }

  /** The reason of a gap names the object, so only its kind is kept. */
  private gap({kind, namespace}: ObjectGap): ObjectGap {
    return {
      kind,
      reason: 'an object could not be read, or was not in the input',
      next: 'Take the objects again, and the dump with them.',
      ...(namespace !== undefined && {namespace: this.renamer.word(namespace)}),
    }
  }

  /** The new address of a pod; text that is no address is rewritten word by word. */
  address(text: string): string {
    return this.addresses.map(text) ?? this.freeText.rewrite(text)
  }

  /** Renames keys and values. */
  labels(labels: Labels): Record<string, string> {
    return Object.fromEntries(Object.entries(labels).map(([key, value]) => [this.renamer.key(key), this.renamer.word(value)]))
  }

  private metadata({name, namespace, labels, deletionTimestamp, deletionGracePeriodSeconds}: ObjectMeta): ObjectMeta {
    return {
      name: this.renamer.word(name),
      ...(namespace !== undefined && {namespace: this.renamer.word(namespace)}),
      ...(labels && {labels: this.labels(labels)}),
      ...(deletionTimestamp !== undefined && {
        deletionTimestamp: TIME.test(deletionTimestamp) ? deletionTimestamp : 'redacted',
      }),
      ...(typeof deletionGracePeriodSeconds === 'number' && {deletionGracePeriodSeconds}),
    }
  }

  private pod(pod: Pod): Pod {
    const {metadata, spec, status} = pod
    // Which release runs is no secret, and answers depend on it.
    const release = isNpmPod(metadata) ? RELEASE.exec(releaseOfPod(pod) ?? '')?.[0] : undefined
    return {
      metadata: this.metadata(metadata),
      ...(spec && {
        spec: {
          ...(spec.nodeName !== undefined && {nodeName: this.renamer.word(spec.nodeName)}),
          ...(spec.hostNetwork !== undefined && {hostNetwork: isTrue(spec.hostNetwork)}),
          ...(spec.containers && {
            containers: spec.containers.map(({ports}, at) => ({
              ...(at === 0 && release !== undefined && {image: `azure-npm:${release}`}),
              ...(ports && {ports: ports.map(port => this.containerPort(port))}),
            })),
          }),
          ...(spec.initContainers && {
            initContainers: spec.initContainers.map(({restartPolicy, ports}) => ({
              ...(restartPolicy !== undefined && {restartPolicy: oneOf(restartPolicy, ['Always'])}),
              ...(ports && {ports: ports.map(port => this.containerPort(port))}),
            })),
          }),
        },
      }),
      ...(status && {
        status: {
          ...(status.phase !== undefined && {phase: oneOf(status.phase, PHASES)}),
          ...(status.podIP !== undefined && {podIP: this.address(status.podIP)}),
          ...(status.podIPs && {podIPs: status.podIPs.map(({ip}) => ({ip: this.address(ip)}))}),
          ...(isUnready(pod) && {conditions: [UNREADY]}),
        },
      }),
    }
  }

  /** Renames a port that a container declares. */
  containerPort<Port extends {readonly name?: string; readonly containerPort: number; readonly protocol?: string}>({
    name,
    containerPort,
    protocol,
  }: Port) {
    return {
      ...(name !== undefined && {name: this.renamer.port(name)}),
      containerPort: numberOf(containerPort),
      ...(protocol !== undefined && {protocol: oneOf(protocol, PROTOCOLS)}),
    }
  }

  private node({metadata, spec, status}: Node): Node {
    const bridge = bridgeAddress(spec?.podCIDR)
    const addresses =
      bridge === undefined ? status?.addresses : [...(status?.addresses ?? []), {type: 'Hostname', address: printIpv4(bridge)}]
    return {
      metadata: this.metadata(metadata),
      ...(addresses && {
        status: {
          addresses: addresses
            .filter(({type}) => KEPT_TYPES.has(type))
            .map(({type, address}) => ({type, address: this.addresses.map(address) ?? this.renamer.word(address)})),
        },
      }),
    }
  }

  private policy({metadata, spec}: NetworkPolicy): NetworkPolicy {
    const {podSelector, policyTypes, ingress, egress} = spec
    const ports = (list: readonly PolicyPort[] | undefined) => list && {ports: list.map(port => this.policyPort(port))}
    const {creationTimestamp} = metadata
    return {
      metadata: {
        ...this.metadata(metadata),
        ...(creationTimestamp !== undefined && TIME.test(creationTimestamp) && {creationTimestamp}),
      },
      spec: {
        ...(podSelector && {podSelector: this.selector(podSelector)}),
        ...(policyTypes && {policyTypes: policyTypes.map(type => oneOf(type, TYPES))}),
        ...(ingress && {
          ingress: ingress.map(rule => ({
            ...(rule.from && {from: rule.from.map(peer => this.peer(peer))}),
            ...ports(rule.ports),
          })),
        }),
        ...(egress && {
          egress: egress.map(rule => ({...(rule.to && {to: rule.to.map(peer => this.peer(peer))}), ...ports(rule.ports)})),
        }),
      },
    }
  }

  private peer({podSelector, namespaceSelector, ipBlock}: PolicyPeer): PolicyPeer {
    return {
      ...(podSelector && {podSelector: this.selector(podSelector)}),
      ...(namespaceSelector && {namespaceSelector: this.selector(namespaceSelector)}),
      ...(ipBlock && {
        ipBlock: {
          cidr: this.block(ipBlock.cidr),
          ...(ipBlock.except && {except: ipBlock.except.map(each => this.block(each))}),
        },
      }),
    }
  }

  /** Text that is no CIDR block must not become one, so all its letters and digits become the same. */
  private block(text: string): string {
    return this.addresses.map(text) ?? text.replaceAll(/[\p{L}\p{N}]/gu, 'x')
  }

  private selector({matchLabels, matchExpressions}: LabelSelector): LabelSelector {
    return {
      ...(matchLabels && {matchLabels: this.labels(matchLabels)}),
      ...(matchExpressions && {
        matchExpressions: matchExpressions.map(({key, operator, values}) => ({
          key: this.renamer.key(key),
          operator,
          ...(values && {values: values.map(value => this.renamer.word(value))}),
        })),
      }),
    }
  }

  private policyPort({protocol, port, endPort}: PolicyPort): PolicyPort {
    return {
      ...(protocol !== undefined && {protocol: oneOf(protocol, PROTOCOLS)}),
      ...(port !== undefined && {port: typeof port === 'string' ? this.renamer.port(port) : numberOf(port)}),
      ...(endPort !== undefined && {endPort: numberOf(endPort)}),
    }
  }
}
