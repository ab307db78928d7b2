import {existsSync} from 'node:fs'
import {Args, Flags} from '@oclif/core'
import type {SetEntry} from '../../core/contract/common.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {flagWords} from '../../core/text/shell-word.ts'
import {resolveEndpoint} from '../../core/trace/endpoints.ts'
import {knownPods} from '../../core/trace/nodes.ts'
import {findMember, readMember} from '../../core/translate/find-member.ts'
import {type FoundSets, findSets} from '../../core/translate/find-sets.ts'
import {exitCodes, Verb} from '../command.ts'
import {listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {columns} from '../print/columns.ts'
import {incompleteLines} from '../print/incomplete.ts'
import type {Paint} from '../print/paint.ts'
import {eachSetLines, heldByColumns, membershipLines, setColumns} from '../print/sets.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {type NameFlags, namespaceOfNames} from '../source/asked-names.ts'
import {chosenNodes, type Source} from '../source/open-source.ts'

type SetsFlags = OutputFlags &
  Omit<NameFlags, 'all-namespaces'> & {
    readonly member: string | undefined
    readonly 'no-headers': boolean
    readonly 'sort-by': string | undefined
  }

export default class Sets extends Verb {
  static override summary = "Lists Azure NPM's ipsets with readable names and members"
  static override description =
    'Without names, one line for each set. With names, each set with all its members and, with cluster objects, the pods ' +
    'behind the addresses. A name is a kernel name (azure-npm-…), a readable name (podlabel-app:web) or a label (app=web). ' +
    'The output of ipset has no end, so lists of sets may follow its last one: a list of all sets only notes that.'
  static override exits = {
    done: 'listed',
    no: 'the node has no set of a name, or none that holds the member',
    failed: 'members or sets may be missing from the input',
  }
  static override examples = [
    '<%= config.bin %> sets --from dump/',
    '<%= config.bin %> sets app=web --from dump/ --from cluster.json',
    '<%= config.bin %> sets --member 10.244.1.10 --from dump/',
    'sudo <%= config.bin %> sets azure-npm-3922407721 --local',
  ]
  static override strict = false
  static override args = {name: Args.string({description: 'Kernel name, readable name or label of a set; may be repeated'})}
  static override flags = {
    ...sourceFlags,
    member: Flags.string({
      summary: 'Which sets hold this: an address, with a port (10.0.0.1,80), or a pod',
      helpValue: 'ADDRESS[,PORT]',
    }),
    namespace: Flags.string({char: 'n', summary: 'With --member, namespace of a name without one', helpValue: 'NAMESPACE'}),
    output: outputFlag(['wide', 'name']),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Sets)
    return this.answering(flags, () => this.answer(argv as string[], flags))
  }

  private async answer(asked: readonly string[], flags: SetsFlags): Promise<void> {
    const source = await this.open(flags, 'each')
    const {nodes, failures} = chosenNodes(source, flags)
    if (flags.member !== undefined) return this.membership(flags.member, asked, {nodes, failures}, source, flags)
    const sort = flags['sort-by'] === undefined ? undefined : await sorterOf(flags['sort-by'], setColumns(true))
    const found = nodes.map(node => {
      const each = findSets(node, asked)
      return sort ? {...each, document: {...each.document, items: sort(each.document.items)}} : each
    })
    const isOne = found.length + failures.length === 1
    const [only] = isOne ? found : []
    const notGiven = ({document}: FoundSets, paint: Paint) =>
      incompleteLines('Not in the input: more may be on the node than is shown', document.incomplete, paint)
    const table = (isWide: boolean) =>
      function* (paint: Paint) {
        for (const each of found) {
          const {items: sets, node} = each.document
          if (!only) yield paint(`node ${node}: ${sets.length} ${sets.length === 1 ? 'set' : 'sets'}`, 'bold')
          if (asked.length > 0) yield* eachSetLines(sets, paint)
          else yield* columns(sort ? sets : sets.toSorted(byName), setColumns(isWide), paint, !flags['no-headers'])
          yield* notGiven(each, paint)
          if (!only) yield ''
        }
        if (!only) yield paint(sumOf(found.map(({document}) => document.items)), 'bold')
      }
    const kernelNames = new Set(found.flatMap(({document}) => document.items.map(({set}) => set)))
    await this.printAnswer(flags, {
      document: () =>
        only?.document ?? {
          apiVersion: API_VERSION,
          kind: 'SetListList',
          items: found.map(({document}) => document),
          failures,
        },
      table: table(false),
      formats: {wide: table(true), name: paint => [...kernelNames].map(set => paint(set))},
    })
    await this.report([...source.problems, ...found.flatMap(({problems}) => problems)])
    await this.reportFailures(failures.map(({node, message, next}) => ({message: `node ${node}: ${message}`, next})))
    // What one node has and another has not is no mistake of who asks.
    const [first, ...others] = found
    const missing = (first?.missing ?? []).filter(({name}) => others.every(each => each.missing.some(lost => lost.name === name)))
    const doubtful = asked.filter(
      name => found.some(each => each.doubtful.includes(name)) && !found.some(each => hasSet(each, name)),
    )
    const paint = this.paint(flags.color)
    const where = only ? 'on this node' : 'on any of these nodes'
    const lines = [
      ...doubtful.map(name => paint(`whether there is a set ${name} ${where} is not known`)),
      // Kernel names are for programs.
      ...(flags.output === 'name' ? found.flatMap(each => [...notGiven(each, paint)].slice(1)) : []),
    ]
    const orFile = (name: string) =>
      existsSync(name) ? [`There is a file of this name. To read it: ${flagWords('--from', name)}`] : []
    await this.reportUnknown(
      missing.map(({name, steps}) => ({what: `no set ${name} ${where}`, steps: [...steps, ...orFile(name)]})),
    )
    await this.tell(lines)
    if (missing.length > 0) this.exit(exitCodes.no)
    if (failures.length > 0 || found.some(({isUnknown}) => isUnknown)) this.exit(exitCodes.failed)
  }

  /** Which sets hold an address. */
  private async membership(
    member: string,
    names: readonly string[],
    {nodes, failures}: ReturnType<typeof chosenNodes>,
    source: Source,
    flags: SetsFlags,
  ): Promise<void> {
    if (names.length > 0)
      throw new InputError(`--member asks about all sets, and ${names.join(', ')} was named`, 'Leave out the one or the other.')
    const {end, port} = readMember(member)
    const namespace = await namespaceOfNames({...flags, 'all-namespaces': false}, [end])
    const {address, choice} = resolveEndpoint(end, {...knownPods(nodes), namespace})
    const {document: unsorted, isUnknown} = findMember(nodes, {asked: member, address, ...(port && {port})}, [...failures])
    const sort = await sorterOf(flags['sort-by'], heldByColumns(unsorted.nodes, true))
    const document = {...unsorted, items: sort(unsorted.items)}
    const hasHeaders = !flags['no-headers']
    await this.printAnswer(flags, {
      document: () => document,
      table: paint => membershipLines(document, paint, hasHeaders),
      formats: {
        wide: paint => membershipLines(document, paint, hasHeaders, true),
        name: paint => document.items.map(({set}) => paint(set)),
      },
    })
    if (choice !== undefined) await this.note([choice])
    await this.report([...source.problems, ...nodes.flatMap(({problems}) => problems)])
    await this.reportFailures(failures.map(({node, message, next}) => ({message: `node ${node}: ${message}`, next})))
    if (isUnknown) this.exit(exitCodes.failed)
    if (document.items.length === 0) this.exit(exitCodes.no)
  }
}

const hasSet = ({missing, doubtful}: FoundSets, name: string): boolean =>
  !doubtful.includes(name) && !missing.some(lost => lost.name === name)

function sumOf(ofNodes: readonly (readonly SetEntry[])[]): string {
  const different = new Set(ofNodes.flatMap(sets => sets.map(({set}) => set))).size
  return `${ofNodes.length} nodes, ${different} different ${different === 1 ? 'set' : 'sets'}`
}

const byName = (a: SetEntry, b: SetEntry): number => (a.name < b.name ? -1 : 1)
