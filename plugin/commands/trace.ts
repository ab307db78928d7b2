import {Args, Flags} from '@oclif/core'
import type {Trace as TraceDocument} from '../../core/contract/trace.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {Packet} from '../../core/net/packet.ts'
import {Evaluator} from '../../core/policy/evaluate.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {explainDisagreement} from '../../core/trace/disagreement.ts'
import {resolveEndpoint, resolvePort} from '../../core/trace/endpoints.ts'
import {networkProblems} from '../../core/trace/network-model.ts'
import {knownPods, namedPortSet, nodesOnTheWay} from '../../core/trace/nodes.ts'
import {packetOf, type TraceQuestion, traceNodes, tracePolicies, translatedPacket} from '../../core/trace/trace.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {traceLines} from '../print/trace.ts'
import {isNodeChosen, openSource} from '../source/open-source.ts'

const EXIT = {accept: exitCodes.done, drop: exitCodes.no, unknown: exitCodes.failed} as const

export default class Trace extends Verb {
  static override summary = 'Shows whether a packet passes, and which rule and policy decide'
  static override description =
    "Walks the node's real rules as the kernel does and shows every rule that matches. With cluster objects it also says " +
    'what the policies mean, and points at every disagreement. With cluster objects alone it evaluates the policies. ' +
    'Given dumps of several nodes, it walks the node of the sender, then that of the receiver.'
  static override examples = [
    '<%= config.bin %> trace shop/web-0 shop/db-0 --port 5432 --from dump/',
    '<%= config.bin %> trace external 10.244.1.12 --port 53 --protocol udp --from dump/',
    'sudo <%= config.bin %> trace 10.244.1.10 10.244.1.12 --port 80 --local --from cluster.json',
  ]
  static override args = {
    source: Args.string({description: 'NAMESPACE/POD, an IPv4 address, or external', required: true}),
    destination: Args.string({description: 'NAMESPACE/POD, an IPv4 address (also of a service), or external', required: true}),
  }
  static override flags = {
    ...sourceFlags,
    port: Flags.string({summary: 'Destination port: a number, or a name that the receiver declares', helpValue: 'PORT'}),
    protocol: Flags.string({summary: 'Protocol', options: ['tcp', 'udp', 'sctp', 'icmp'], default: 'tcp'}),
    mark: Flags.string({summary: 'Firewall mark that the packet carries already, 0x4000 for example', helpValue: 'MARK'}),
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml'], default: 'table'}),
  }

  override async run(): Promise<void> {
    const {flags, args} = await this.parse(Trace)
    const source = await openSource(flags, this.signal, isNodeChosen(flags) ? 'all' : nodesOfEnds(args.source, args.destination))
    const dumps = flags.node === undefined ? source.dumps : source.dumps.filter(({node}) => flags.node?.includes(node))
    const known = knownPods(dumps)
    const from = resolveEndpoint(args.source, known)
    const to = resolveEndpoint(args.destination, known)
    const protocol = flags.protocol as Packet['protocol']
    if (protocol !== 'icmp' && flags.port === undefined)
      throw new InputError('--port is missing', 'Rules look at the port: --port N or --port NAME.')
    const nodes = nodesOnTheWay(dumps, from, to)
    const port =
      flags.port === undefined || protocol === 'icmp'
        ? undefined
        : resolvePort(flags.port, protocol, to, namedPortSet(nodes, flags.port))
    const mark = flags.mark === undefined ? undefined : markOf(flags.mark)
    const question: TraceQuestion = {source: from, destination: to, protocol, port, ...(mark !== undefined && {mark})}
    const cluster = dumps.find(dump => dump.cluster)?.cluster
    const evaluator = cluster && new Evaluator(cluster)
    const general = [...source.problems, ...networkProblems(cluster, question)]
    let document: TraceDocument
    if (nodes.length > 0) {
      const {walks, ...traced} = traceNodes(question, nodes, evaluator && (packet => evaluator.evaluate(packet)))
      document = {
        ...traced,
        disagreements: explainDisagreement(traced, walks.reduce(translatedPacket, packetOf(question)), nodes, cluster),
        problems: [...general, ...new Set(traced.problems)],
      }
    } else {
      const problems = [...general, ...new Set(dumps.flatMap(dump => dump.problems))]
      if (!evaluator)
        throw new InputError(
          'nothing to trace over: neither rules nor policies were found',
          'Give a dump or cluster objects with --from.',
          problems,
        )
      document = {...tracePolicies(question, evaluator.evaluate(packetOf(question))), disagreements: [], problems}
    }
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else await this.print(traceLines(document, this.paint(flags.color)))
    await this.report(document.problems)
    this.exit(EXIT[document.verdict])
  }
}

/** The nodes on which the ends run, of pods that are found by name or address. */
const nodesOfEnds =
  (...ends: string[]) =>
  ({pods}: ClusterObjects): string[] => {
    const nodes = ends.map(end => resolveEndpoint(end, {pods, sets: undefined}).pod?.spec?.nodeName)
    return [...new Set(nodes.filter(node => node !== undefined))]
  }

function markOf(text: string): number {
  const mark = Number(text)
  if (!Number.isInteger(mark) || mark < 0 || mark > 0xffffffff)
    throw new InputError(`--mark ${text} is no 32-bit number`, 'Give it like 0x4000.')
  return mark
}
