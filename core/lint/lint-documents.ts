import {type Finding, type Level, type Lint, type LintCode, levels} from '../contract/lint.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {DumpDocument} from '../dump/model.ts'
import {readDocument} from '../dump/read-document.ts'
import {type ClusterObjects, emptyCluster, objectKey} from '../kubernetes/objects.ts'
import type {WrittenPolicy} from '../kubernetes/read-objects.ts'
import type {Release} from '../policy/release.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem, ProblemCode} from '../problem/problem.ts'
import {acceptedFindings} from './accepted.ts'
import {lintPolicies, worstFirst} from './lint.ts'
import {clusterAround} from './lint-input.ts'
import {type FindPosition, findPositions} from './positions.ts'
import {duplicateFindings, refusedFindings} from './refused.ts'

/** What to lint, and what is known of the cluster. */
export interface LintQuestion {
  /** Files with the policies to judge, and what was wrong when they were read; undefined to judge the cluster's own policies. */
  readonly files?: {readonly documents: readonly DumpDocument[]; readonly problems: readonly Problem[]} | undefined
  /** The cluster around the policies: its nodes and known objects. */
  readonly cluster: {readonly dumps: readonly NodeState[]; readonly problems: readonly Problem[]}
  /** If given, only this node's operating system and hash of names count. */
  readonly node: string | undefined
  /** `linux`, `windows`, or `all` for the platforms of the cluster's nodes, as far as known. */
  readonly platform: string
  /** Which Azure NPM to think of, and how it was asked for. */
  readonly release?: {readonly name: string; readonly facts: Release} | undefined
  /** Codes of findings that are accepted of every policy. */
  readonly ignored?: readonly LintCode[]
}

/** The result of a lint. */
export interface LintAnswer {
  readonly lint: Lint
  /** False when some policies could not be read, so that there may be more findings. */
  readonly isComplete: boolean
}

/**
 * Finds what Azure NPM refuses, ignores or interprets differently from the API in NetworkPolicies.
 *
 * @returns the document; findings in policies from files have the file and line of their field
 * @throws InputError when there is no policy, or no node of the given name
 */
export async function lintDocuments({files, cluster, node, platform, release, ignored = []}: LintQuestion): Promise<LintAnswer> {
  const given = files && (await readPolicies(files))
  const around = clusterAround(cluster.dumps, given?.objects, node, platform)
  const policies = given ? given.objects.policies : around.cluster.policies
  const refused = given?.refused ?? []
  const {accepts, problems: unknownCodes} = acceptedFindings(given?.written ?? [], ignored)
  const problems = [
    ...(given?.problems ?? []),
    ...unknownCodes,
    ...cluster.problems,
    ...cluster.dumps.flatMap(dump => dump.problems),
  ]
  if (policies.length + refused.length === 0)
    throw new InputError(
      'no NetworkPolicy was found',
      'Give files that kubectl apply -f takes, or kubectl get -o json.',
      problems,
    )
  const all = worstFirst([...refused, ...lintPolicies({...around, policies, ...(release && {release: release.facts})})])
  const findings = all.filter(finding => !accepts(finding)).map(finding => withPosition(finding, given?.positions))
  const count = (level: Level): number => findings.filter(each => each.level === level).length
  const lint: Lint = {
    apiVersion: API_VERSION,
    kind: 'Lint',
    platforms: [...around.platforms],
    ...(release && {release: release.name}),
    policies: new Set([...policies.map(objectKey), ...refused.map(({policy}) => policy)]).size,
    counts: {error: count('error'), warning: count('warning'), info: count('info')},
    ...(findings.length < all.length && {accepted: all.length - findings.length}),
    findings,
    problems,
  }
  return {lint, isComplete: !(given?.problems ?? problems).some(({code}) => UNREAD.has(code))}
}

/** Whether there are findings of a level or a worse one. */
export const hasFindings = ({counts}: Pick<Lint, 'counts'>, level: Level): boolean =>
  levels.slice(0, levels.indexOf(level) + 1).some(each => counts[each] > 0)

/** Problems that cause policies to be skipped. */
const UNREAD: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'BAD_JSON',
  'BAD_YAML',
  'BAD_OBJECT',
  'BINARY_FILE',
  'TRUNCATED_FILE',
  'UNREADABLE_FILE',
])

const withPosition = (finding: Finding, positions: FindPosition | undefined): Finding => ({
  ...finding,
  ...positions?.(finding.policy, finding.field),
})

interface GivenPolicies {
  readonly objects: ClusterObjects
  readonly positions: FindPosition
  readonly problems: readonly Problem[]
  /** What the API server refuses of them, and of what it warns. */
  readonly refused: readonly Finding[]
  /** As they stand in the files. */
  readonly written: readonly WrittenPolicy[]
}

/** Reads the objects of files in order, because of two policies with one name the later one counts. In dumps the first counts. */
async function readPolicies({documents, problems}: NonNullable<LintQuestion['files']>): Promise<GivenPolicies> {
  const objects = emptyCluster()
  const all = [...problems]
  const withPolicies: DumpDocument[] = []
  const written = new Map<string, WrittenPolicy>()
  for (const document of documents) {
    const read = await readDocument(document)
    all.push(...read.problems)
    if (read.kind !== 'cluster') continue
    if (read.written.length > 0) withPolicies.push(document)
    for (const policy of read.written) written.set(policy.policy, policy)
    objects.policies.push(...read.objects.policies)
    objects.namespaces.push(...read.objects.namespaces)
    objects.pods.push(...read.objects.pods)
    objects.nodes.push(...read.objects.nodes)
  }
  const {positions, duplicates} = await findPositions(withPolicies)
  const refused = [...refusedFindings(written.values()), ...duplicateFindings(duplicates)]
  const isTold = new Set(refused.map(({policy}) => policy))
  const told = new Set([...written.values()].filter(({policy}) => isTold.has(policy)).map(({leftOut}) => leftOut?.message))
  return {
    objects,
    positions,
    refused,
    written: [...written.values()],
    problems: all.filter(
      ({code, message}) =>
        code !== 'POLICY_INVALID' &&
        !(code === 'BAD_OBJECT' && told.has(message)) &&
        !(code === 'DUPLICATE_KEY' && duplicates.length > 0),
    ),
  }
}
