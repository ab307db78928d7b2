import {Flags} from '@oclif/core'
import type {Drift, DriftList} from '../../core/contract/drift.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {compareNode} from '../../core/drift/compare-node.ts'
import {openTranslation} from '../../core/linux/translate/open.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {NodeResult} from '../agents/each-node.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {driftLines, driftListLines} from '../print/drift.ts'
import {clusterFlagsOf, isLive, oneDump, openSource, type SourceFlags} from '../source/open-source.ts'

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
    if (isLive(flags)) return this.live(flags)
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

  /** Each agent compares its own node. */
  private async live(flags: SourceFlags & {lite: boolean; output: string; color: string}): Promise<void> {
    const cluster = await clusterFlagsOf(flags)
    const {diffNodes} = await import('../agents/diff-nodes.ts')
    const {results, problems} = await diffNodes(cluster, flags, this.signal)
    const [only] = results
    if (only && results.length === 1 && 'error' in only) throw only.error
    const list = driftList(results)
    const document = results.length === 1 ? (list.items[0] as Drift) : list
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else await this.print(driftListLines(list, this.paint(flags.color)))
    await this.report([...problems, ...list.items.flatMap(({node, problems}) => problems.map(each => ({file: node, ...each})))])
    await this.reportFailures(list.failures)
    if (this.signal.aborted) this.exit(exitCodes.failed)
    if (list.items.some(({clean}) => !clean)) this.exit(exitCodes.no)
    this.exit(list.failures.length > 0 ? exitCodes.failed : exitCodes.done)
  }
}

function driftList(results: readonly NodeResult<Drift>[]): DriftList {
  return {
    apiVersion: API_VERSION,
    kind: 'DriftList',
    items: results.flatMap(result => ('value' in result ? [result.value] : [])),
    failures: results.flatMap(result =>
      'error' in result ? [{node: result.node, message: result.error.message, next: result.error.next}] : [],
    ),
  }
}
