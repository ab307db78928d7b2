import {Flags} from '@oclif/core'
import type {TranslationFilter} from '../../core/translate/filter.ts'
import {translateNode} from '../../core/translate/translate-node.ts'
import {dumpPaths, exitCodes, outputFlag, sourceFlags, Verb} from '../command.ts'
import {escapeLines} from '../print/output.ts'
import {translationLines} from '../print/translation.ts'
import {oneDump} from '../source/open-source.ts'

const several = (summary: string, helpValue: string) =>
  Flags.string({summary: `${summary}; may be given several times`, multiple: true, multipleNonGreedy: true, helpValue})

export default class Translate extends Verb {
  static override summary = 'Shows what Azure NPM has programmed on a node, in words'
  static override description =
    'Reads iptables rules and ipsets and tells, for each policy and direction, which pods it applies to and ' +
    "what it allows. Hashed names are recovered from the rules' comments, from cluster objects and from Azure " +
    "NPM's debug cache, and each is checked by hashing it again."
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
    output: outputFlag(['wide', 'iptables'], 'iptables is the save with names in place of hashes'),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Translate)
    const source = await this.open(flags)
    const translation = translateNode(oneDump(source, flags), filterOf(flags))
    const problems = [...source.problems, ...translation.facts.problems]
    await this.printAnswer(flags, {
      document: () => translation.document(problems),
      table: paint => translationLines(translation, paint, false),
      formats: {
        wide: paint => translationLines(translation, paint, true),
        iptables: () => escapeLines(translation.save()),
      },
    })
    await this.report(problems)
    await this.reportUnknown(translation.unknown.map(({kind, name, steps}) => ({what: `no ${kind} ${name} on this node`, steps})))
    if (translation.facts.incomplete.length > 0) this.exit(exitCodes.failed)
    if (translation.unknown.length > 0) this.exit(exitCodes.no)
  }
}

function filterOf(flags: {
  policy?: string[] | undefined
  chain?: string[] | undefined
  set?: string[] | undefined
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
