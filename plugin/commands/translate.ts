import {Flags} from '@oclif/core'
import {type OpenTranslation, openTranslation} from '../../core/linux/translate/open.ts'
import {lineRenamer, saveLines} from '../../core/linux/translate/readable-save.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {narrowToSet, type TranslationFilter, wantsPolicy} from '../../core/translate/filter.ts'
import {sourceFlags, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import type {Paint} from '../print/paint.ts'
import {baseLines, headLines, policyLines} from '../print/translation.ts'
import {lineOf} from '../print/where.ts'
import {oneDump, openSource} from '../source/open-source.ts'

export default class Translate extends Verb {
  static override summary = 'Shows what Azure NPM has programmed on a node, in words'
  static override description =
    'Reads iptables rules and ipsets and tells, for each policy and direction, which pods it applies to and ' +
    "what it allows. Hashed names are recovered from the rules' comments, from cluster objects and from Azure " +
    "NPM's debug cache, and each is checked by hashing it again."
  static override examples = [
    '<%= config.bin %> translate --from dump/',
    '<%= config.bin %> translate --from iptables-save.txt --from ipset-save.txt --from cluster.json --policy shop/web',
    'sudo <%= config.bin %> translate --local -o iptables | grep podlabel-app:web',
  ]
  static override flags = {
    ...sourceFlags,
    policy: Flags.string({summary: 'Only this policy: NAMESPACE/NAME, or NAME in any namespace', helpValue: 'POLICY'}),
    chain: Flags.string({summary: 'Only this iptables chain', helpValue: 'CHAIN'}),
    set: Flags.string({summary: 'Only what uses this set, by kernel name or readable name', helpValue: 'SET'}),
    direction: Flags.string({summary: 'Only this direction', options: ['ingress', 'egress']}),
    output: Flags.string({
      char: 'o',
      summary: 'Output format; iptables is the save with names in place of hashes',
      options: ['table', 'wide', 'json', 'yaml', 'iptables'],
      default: 'table',
    }),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Translate)
    const source = await openSource(flags, this.signal)
    const translation = openTranslation(oneDump(source, flags))
    const filter = filterOf(flags)
    const problems: Problem[] = [...source.problems, ...translation.facts.problems]
    await this.print(await this.lines(translation, filter, flags.output, this.paint(flags.color), problems))
    await this.report(problems)
  }

  private async lines(
    translation: OpenTranslation,
    filter: TranslationFilter,
    output: string,
    paint: Paint,
    problems: readonly Problem[],
  ): Promise<Iterable<string>> {
    if (output === 'iptables') return saveView(translation, filter)
    if (output === 'table' || output === 'wide') return tableView(translation, filter, paint, output === 'wide')
    const document = documentOf(translation, filter, problems)
    return output === 'json' ? jsonLines(document) : yamlLines(document)
  }
}

function filterOf(flags: {
  policy?: string | undefined
  chain?: string | undefined
  set?: string | undefined
  direction?: string | undefined
}): TranslationFilter {
  const {policy, chain, set, direction} = flags
  return {
    ...(policy !== undefined && {policy}),
    ...(chain !== undefined && {chain}),
    ...(set !== undefined && {set}),
    ...(direction !== undefined && {direction: direction === 'ingress' ? 'Ingress' : 'Egress'}),
  }
}

const isFiltered = (filter: TranslationFilter): boolean => Object.keys(filter).length > 0

function* wantedPolicies(translation: OpenTranslation, filter: TranslationFilter) {
  for (const policy of translation.policies(found => wantsPolicy(found, filter))) {
    const narrowed = narrowToSet(policy, filter.set)
    if (narrowed) yield narrowed
  }
}

function documentOf(translation: OpenTranslation, filter: TranslationFilter, problems: readonly Problem[]) {
  const {baseChains, staleChains, unresolved, problems: _, ...facts} = translation.facts
  const policies = wantedPolicies(translation, filter)
  return {...facts, baseChains, policies, sets: translation.sets(), staleChains, unresolved, problems}
}

function* tableView(translation: OpenTranslation, filter: TranslationFilter, paint: Paint, isWide: boolean): Generator<string> {
  const {facts} = translation
  yield* headLines(facts, paint)
  let count = 0
  for (const policy of wantedPolicies(translation, filter)) {
    count++
    yield* policyLines(policy, paint, isWide)
  }
  if (count === 0) {
    yield ''
    yield isFiltered(filter) ? 'No policy fits the filters.' : 'No policy is programmed.'
  }
  if (!isFiltered(filter)) yield* baseLines(facts, paint, isWide)
}

function* saveView(translation: OpenTranslation, filter: TranslationFilter): Generator<string> {
  const {save} = translation.chains
  if (!save) throw new InputError('-o iptables needs an iptables save', 'Give the output of iptables-save -c with --from.')
  const rename = lineRenamer(translation.book, translation.policyOfChain)
  if (!isFiltered(filter)) {
    for (const {text} of saveLines(save)) yield escapeControls(rename(text))
    return
  }
  const chains = new Set<string>()
  const lines = new Set<number | undefined>()
  for (const {chain, rules} of wantedPolicies(translation, filter)) {
    chains.add(chain)
    for (const {where} of rules) lines.add(lineOf(where))
  }
  for (const {text, rule} of saveLines(save)) {
    if (!rule) continue
    const isWanted =
      lines.has(rule.line) || rule.chain === filter.chain || (rule.leadsTo !== undefined && chains.has(rule.leadsTo))
    if (isWanted) yield escapeControls(rename(text))
  }
}
