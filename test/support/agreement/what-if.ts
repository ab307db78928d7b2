import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {linux} from '../../../core/dataplanes.ts'
import {type ClusterObjects, emptyCluster, objectKey} from '../../../core/kubernetes/objects.ts'
import {hasPolicyAddress, policyIp} from '../../../core/kubernetes/pod-filter.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {compareProbes, type MatrixDiff} from '../../../core/matrix/compare-probes.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import type {MatrixQuestion} from '../../../core/matrix/question.ts'
import type {Packet, Verdict} from '../../../core/net/packet.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import type {PacketNode} from '../kernel/packets/packet-node.ts'

/** Addresses outside that a matrix may choose from. */
export const OUTSIDE = ['203.0.113.254', '198.51.100.254', '192.0.2.254', '240.0.0.1']

/** A change to a cluster: what is applied, what is deleted, and the cluster after it. */
export interface WhatIf {
  readonly before: ClusterObjects
  readonly after: ClusterObjects
  readonly options: CompileOptions
}

const opened = (cluster: ClusterObjects): NodeState => linux.open({node: 'unknown', metricNames: [], problems: [], cluster}, [])
const none = {before: [], after: []}

interface Cell {
  readonly source: string
  readonly destination: string
  readonly protocol: Packet['protocol']
  readonly port: number
}
const keyOf = ({source, destination, protocol, port}: Cell): string => `${source} -> ${destination} ${protocol}/${port}`

/** What the matrix foretells of a change. Where policies and namespaces are only added to, they are applied as from a file. */
export function foretold({before, after, options}: WhatIf): {diff: MatrixDiff; verdicts: Map<string, Verdict>} {
  const labels = ({namespaces}: ClusterObjects) =>
    namespaces.flatMap(({metadata}) => Object.keys(metadata.labels ?? {}).map(key => `${metadata.name} ${key}`))
  // Applying a namespace takes no label away that somebody else has set.
  const losesLabels = labels(before).some(label => !labels(after).includes(label))
  const isState = losesLabels || JSON.stringify(before.pods) !== JSON.stringify(after.pods)
  const kept = new Set(after.policies.map(objectKey))
  const change = isState
    ? {changed: [opened(after)]}
    : {
        changed: [opened({...emptyCluster(), policies: after.policies, namespaces: after.namespaces})],
        without: before.policies.map(objectKey).filter(policy => !kept.has(policy)),
      }
  const diff = compareProbes([opened(before)], change, {options}, none)
  const question: MatrixQuestion = {options, ports: portsOf({before, after, options})}
  const {document} = probeNodes([opened(before)], question)
  return {diff, verdicts: new Map([...document.probes].map(probe => [keyOf(probe), probe.verdict]))}
}

/** The ports that a matrix takes for both states. */
function portsOf({before, after, options}: WhatIf): MatrixQuestion['ports'] {
  const both = {...after, policies: [...before.policies, ...after.policies], pods: [...before.pods, ...after.pods]}
  return probeNodes([opened(both)], {options}).ports
}

/** The verdict of a real packet for each cell, through the rules that Azure NPM programs for the objects. */
async function sent(
  node: PacketNode,
  objects: ClusterObjects,
  options: CompileOptions,
  cells: Iterable<string>,
): Promise<Map<string, Verdict>> {
  const program = compile(objects, options)
  const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
  await node.load(text(printIpsetRestore(program)), text(printIptablesRestore(program, {forwardIndex: 4})))
  const addressOf = new Map(objects.pods.map(pod => [objectKey(pod), policyIp(pod) ?? '']))
  const keys = [...cells]
  const packets = keys.map((key): Packet => {
    const [source = '', , destination = '', service = ''] = key.split(' ')
    const [protocol, port] = service.split('/')
    const address = (name: string) => (name === 'external' ? (OUTSIDE[0] as string) : (addressOf.get(name) ?? ''))
    return {
      source: address(source),
      destination: address(destination),
      protocol: protocol as Packet['protocol'],
      port: Number(port),
    }
  })
  const verdicts = await node.probe(packets)
  return new Map(keys.map((key, index) => [key, verdicts[index] as Verdict]))
}

/**
 * Sends every packet of the matrix before and after a change, and holds what was foretold to it.
 *
 * @param programmed what Azure NPM has after the change, where that is not what it would make of the objects anew
 * @returns what was foretold otherwise, one line each, and how many packets were sent
 */
export async function wrongPredictions(
  node: PacketNode,
  whatIf: WhatIf,
  programmed = whatIf.after,
): Promise<{wrong: string[]; sent: number; changed: number}> {
  const {diff, verdicts} = foretold(whatIf)
  const changes = new Map([...diff.opens, ...diff.closes, ...diff.unknown].map(change => [keyOf(change), change]))
  const common = new Set(whatIf.after.pods.filter(hasPolicyAddress).map(objectKey)).add('external')
  const cells = [...verdicts.keys()].filter(key => {
    const [source = '', , destination = ''] = key.split(' ')
    return common.has(source) && common.has(destination)
  })
  const before = await sent(node, whatIf.before, whatIf.options, cells)
  const after = await sent(node, programmed, whatIf.options, cells)
  const wrong = cells.flatMap(key => {
    const change = changes.get(key)
    const said = {before: change?.before ?? verdicts.get(key), after: change?.after ?? verdicts.get(key)}
    const real = {before: before.get(key), after: after.get(key)}
    return said.before === real.before && said.after === real.after
      ? []
      : [`${key}: foretold ${said.before}, then ${said.after}; packets ${real.before}, then ${real.after}`]
  })
  const unmet = [...changes.keys()].filter(key => !before.has(key)).map(key => `${key}: foretold, and not sent`)
  return {wrong: [...wrong, ...unmet], sent: cells.length * 2, changed: changes.size}
}
