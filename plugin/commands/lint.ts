import {Flags} from '@oclif/core'
import {type Lint as Answer, type Finding, type Level, levels} from '../../core/contract/lint.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {readDocument} from '../../core/dump/read-document.ts'
import {type ClusterObjects, emptyCluster} from '../../core/kubernetes/objects.ts'
import {lintPolicies} from '../../core/lint/lint.ts'
import {clusterAround} from '../../core/lint/lint-input.ts'
import {type FindPosition, findPositions} from '../../core/lint/positions.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem, ProblemCode} from '../../core/problem/problem.ts'
import {exitCodes, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {lintLines} from '../print/lint.ts'
import {sarifLog} from '../print/sarif.ts'
import {openSource, type Source} from '../source/open-source.ts'
import {readFiles} from '../source/read-files.ts'

export default class Lint extends Verb {
  static override summary = 'Tells what in NetworkPolicies Azure NPM refuses, ignores or understands in another way'
  static override description =
    'Looks at policies in files, or at those of a cluster, and tells for each what Azure NPM on Linux and Windows nodes would ' +
    'do with it: what it refuses, where it departs from the NetworkPolicy API, what it costs, what is risky, and what would ' +
    'change under Cilium. With --from it knows the pods, namespaces and nodes around the policies and finds more. ' +
    'Exit code 1 means findings at or above --fail-on, 2 that not all could be read.'
  static override examples = [
    '<%= config.bin %> lint -f policies/',
    '<%= config.bin %> lint -f new-policy.yaml --from cluster.json --fail-on warning',
    '<%= config.bin %> lint -f policies/ --platform linux -o sarif > lint.sarif',
  ]
  static override flags = {
    filename: Flags.string({
      char: 'f',
      summary: 'Policies to look at: a file, a folder, a .tgz, - for standard input; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    from: Flags.string({
      summary: 'The cluster around them: objects or a dump, read as elsewhere; without -f its policies are looked at',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    node: Flags.string({summary: 'Think of this node: its operating system, how it hashes names', helpValue: 'NAME'}),
    platform: Flags.string({
      summary: 'Which nodes to think of; all means those the cluster has, as far as known',
      options: ['linux', 'windows', 'all'],
      default: 'all',
    }),
    'fail-on': Flags.string({
      summary: 'Exit code 1 when there are findings at or above this level',
      options: [...levels, 'never'],
      default: 'error',
    }),
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml', 'sarif'], default: 'table'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Lint)
    const {filename = [], from = [], node} = flags
    if (filename.length + from.length === 0)
      throw new InputError('no policies: nothing says what to look at', 'Give files with -f FILE, or a cluster with --from PATH.')
    if (filename.includes('-') && from.includes('-'))
      throw new InputError('-f and --from both ask for standard input', 'Give one of them as a file.')
    const source =
      from.length > 0
        ? await openSource({from, local: false, node: node === undefined ? undefined : [node]}, this.signal)
        : {dumps: [], problems: []}
    const given = filename.length > 0 ? await readPolicies(filename) : undefined
    const around = clusterAround(source.dumps, given?.objects, node, flags.platform)
    const policies = given ? given.objects.policies : around.cluster.policies
    const problems = [...(given?.problems ?? []), ...problemsOf(source)]
    if (policies.length === 0)
      throw new InputError(
        'no NetworkPolicy was found',
        'Give files that kubectl apply -f takes, or kubectl get -o json.',
        problems,
      )
    const findings = placed(lintPolicies({...around, policies}), given?.positions)
    const count = (level: Level): number => findings.filter(each => each.level === level).length
    const answer: Answer = {
      apiVersion: API_VERSION,
      kind: 'Lint',
      platforms: [...around.platforms],
      policies: new Set(policies.map(({metadata}) => `${metadata.namespace ?? 'default'}/${metadata.name}`)).size,
      counts: {error: count('error'), warning: count('warning'), info: count('info')},
      findings,
      problems,
    }
    await this.show(answer, flags.output, flags.color)
    await this.report(problems)
    if ((given?.problems ?? problems).some(({code}) => incomplete.has(code))) this.exit(exitCodes.failed)
    this.exit(isBad(answer, flags['fail-on']) ? exitCodes.no : exitCodes.done)
  }

  private async show(answer: Answer, output: string, color: string): Promise<void> {
    if (output === 'json') await this.print(jsonLines(answer))
    else if (output === 'yaml') await this.print(await yamlLines(answer))
    else if (output === 'sarif') await this.print(jsonLines(sarifLog(answer, this.config.version)))
    else await this.print(lintLines(answer, this.paint(color)))
  }
}

/** What keeps policies from being looked at: then "nothing found" would be no answer. */
const incomplete: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'BAD_JSON',
  'BAD_YAML',
  'BAD_OBJECT',
  'BINARY_FILE',
  'TRUNCATED_FILE',
  'UNREADABLE_FILE',
])

const problemsOf = ({dumps, problems}: Source): Problem[] => [...problems, ...dumps.flatMap(dump => dump.problems)]

function isBad({counts}: Answer, failOn: string): boolean {
  const worst = levels.slice(0, levels.indexOf(failOn as Level) + 1)
  return worst.some(level => counts[level] > 0)
}

const placed = (findings: readonly Finding[], positions: FindPosition | undefined): Finding[] =>
  findings.map(finding => ({...finding, ...positions?.(finding.policy, finding.field)}))

interface GivenPolicies {
  readonly objects: ClusterObjects
  readonly positions: FindPosition
  readonly problems: readonly Problem[]
}

/** Reads what `-f` names. Other than a dump's, its objects keep their order: the later of two is the one that counts. */
async function readPolicies(paths: readonly string[]): Promise<GivenPolicies> {
  const {documents, problems} = await readFiles(paths).catch((error: unknown) => {
    if (error instanceof InputError) throw new InputError(error.message.replace(/^--from /, '-f '), error.next, error.problems)
    throw error
  })
  const objects = emptyCluster()
  const all = [...problems]
  const withPolicies = []
  for (const document of documents) {
    const read = await readDocument(document)
    all.push(...read.problems)
    if (read.kind !== 'cluster') continue
    if (read.objects.policies.length > 0) withPolicies.push(document)
    objects.policies.push(...read.objects.policies)
    objects.namespaces.push(...read.objects.namespaces)
    objects.pods.push(...read.objects.pods)
    objects.nodes.push(...read.objects.nodes)
  }
  return {objects, positions: await findPositions(withPolicies), problems: all}
}
