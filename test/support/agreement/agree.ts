import {readDump} from '../../../core/dump/read-dump.ts'
import {emptyCluster} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import type {Semantics, UnsupportedCode} from '../../../core/policy/program.ts'
import type {Case, Step} from '../cases/load.ts'
import {probeText} from '../cases/probe.ts'
import type {PacketNode} from '../kernel/packets/packet-node.ts'

/** The jump's place in FORWARD: behind KUBE-SERVICES. */
const FORWARD_INDEX = 4

/**
 * Compiles one state of a case, loads it into the node and asks everybody about every probe: the lines of the case, the
 * rules and sets read back from the kernel and walked, the kernel itself by a packet, and the evaluator, which knows the
 * API's meaning only.
 *
 * @returns what they do not agree on, one line each
 */
export async function disagreements(node: PacketNode, each: Case, step: Step, semantics: Semantics): Promise<string[]> {
  const scheme = each.scheme ?? (node.backend === 'nft' ? 'sha256' : 'fnv32a')
  const program = compile(step.objects, {scheme, semantics})
  await node.load(text(printIpsetRestore(program)), text(printIptablesRestore(program, {forwardIndex: FORWARD_INDEX})))
  const [walked, packets] = await Promise.all([walkOfSaved(node), node.probe(step.probes.map(({packet}) => packet))])
  const evaluator = new Evaluator(step.objects)
  const differing = step.probes.flatMap((probe, index) => {
    const said = {
      expected: step.expected[semantics].get(probe),
      walk: walked(probe.packet),
      packet: packets[index],
      evaluator: evaluator.evaluate(probe.packet).verdict,
    }
    const mayDepart = step.departs ? semantics === 'npm' : !each.semantics.includes('kubernetes')
    const isAgreed = said.expected === said.packet && said.walk === said.packet && (mayDepart || said.evaluator === said.packet)
    const answers = Object.entries(said).map(([who, verdict]) => `${who} ${verdict}`)
    return isAgreed ? [] : [`${probeText(probe)}: ${answers.join(', ')}`]
  })
  return [...refusalDifferences(program, semantics === 'npm' ? each.refused : undefined), ...differing]
}

const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')

/**
 * Reads back what the kernel holds, to walk packets over it.
 *
 * @param address the node's own, for walks of what it sends and receives
 */
export async function walkOfSaved(node: PacketNode, address?: string): Promise<(packet: Packet) => string> {
  const {rules, sets} = await node.save()
  const {nodes} = await readDump([
    {name: 'iptables-save.txt', folder: '', text: [rules], kind: 'iptables-save'},
    {name: 'ipset-save.txt', folder: '', text: [sets], kind: 'ipset-save'},
  ])
  const [read] = nodes
  if (!read || read.completeness.rules === 'absent') throw new Error('the saved rules were not recognised')
  if (address === undefined) return packet => read.walk(packet).verdict
  const own = [{metadata: {name: 'n1'}, status: {addresses: [{type: 'InternalIP', address}]}}]
  const named = read.with({node: 'n1', cluster: {...emptyCluster(), nodes: own}})
  return packet => named.walk(packet).verdict
}

/** A policy is refused where the case says so, and nowhere else. */
function refusalDifferences({refusals}: LinuxProgram, expected: UnsupportedCode | undefined): string[] {
  const codes = new Set(refusals.map(({code}) => code))
  const lacking = expected !== undefined && !codes.has(expected) ? [`not refused for ${expected}`] : []
  return [...lacking, ...[...codes].filter(code => code !== expected).map(code => `refused for ${code}`)]
}

/** Whom the cases need on the node: every address that a pod has at some time. */
export function podsOf(cases: readonly Case[]): {name: string; ip: string}[] {
  const byAddress = new Map<string, string>()
  for (const {steps} of cases)
    for (const {endpoints} of steps)
      for (const {name, address, isOutside} of endpoints) if (!isOutside && !byAddress.has(address)) byAddress.set(address, name)
  return [...byAddress].map(([ip, name]) => ({name, ip}))
}

/** Addresses behind the wire that leads out, in every state of every case. */
export function externalsOf(cases: readonly Case[]): string[] {
  const pods = new Set(podsOf(cases).map(({ip}) => ip))
  const all = cases.flatMap(({steps}) => steps.flatMap(({endpoints}) => endpoints.map(({address}) => address)))
  return [...new Set(all)].filter(address => !pods.has(address))
}
