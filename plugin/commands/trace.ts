import {Args, Flags} from '@oclif/core'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {type AskedPorts, readPort, readPorts} from '../../core/trace/asked-port.ts'
import {nodesOfEndpoints, tracePacket} from '../../core/trace/trace-packet.ts'
import {tracePorts} from '../../core/trace/trace-ports.ts'
import {exitCodes, Verb} from '../command.ts'
import {nameFlags, outputFlag, sourceFlags} from '../flags.ts'
import type {Paint} from '../print/paint.ts'
import {traceLines, traceListLines} from '../print/trace.ts'
import {namedServices, namespaceOfNames} from '../source/asked-names.ts'
import {namedNodes} from '../source/open-source.ts'
import {isNodeChosen} from '../source/source-flags.ts'

const END = 'NAMESPACE/POD, pod/NAME, deploy/NAME (or sts, ds, rs, job, cj), node/NAME, an IPv4 address, or external'

const EXIT = {accept: exitCodes.done, drop: exitCodes.no, unknown: exitCodes.failed} as const

export default class Trace extends Verb {
  static override summary = 'Shows whether a packet passes, and which rule and policy decide'
  static override description =
    "Walks the node's real rules as the kernel does and shows every rule that matches. With cluster objects it also says " +
    'what the policies mean, and points at every disagreement. With cluster objects alone it evaluates the policies, which the exit ' +
    'code is of, and, beside that, says what Azure NPM will do. What rests on objects or rules that were not given is unknown, and named. ' +
    'Given dumps of several nodes, it walks the node of the sender, then that of the receiver.'
  static override exits = {
    done: 'the packet is allowed',
    no: 'it is dropped, of several ports at one',
    failed: 'its verdict is unknown',
  }
  static override examples = [
    '<%= config.bin %> trace shop/web-0 shop/db-0 --port 5432 --from dump/',
    '<%= config.bin %> trace deploy/web sts/db -n shop --port 5432 --from dump/',
    '<%= config.bin %> trace shop/web-0 svc/api -n shop --port http --from dump/ --from services.json',
    '<%= config.bin %> trace external 10.244.1.12 --port 53/udp --from dump/',
    '<%= config.bin %> trace deploy/web deploy/db -n shop --port 5432,8000-8010 --from dump/',
    'sudo <%= config.bin %> trace 10.244.1.10 10.244.1.12 --port 80 --local --from cluster.json',
  ]
  static override args = {
    source: Args.string({description: END, required: true}),
    destination: Args.string({description: `${END}; or svc/NAME, or its address`, required: true}),
  }
  static override flags = {
    ...sourceFlags,
    ...nameFlags,
    port: Flags.string({
      summary:
        'Destination port: a number, a name that the receiver or service has, or with its protocol: 53/udp. Several, and ranges, are answered ' +
        'by parts: 80,443 or 8000-8010',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PORT',
    }),
    protocol: Flags.string({summary: 'Protocol: tcp, udp, sctp or icmp; tcp by default', helpValue: 'PROTOCOL'}),
    mark: Flags.string({summary: 'Firewall mark that the packet carries already, 0x4000 for example', helpValue: 'MARK'}),
    output: outputFlag(['wide'], 'of several ports, wide shows the rules for each'),
  }

  override async run(): Promise<void> {
    const {flags, args} = await this.parse(Trace)
    const ends = [args.source, args.destination]
    const namespace = await namespaceOfNames(flags, ends)
    const source = await this.open(flags, isNodeChosen(flags) ? 'all' : cluster => nodesOfEndpoints(cluster, ends, namespace), {
      services: namedServices(ends, namespace),
    })
    const dumps = namedNodes(source.dumps, flags.node)
    const {source: from, destination} = args
    const packet = {source: from, destination, namespace, mark: markOf(flags.mark)}
    const asked = readPorts(flags.port ?? [], flags.protocol)
    if (isSeveral(asked)) {
      const list = tracePorts(dumps, {...packet, ports: asked}, source.problems)
      const table = (isWide: boolean) => (paint: Paint) => traceListLines(list, paint, isWide)
      await this.printAnswer(flags, {document: () => list, table: table(false), formats: {wide: table(true)}})
      await this.report(eachOnce(list.items.flatMap(({trace}) => trace.problems)))
      this.exit(EXIT[list.verdict])
    }
    const port = onePort(asked, flags.protocol)
    const trace = tracePacket(dumps, {...packet, ...port}, source.problems)
    await this.printAnswer(flags, {document: () => trace, table: paint => traceLines(trace, paint)})
    await this.report(trace.problems)
    this.exit(EXIT[trace.verdict])
  }
}

/** Whether there is more than one port, so that the answer has parts. */
const isSeveral = ([first, ...others]: readonly AskedPorts[]): boolean =>
  others.length > 0 || (first !== undefined && 'from' in first && first.from < first.to)

/** A range of one port, `80-80`, is that port. */
function onePort([first]: readonly AskedPorts[], protocol: string | undefined): ReturnType<typeof readPort> {
  if (!first) return readPort(undefined, protocol)
  return {protocol: first.protocol, port: 'name' in first ? first.name : `${first.from}`}
}

const eachOnce = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map(problem => [problem.message, problem])).values(),
]

/** @throws InputError for what is no mark */
function markOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const mark = Number(text)
  if (!Number.isInteger(mark) || mark < 0 || mark > 0xffffffff)
    throw new InputError(`--mark ${text} is no 32-bit number`, 'Give it like 0x4000.')
  return mark
}
