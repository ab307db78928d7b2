import {selects} from '../kubernetes/label-selector.ts'
import {type ClusterObjects, objectKey, type Pod, type Workload} from '../kubernetes/objects.ts'
import {hasPolicyAddress} from '../kubernetes/pod-filter.ts'
import {blockHolds, parseIpv4, parseIpv4Block, printIpv4} from '../net/ipv4.ts'

/** A pod that is not there, made from the template of its workload. */
export interface StandIn {
  /** `namespace/name (Deployment)` */
  readonly name: string
  readonly address: string
}

/** Two of a kind show what the pods of a workload do among themselves. */
const MOST_OF_A_WORKLOAD = 2

/** Reserved (RFC 1112): no pod has such an address, and hardly a policy names one. */
const FIRST_ADDRESS = parseIpv4('240.0.0.2') as number
const LAST_ADDRESS = parseIpv4('255.255.255.254') as number

/** Which pods of a cluster a workload has made. */
export const podsOfWorkload = (workload: Workload, pods: readonly Pod[]): Pod[] => {
  const selector = workload.selector ?? {matchLabels: workload.labels}
  // Without any condition they would be all pods of the namespace.
  const isAny = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
  if (isAny) return []
  return pods.filter(
    ({metadata}) => (metadata.namespace ?? 'default') === workload.namespace && selects(selector, metadata.labels),
  )
}

/** Pods of the workloads of a cluster that have none, and of pods that have no address yet; their addresses are still to be made up. */
function missingPods({pods, workloads = []}: ClusterObjects): Pod[] {
  const running = pods.filter(pod => hasPolicyAddress(pod) || pod.spec?.hostNetwork === true)
  const made = workloads.flatMap(workload => {
    if (workload.spec.hostNetwork === true || podsOfWorkload(workload, running).length > 0) return []
    return Array.from({length: Math.min(workload.count, MOST_OF_A_WORKLOAD)}, (_, index) => podOf(workload, index))
  })
  const ofWorkloads = new Set(workloads.flatMap(workload => podsOfWorkload(workload, pods)))
  const waiting = pods.filter(pod => isWaiting(pod) && !ofWorkloads.has(pod))
  return [
    ...made,
    ...waiting.map(({metadata, spec}) => ({metadata: {...metadata, name: `${metadata.name} (Pod)`}, ...(spec && {spec})})),
  ]
}

/** Whether a pod has no address yet, so that it is in no set. */
const isWaiting = ({metadata, spec, status}: Pod): boolean =>
  status?.podIP === undefined &&
  spec?.hostNetwork !== true &&
  metadata.deletionTimestamp === undefined &&
  (status?.phase === undefined || status.phase === 'Pending')

function podOf({kind, namespace, name, labels, spec}: Workload, index: number): Pod {
  const isStateful = kind === 'StatefulSet'
  const own = isStateful ? `${name}-${index}` : index === 0 ? name : `${name}, another`
  return {
    metadata: {
      namespace,
      name: `${own} (${kind})`,
      labels: {...labels, ...(isStateful && {'statefulset.kubernetes.io/pod-name': own})},
    },
    spec,
  }
}

/**
 * Adds stand-ins to states of one cluster, for pods that are not there. A stand-in has the same address in every state: one that no
 * block of a policy contains but 0.0.0.0/0.
 *
 * @returns the states, and the stand-ins of all of them
 */
export function withStandIns(states: readonly ClusterObjects[]): {clusters: ClusterObjects[]; standIns: StandIn[]} {
  const missing = states.map(missingPods)
  const addresses = new Map<string, string>()
  const free = freeAddresses(states)
  for (const name of missing.flat().map(objectKey)) {
    if (addresses.has(name)) continue
    const next = free.next()
    if (!next.done) addresses.set(name, next.value)
  }
  const clusters = states.map((state, index) => {
    const pods = (missing[index] ?? []).flatMap((pod): Pod[] => {
      const podIP = addresses.get(objectKey(pod))
      return podIP === undefined ? [] : [{...pod, status: {phase: 'Running', podIP}}]
    })
    return pods.length === 0 ? state : {...state, pods: [...state.pods, ...pods]}
  })
  return {clusters, standIns: [...addresses].map(([name, address]) => ({name, address}))}
}

function* freeAddresses(states: readonly ClusterObjects[]): Generator<string> {
  const peers = states
    .flatMap(({policies}) => policies)
    .flatMap(({spec}) => [
      ...(spec.ingress ?? []).flatMap(({from}) => from ?? []),
      ...(spec.egress ?? []).flatMap(({to}) => to ?? []),
    ])
  const blocks = peers
    .flatMap(({ipBlock}) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []))
    .flatMap(text => parseIpv4Block(text) ?? [])
    .filter(({prefix}) => prefix > 0)
  const taken = new Set(states.flatMap(({pods}) => pods.map(({status}) => status?.podIP)))
  for (let address = FIRST_ADDRESS; address <= LAST_ADDRESS; address++) {
    const block = blocks.find(each => blockHolds(each, address))
    // On behind the block: it may be half of all addresses.
    if (block) address = block.base + 2 ** (32 - block.prefix) - 1
    else if (!taken.has(printIpv4(address))) yield printIpv4(address)
  }
}
