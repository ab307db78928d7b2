import {Flags} from '@oclif/core'
import type {TranslatedPolicy} from '../../core/contract/translation.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {escapeControls} from '../../core/text/escape.ts'
import type {TranslationFilter} from '../../core/translate/filter.ts'
import {translateNode} from '../../core/translate/translate-node.ts'
import {commonNames} from '../../core/translate/unknown-names.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {wholeDocument} from '../print/document.ts'
import {escapeLines} from '../print/output.ts'
import type {Paint} from '../print/paint.ts'
import {type SortRows, sorterOf} from '../print/sort-rows.ts'
import {
  type Detail,
  type ListedPolicy,
  listedPolicy,
  policyListColumns,
  translationLines,
  translationListLines,
} from '../print/translation.ts'
import {chosenNodes} from '../source/open-source.ts'
import type {SourceFlags} from '../source/source-flags.ts'

const several = (summary: string, helpValue: string) =>
  Flags.string({summary: `${summary}; may be given several times`, multiple: true, multipleNonGreedy: true, helpValue})

interface TranslateFlags extends SourceFlags, OutputFlags, FilterFlags {
  readonly all: boolean
  readonly 'sort-by': string | undefined
}

export default class Translate extends Verb {
  static override summary = 'Shows what Azure NPM has programmed on a node, in words'
  static override description =
    'Reads iptables rules and ipsets and tells, for each policy and direction, which pods it applies to and ' +
    "what it allows. Hashed names are recovered from the rules' comments, from cluster objects and from Azure " +
    "NPM's debug cache, and each is checked by hashing it again. A node with more than 200 rules is shown as a list of its " +
    'policies, on a terminal and elsewhere; -o wide and documents have all rules.'
  static override exits = {
    done: 'translated',
    no: 'a policy, chain or set that was asked for is not on the node',
    failed: 'what is missing from the input may change the answer',
  }
  static override examples = [
    '<%= config.bin %> translate --from dump/',
    '<%= config.bin %> translate --from iptables-save.txt --from ipset-save.txt --from cluster.json --policy shop/web',
    'sudo <%= config.bin %> translate --local -o iptables | grep podlabel-app:web',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    policy: several('Only this policy: NAMESPACE/NAME, or NAME in any namespace', 'POLICY'),
    chain: several('Only this iptables chain', 'CHAIN'),
    set: several('Only what uses this set: a kernel name, a readable name or a label', 'SET'),
    direction: Flags.string({summary: 'Only this direction', options: ['ingress', 'egress']}),
    all: Flags.boolean({
      summary: 'Each rule, also of a node with more than 200, of which otherwise each policy is a line',
      default: false,
    }),
    output: outputFlag(['wide', 'name', 'iptables'], 'iptables is the save with names in place of hashes'),
    ...listFlags,
    ...watchFlag,
    'sort-by': {...listFlags['sort-by'], summary: `A line for each policy. ${listFlags['sort-by'].summary}`},
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Translate)
    return this.answering(flags, () => this.answer(flags))
  }

  private async answer(flags: TranslateFlags): Promise<void> {
    const source = await this.open(flags, 'each')
    const {nodes, failures} = chosenNodes(source, flags)
    const filter = filterOf(flags)
    const translated = nodes.map(node => ({node: node.node, translation: translateNode(node, filter)}))
    const problemsOf = ({translation: {facts}}: (typeof translated)[number]) =>
      translated.length === 1 ? [...source.problems, ...facts.problems] : facts.problems
    const by = flags['sort-by']
    const sort = await sorterOf<ListedPolicy>(by, policyListColumns, {itemOf: row => row.item ?? row})
    const documentOf = (each: (typeof translated)[number]) => {
      const document = each.translation.document(problemsOf(each))
      return by === undefined ? document : {...document, policies: sortedPolicies(document.policies, sort)}
    }
    const documents = function* () {
      for (const each of translated) yield wholeDocument(documentOf(each))
    }
    const look = {...(by !== undefined && {sort}), hasHeaders: !flags['no-headers']}
    const isOne = translated.length + failures.length === 1
    const [only] = isOne ? translated : []
    const table = (detail: Detail) => (paint: Paint) =>
      only
        ? translationLines(only.translation, paint, detail, look)
        : translationListLines(
            translated.map(({translation}) => translation),
            paint,
            detail,
            look,
          )
    await this.printAnswer(flags, {
      document: () =>
        only ? documentOf(only) : {apiVersion: API_VERSION, kind: 'TranslationList', items: documents(), failures},
      // In another order than the node's each policy is a line.
      table: table(by !== undefined ? 'list' : flags.all ? 'all' : 'usual'),
      formats: {
        wide: table('wide'),
        name: paint =>
          policyNames(translated.flatMap(({translation}) => [...translation.policies()].map(({policy}) => policy))).map(each =>
            paint(each),
          ),
        iptables: function* () {
          for (const {node, translation} of translated) {
            if (!only) yield `# node ${escapeControls(node)}`
            yield* escapeLines(translation.save())
          }
        },
      },
    })
    await this.report([...source.problems, ...translated.flatMap(({translation}) => translation.facts.problems)])
    await this.reportFailures(failures.map(({node, message, next}) => ({message: `node ${node}: ${message}`, next})))
    // What one node has and another has not is no mistake of who asks.
    const unknown = commonNames(translated.map(({translation}) => translation.unknown))
    const where = only ? 'on this node' : 'on any of these nodes'
    await this.reportUnknown(unknown.map(({kind, name, steps}) => ({what: `no ${kind} ${name} ${where}`, steps})))
    const isWhole = failures.length === 0 && translated.every(({translation}) => translation.facts.incomplete.length === 0)
    if (!isWhole) this.exit(exitCodes.failed)
    if (unknown.length > 0) this.exit(exitCodes.no)
  }
}

const sortedPolicies = (policies: Iterable<TranslatedPolicy>, sort: SortRows<ListedPolicy>): TranslatedPolicy[] =>
  sort([...policies].map(item => ({...listedPolicy(item), item}))).flatMap(({item}) => item ?? [])

/** Each policy that is programmed, as kubectl names objects. */
const policyNames = (policies: readonly string[]): string[] => [
  ...new Set(
    policies
      .flatMap(names => names.split('|'))
      .filter(name => name.includes('/'))
      .map(name => `networkpolicy.networking.k8s.io/${name}`),
  ),
]

interface FilterFlags {
  readonly policy: string[] | undefined
  readonly chain: string[] | undefined
  readonly set: string[] | undefined
  readonly direction: string | undefined
}

function filterOf(flags: FilterFlags): TranslationFilter {
  const {policy, chain, set, direction} = flags
  return {
    ...(policy !== undefined && {policy}),
    ...(chain !== undefined && {chain}),
    ...(set !== undefined && {set}),
    ...(direction !== undefined && {direction: direction === 'ingress' ? 'Ingress' : 'Egress'}),
  }
}
