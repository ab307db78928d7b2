import {Args, Flags} from '@oclif/core'
import type {Description} from '../../core/contract/description.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {describe} from '../../core/describe/describe.ts'
import {Knowledge} from '../../core/describe/knowledge.ts'
import {joinTypes} from '../../core/kubernetes/object-reference.ts'
import {isNodeRead} from '../../core/trace/nodes.ts'
import {exitCodes, Verb} from '../command.ts'
import {nameFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {descriptionLines} from '../print/description.ts'
import {type NameFlags, namedServices, namespaceOfNames} from '../source/asked-names.ts'
import {chosenNodes} from '../source/open-source.ts'

const WHAT =
  'NAMESPACE/POD, pod/NAME, deploy/NAME (or sts, ds, rs, job, cj), svc/NAME, an IPv4 address, ns/NAME, node/NAME, policy/NAMESPACE/NAME, or a set: app=web, set/NAME'

type DescribeFlags = NameFlags & OutputFlags & {readonly lite: boolean}

export default class Describe extends Verb {
  static override summary = 'Tells all about one pod, address, service, namespace, node, policy or set'
  static override description =
    'What the other verbs say of one thing, together: the sets that hold a pod or address, the policies that select it and whether they ' +
    'are in force, what is programmed for it, who may reach it and whom it may reach, what diff finds of it and lint of its policies. ' +
    'What rests on parts that were not given is unknown, and named.'
  static override exits = {
    done: 'described',
    failed: 'what is missing from the input may change the answer, or have the name',
  }
  static override examples = [
    '<%= config.bin %> describe pod/web-0 -n shop --from dump/',
    '<%= config.bin %> describe 10.244.1.12 --from dump/',
    '<%= config.bin %> describe policy/shop/allow-web node/aks-1',
    'sudo <%= config.bin %> describe app=web --local',
  ]
  static override strict = false
  static override args = {what: Args.string({description: `${WHAT}; may be repeated`, required: true})}
  static override flags = {
    ...sourceFlags,
    ...nameFlags,
    lite: Flags.boolean({summary: 'The nodes run NPM Lite, which reads its own pods only', default: false}),
    output: outputFlag(),
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Describe)
    const words = joinTypes(argv as string[])
    return this.answering(flags, () => this.answer(words, flags))
  }

  private async answer(words: readonly string[], flags: DescribeFlags): Promise<void> {
    const namespace = await namespaceOfNames(flags, words)
    const source = await this.open(flags, 'each', {services: namedServices(words, namespace)})
    // Without a node, objects alone tell what Azure NPM would do.
    const isForetold = !source.dumps.some(isNodeRead) && source.dumps.some(({cluster}) => cluster)
    const {nodes: dumps, failures} = isForetold ? {nodes: source.dumps, failures: source.failures} : chosenNodes(source, flags)
    const known = new Knowledge({dumps, failures, isLite: flags.lite})
    const problems = [...source.problems, ...dumps.flatMap(dump => dump.problems)]
    const items = words.map(asked => ({...describe(asked, namespace, known), problems}))
    const [only, ...others] = items
    await this.printAnswer(flags, {
      document: () => (only && others.length === 0 ? only : {apiVersion: API_VERSION, kind: 'DescriptionList', items}),
      *table(paint) {
        for (const [at, item] of items.entries()) {
          if (at > 0) yield ''
          yield* descriptionLines(item, paint)
        }
      },
    })
    await this.report(problems)
    await this.reportFailures(failures.map(({node, message, next}) => ({message: `node ${node}: ${message}`, next})))
    if (items.some(isUnknown)) this.exit(exitCodes.failed)
  }
}

/** Where no node was read, no state of a policy can be known, and none was asked for. */
function isUnknown({failures, incomplete, policies, nodes, reach}: Description): boolean {
  if (failures.length + incomplete.length > 0) return true
  if ([...(reach?.from ?? []), ...(reach?.to ?? [])].some(({unknown}) => unknown.length > 0)) return true
  return nodes.length > 0 && policies.some(({states}) => states.some(({state}) => state === 'unknown'))
}
