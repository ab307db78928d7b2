import {Flags} from '@oclif/core'
import {type Level, levels} from '../../core/contract/lint.ts'
import {ACCEPT_ANNOTATION, readCodes} from '../../core/lint/accepted.ts'
import {hasFindings, lintDocuments} from '../../core/lint/lint-documents.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {exitCodes, Verb} from '../command.ts'
import {releaseFrom} from '../compile-options.ts'
import {clusterFlags, listFlags, objectPaths, outputFlag} from '../flags.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {jsonLines} from '../print/document.ts'
import {findingColumns, findingNames, findingTable, lintLines, lintListLines} from '../print/lint.ts'
import {githubLines, junitLines} from '../print/lint-reports.ts'
import type {Paint} from '../print/paint.ts'
import {sarifLog} from '../print/sarif.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {readFiles} from '../source/read-files.ts'
import {clusterFlagsOf} from '../source/source-flags.ts'

/** Flags that name a cluster: who gives one means that cluster. */
const CLUSTER_FLAGS = ['kubeconfig', 'context', 'cluster', 'user'] as const

/** Its own objects are asked for, and no agent is. */
const {'agent-namespace': _, ...apiServerFlags} = clusterFlags

export default class Lint extends Verb {
  static override summary = 'Tells what in NetworkPolicies Azure NPM refuses, ignores or understands in another way'
  static override description =
    'Looks at policies in files, or at those of a cluster, and tells for each what Azure NPM on Linux and Windows nodes ' +
    'would do with it: what it refuses, where it departs from the NetworkPolicy API, what it costs, what is risky, and what ' +
    'would change under Cilium. With --around, or with a live cluster, it knows the pods, namespaces and nodes around the policies ' +
    'and finds more. No cluster is asked unless --with-cluster or a flag that names one says so.'
  static override exits = {
    done: 'no findings at or above --fail-on',
    no: 'findings at or above --fail-on',
    failed: 'not all could be read',
  }
  static override examples = [
    '<%= config.bin %> lint policies/',
    '<%= config.bin %> lint new-policy.yaml --around cluster.json --fail-on warning',
    '<%= config.bin %> lint policies/ --platform linux -o sarif > lint.sarif',
    '<%= config.bin %> lint policies/ --with-cluster --release v1.5.5',
    'helm template shop/ | <%= config.bin %> lint -',
    'kustomize build overlays/prod | <%= config.bin %> lint - --fail-on warning -o github',
  ]
  static override args = objectPaths
  static override flags = {
    filename: Flags.string({
      char: 'f',
      aliases: ['from'],
      summary: 'Policies to look at: a file, a folder, an archive, a dump, - for standard input; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    around: Flags.string({
      summary:
        'The cluster around them: objects or a dump, whose own policies are not looked at unless there are no others; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    node: Flags.string({
      summary: 'Think of this node: its operating system, how it hashes names; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    platform: Flags.string({
      summary: 'Which nodes to think of; all means those the cluster is known to have, or Linux',
      options: ['linux', 'windows', 'all'],
      default: 'all',
    }),
    'fail-on': Flags.string({
      summary: 'Exit code 1 when there are findings at or above this level',
      options: [...levels, 'never'],
      default: 'error',
    }),
    level: Flags.string({
      summary: 'In the table: findings of at least this level; others are only counted',
      options: [...levels],
      default: 'warning',
    }),
    ignore: Flags.string({
      summary:
        'Leave out findings of this code; may be given several times. A policy accepts its own with annotation ' +
        ACCEPT_ANNOTATION,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'CODE',
    }),
    release: Flags.string({
      summary: 'Only findings that hold for this release of Azure NPM, v1.4.20 or newer: v1.5.5 for example',
      helpValue: 'VERSION',
    }),
    'with-cluster': Flags.boolean({
      summary:
        'Look at the pods, namespaces, nodes and policies of the cluster of the kubeconfig, too; so do --context and --kubeconfig',
      default: false,
    }),
    ...apiServerFlags,
    output: outputFlag(
      ['wide', 'name', 'sarif', 'github', 'junit'],
      'wide has a line for each finding; github are annotations of GitHub Actions',
    ),
    ...listFlags,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Lint)
    const {filename = [], around = [], node: nodes} = flags
    const isLive = flags['with-cluster'] || CLUSTER_FLAGS.some(flag => flags[flag] !== undefined)
    if (isLive && around.length > 0)
      throw new InputError('--around and a cluster are both given as what is around the policies', 'Give one of them.')
    const release = lintedRelease(flags.release)
    if (filename.length + around.length === 0 && !isLive)
      throw new InputError('no policies: nothing says what to look at', [
        'Give files, folders, a dump or - for standard input: kubectl npm lint PATH…',
        'Those of the cluster of the kubeconfig: --with-cluster',
      ])
    if (filename.includes('-') && around.includes('-'))
      throw new InputError('-f and --around both ask for standard input', 'Give one of them as a file.')
    const cluster = isLive
      ? await this.liveObjects(flags)
      : around.length > 0
        ? await this.open({from: around, local: false, node: nodes?.length === 1 ? nodes : undefined})
        : {dumps: [], problems: []}
    const files = filename.length > 0 ? await readFiles(filename, '-f') : undefined
    const {lint, ofNodes, isComplete} = await lintDocuments({
      files,
      cluster,
      nodes,
      platform: flags.platform,
      ...(release && {release: {name: flags.release ?? '', facts: release}}),
      ignored: readCodes(flags.ignore ?? []),
    })
    const sort = await sorterOf(flags['sort-by'], findingColumns)
    const sorted = {...lint, findings: sort(lint.findings)}
    const document = ofNodes ? {...ofNodes, items: ofNodes.items.map(each => ({...each, findings: sort(each.findings)}))} : sorted
    const level = flags.level as Level
    const wide = (paint: Paint) => findingTable(sorted, paint, level, !flags['no-headers'])
    await this.printAnswer(flags, {
      document: () => document,
      table: paint => {
        // In another order than by policy each finding has a line of its own.
        if (flags['sort-by'] !== undefined) return wide(paint)
        return ofNodes ? lintListLines(ofNodes, paint, level) : lintLines(lint, paint, level)
      },
      formats: {
        wide,
        name: paint => findingNames(sorted, level).map(name => paint(name)),
        sarif: () => jsonLines(sarifLog(lint, this.config.version)),
        github: () => githubLines(lint),
        junit: () => junitLines(lint),
      },
    })
    await this.report(lint.problems)
    if (!isComplete) this.exit(exitCodes.failed)
    const failOn = flags['fail-on'] as Level | 'never'
    this.exit(failOn !== 'never' && hasFindings(lint, failOn) ? exitCodes.no : exitCodes.done)
  }

  /** What is around the policies, read from the API server as the person: no agent is needed. */
  private async liveObjects(flags: Partial<ClusterFlags>) {
    const cluster = clusterFlagsOf({
      ...flags,
      from: undefined,
      local: false,
      node: undefined,
      pod: undefined,
      selector: undefined,
    })
    const {readLiveObjects} = await import('../source/read-live-objects.ts')
    return readLiveObjects(cluster, this.signal)
  }
}

/**
 * The release that is thought of.
 *
 * @throws InputError for one of NPM v1: what lint knows of Azure NPM is how NPM v2 reads policies, and v1 reads many in another way
 */
function lintedRelease(text: string | undefined) {
  const release = releaseFrom(text)
  if (release?.generation !== 'v1') return release
  throw new InputError(
    `--release ${text} is of NPM v1, which reads policies in another way: findings would be true of NPM v2 only`,
    [
      `What NPM v1 refuses of them: kubectl npm compile FILE… --release ${text}`,
      `Which packets it judges otherwise than they say: kubectl npm matrix FILE… --wrong --release ${text}`,
      'Or give v1.4.20 or a newer one.',
    ],
  )
}
