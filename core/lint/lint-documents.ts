import {type Finding, type Level, type Lint, type LintCode, type LintList, levels} from '../contract/lint.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {DumpDocument} from '../dump/model.ts'
import {readDocument} from '../dump/read-document.ts'
import {readDump} from '../dump/read-dump.ts'
import {type ClusterObjects, emptyCluster, objectKey} from '../kubernetes/objects.ts'
import type {WrittenPolicy} from '../kubernetes/read-objects.ts'
import type {Release} from '../policy/release.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem, ProblemCode} from '../problem/problem.ts'
import {acceptedFindings} from './accepted.ts'
import {lintPolicies, nodePlatforms, worstFirst} from './lint.ts'
import {clusterAround} from './lint-input.ts'
import {type FindPosition, findPositions} from './positions.ts'
import {duplicateFindings, refusedFindings} from './refused.ts'

/** What to lint, and what is known of the cluster. */
export interface LintQuestion {
  /** Files with the policies to judge, and what was wrong when they were read; undefined to judge the cluster's own policies. */
  readonly files?: {readonly documents: readonly DumpDocument[]; readonly problems: readonly Problem[]} | undefined
  /** The cluster around the policies: its nodes and known objects. */
  readonly cluster: {readonly dumps: readonly NodeState[]; readonly problems: readonly Problem[]}
  /** If given, the operating system and the hash of names of each of these nodes alone count. */
  readonly nodes: readonly string[] | undefined
  /** `linux`, `windows`, or `all` for the platforms of the cluster's nodes, as far as known. */
  readonly platform: string
  /** Which Azure NPM to think of, and how it was asked for. */
  readonly release?: {readonly name: string; readonly facts: Release} | undefined
  /** Codes of findings that are accepted of every policy. */
  readonly ignored?: readonly LintCode[]
}

/** The result of a lint. */
export interface LintAnswer {
  /** All findings. */
  readonly lint: Lint
  /** What holds on each node, where several were named. */
  readonly ofNodes?: LintList
  /** False when some policies could not be read, so that there may be more findings. */
  readonly isComplete: boolean
}

/**
 * Finds what Azure NPM refuses, ignores or interprets differently from the API in NetworkPolicies.
 *
 * @returns the document; findings in policies from files have the file and line of their field
 * @throws InputError when there is no policy, or no node of the given name
 */
export async function lintDocuments(question: LintQuestion): Promise<LintAnswer> {
  const {files, cluster, nodes: names, ignored = []} = question
  const given = files && (await readPolicies(files))
  const {accepts, problems: unknownCodes} = acceptedFindings(given?.written ?? [], ignored)
  const problems = [
    ...(given?.problems ?? []),
    ...unknownCodes,
    ...cluster.problems,
    ...cluster.dumps.flatMap(dump => dump.problems),
  ]
  const lintOf = (node: string | undefined): Lint => lintFor(node, {...question, given, accepts, problems})
  const isComplete = !(given?.problems ?? problems).some(({code}) => UNREAD.has(code))
  const [first, ...others] = names === undefined ? [] : [...new Set(names)]
  if (others.length === 0) return {lint: lintOf(first), isComplete}
  const items = [first, ...others].map(lintOf)
  const lint = joined(items)
  return {lint, ofNodes: {apiVersion: API_VERSION, kind: 'LintList', counts: lint.counts, items}, isComplete}
}

interface ReadQuestion extends LintQuestion {
  readonly given: GivenPolicies | undefined
  readonly accepts: (finding: Finding) => boolean
  readonly problems: Problem[]
}

function lintFor(node: string | undefined, {given, cluster, platform, release, accepts, problems}: ReadQuestion): Lint {
  const around = clusterAround({dumps: cluster.dumps, nodes: given?.nodes ?? []}, given?.objects, node, platform)
  const policies = given ? given.objects.policies : around.cluster.policies
  const refused = given?.refused ?? []
  if (policies.length + refused.length === 0)
    throw new InputError(
      'no NetworkPolicy was found',
      'Give files that kubectl apply -f takes, or kubectl get -o json.',
      problems,
    )
  const all = worstFirst([...refused, ...lintPolicies({...around, policies, ...(release && {release: release.facts})})])
  const findings = all.filter(finding => !accepts(finding)).map(finding => withPosition(finding, given?.positions))
  return {
    apiVersion: API_VERSION,
    kind: 'Lint',
    ...(node !== undefined && {node}),
    platforms: [...around.platforms],
    ...(release && {release: release.name}),
    policies: new Set([...policies.map(objectKey), ...refused.map(({policy}) => policy)]).size,
    counts: countsOf(findings),
    ...(findings.length < all.length && {accepted: all.length - findings.length}),
    findings,
    problems,
  }
}

function countsOf(findings: readonly Finding[]): Lint['counts'] {
  const count = (level: Level): number => findings.filter(each => each.level === level).length
  return {error: count('error'), warning: count('warning'), info: count('info')}
}

/** What holds on any of some nodes. */
function joined(lints: readonly Lint[]): Lint {
  const {node: _, ...first} = lints[0] as Lint
  const findings = worstFirst([
    ...new Map(lints.flatMap(lint => lint.findings).map(finding => [JSON.stringify(finding), finding])).values(),
  ])
  const accepted = Math.max(...lints.map(lint => lint.accepted ?? 0))
  return {
    ...first,
    platforms: nodePlatforms.filter(platform => lints.some(({platforms}) => platforms.includes(platform))),
    counts: countsOf(findings),
    ...(accepted > 0 && {accepted}),
    findings,
  }
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
  /** Nodes of which the files have rules, sets or more. */
  readonly nodes: readonly NodeState[]
  /** As they stand in the files. */
  readonly written: readonly WrittenPolicy[]
}

/** Reads the objects of files in order, because of two policies with one name the later one counts. In dumps the first counts. */
async function readPolicies({documents, problems}: NonNullable<LintQuestion['files']>): Promise<GivenPolicies> {
  const objects = emptyCluster()
  const all = [...problems]
  const withPolicies: DumpDocument[] = []
  const written = new Map<string, WrittenPolicy>()
  let isOfNodes = false
  for (const document of documents) {
    const read = await readDocument(document)
    all.push(...read.problems)
    isOfNodes ||= read.kind !== 'cluster' && read.kind !== 'none'
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
    // What is wrong with their documents has been told.
    nodes: isOfNodes ? (await readDump(documents)).nodes : [],
    written: [...written.values()],
    problems: all.filter(
      ({code, message}) =>
        code !== 'POLICY_INVALID' &&
        !(code === 'BAD_OBJECT' && told.has(message)) &&
        !(code === 'DUPLICATE_KEY' && duplicates.length > 0),
    ),
  }
}
