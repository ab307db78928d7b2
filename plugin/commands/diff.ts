import {Flags} from '@oclif/core'
import type {Drift} from '../../core/contract/drift.ts'
import {compareNode} from '../../core/drift/compare.ts'
import {InputError} from '../../core/input-error.ts'
import {openTranslation} from '../../core/translate/open.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {driftLines} from '../print/drift.ts'
import {oneDump, openSource} from '../source/open-source.ts'

export default class Diff extends Verb {
  static override summary = 'Compares what the policies ask for with what is programmed on a node'
  static override description =
    'Compiles the NetworkPolicies as Azure NPM would and compares sets, members, chains, rules and jumps. Each difference ' +
    'says whether it lets packets through or drops them, found by walking packets. Exit code 1 means that there are differences.'
  static override examples = ['<%= config.bin %> diff --from dump/', 'sudo <%= config.bin %> diff --local --from cluster.json']
  static override flags = {
    ...sourceFlags,
    lite: Flags.boolean({summary: 'The node runs NPM Lite, which reads its own pods only', default: false}),
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml'], default: 'table'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Diff)
    const source = await openSource(flags, this.signal)
    const dump = oneDump(source, flags)
    const {cluster} = dump
    if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0)
      throw new InputError(
        'no cluster objects: what the policies ask for is unknown',
        'Give them with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
        dump.problems,
      )
    const translation = openTranslation(dump)
    const {facts} = translation
    const problems = [...source.problems, ...facts.problems]
    const drift: Drift = {...compareNode(cluster, dump, {isLite: flags.lite, translation}), problems}
    if (flags.output === 'json') await this.print(jsonLines(drift))
    else if (flags.output === 'yaml') await this.print(await yamlLines(drift))
    else await this.print(driftLines(drift, this.paint(flags.color)))
    await this.report(problems)
    this.exit(drift.clean ? exitCodes.done : exitCodes.no)
  }
}
