import {withDefaults} from '../kubernetes/api-defaults.ts'
import {joinGiven} from '../kubernetes/completeness.ts'
import {type ObjectGap, type ObjectKind, objectKinds} from '../kubernetes/given-objects.ts'
import {type ClusterObjects, emptyCluster, type NetworkPolicy, type ObjectMeta, objectKey} from '../kubernetes/objects.ts'
import {stripObjects} from '../kubernetes/strip-fields.ts'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'

/** The objects of one file. */
export interface FileObjects {
  readonly file: string
  readonly objects: ClusterObjects
}

/** Objects of several files, each once. */
export interface MergedObjects {
  /** Undefined without any file. */
  readonly cluster?: ClusterObjects
  /** Objects that are there twice and are not the same. */
  readonly problems: readonly Problem[]
}

type Item = ClusterObjects[ObjectKind][number]

const kindOf: Readonly<Record<ObjectKind, string>> = {
  pods: 'Pod',
  namespaces: 'Namespace',
  policies: 'NetworkPolicy',
  nodes: 'Node',
}

/**
 * Merges objects of several files. Of an object that is there more than once the newest one counts, by `resourceVersion`. Where no
 * version tells, the first file counts, and within a file the last object, as for `kubectl apply` and `kubectl get -w`.
 *
 * @param gaps objects of other files that could not be read
 */
export function mergeObjects(all: readonly FileObjects[], gaps: readonly ObjectGap[] = []): MergedObjects {
  const [first] = all
  if (!first) return {problems: []}
  const problems = new ProblemList()
  const lists = Object.fromEntries(objectKinds.map(kind => [kind, keepOne(all, kind, problems)]))
  const every = all.flatMap(({objects}) => objects.workloads ?? [])
  // Backups hold each twice, and its pods are not there twice.
  const workloads = [
    ...new Map(every.toReversed().map(each => [`${each.kind} ${each.namespace}/${each.name}`, each])).values(),
  ].toReversed()
  const services = eachOnce(all.flatMap(({objects}) => objects.services ?? []))
  const endpointSlices = all.flatMap(({objects}) => objects.endpointSlices ?? [])
  const merged = {
    ...emptyCluster(),
    ...lists,
    ...(workloads.length > 0 && {workloads}),
    ...(services.length > 0 && {services}),
    ...(endpointSlices.length > 0 && {endpointSlices}),
  }
  const given = joinGiven(all.map(({objects}) => objects))
  const known = given && gaps.length > 0 ? {...given, gaps: [...given.gaps, ...gaps]} : given
  return {cluster: known ? {...merged, given: known} : merged, problems: problems.all()}
}

/** The first of each name, as of workloads: backups hold each twice. */
const eachOnce = <Item extends {readonly metadata: ObjectMeta}>(items: readonly Item[]): Item[] => [
  ...new Map(items.toReversed().map(item => [objectKey(item), item])).values(),
]

/** Each object of a kind once, in the order of the first places. */
function keepOne(all: readonly FileObjects[], kind: ObjectKind, problems: ProblemList): readonly Item[] {
  const kept = new Map<string, {object: Item; readonly file: string}>()
  let count = 0
  for (const {file, objects} of all)
    for (const object of objects[kind] as readonly Item[]) {
      count++
      const key = kind === 'nodes' || kind === 'namespaces' ? object.metadata.name : objectKey(object)
      const other = kept.get(key)
      if (!other) {
        kept.set(key, {object, file})
        continue
      }
      const newer = chooseNewer(other, {object, file})
      if (!isSame(kind, other.object, object)) problems.add(differs(`${kindOf[kind]} ${key}`, other.file, file, newer))
      // Its place stays that of the first.
      if (newer.isSecond) kept.set(key, {object, file})
    }
  // Nearly always there is one file, with each object once.
  return count === kept.size && all.length === 1 ? (all[0]?.objects[kind] ?? []) : [...kept.values()].map(({object}) => object)
}

interface Choice {
  readonly isSecond: boolean
  readonly why: string
  /** Whether it counts because its file was given before the other one. */
  readonly byOrder: boolean
}

function chooseNewer(first: {object: Item; file: string}, second: {object: Item; file: string}): Choice {
  const [a, b] = [versionOf(first.object), versionOf(second.object)]
  if (a !== undefined && b !== undefined && a !== b)
    return {isSecond: b > a, why: 'its resourceVersion is the newer one', byOrder: false}
  const isOneFile = first.file === second.file
  return {isSecond: isOneFile, why: isOneFile ? 'it is the last one' : 'its file is the first one', byOrder: !isOneFile}
}

/** Versions of one API server are numbers that grow. */
function versionOf({metadata}: Item): number | undefined {
  const {resourceVersion} = metadata as {readonly resourceVersion?: unknown}
  return typeof resourceVersion === 'string' && /^\d{1,15}$/.test(resourceVersion) ? Number(resourceVersion) : undefined
}

function differs(name: string, first: string, second: string, {isSecond, why, byOrder}: Choice): Problem {
  const where = first === second ? first : `${first} and ${second}`
  return {
    code: 'DUPLICATE_OBJECT',
    ...(first === second && {file: first}),
    message: `${name} is there twice, and not the same${first === second ? '' : `: in ${where}`}; that of ${isSecond ? second : first} counts, ${why}`,
    next: byOrder
      ? 'Give only the files that were taken at one time. To ask what the other one would do, give its file first.'
      : 'Give only the files that were taken at one time.',
  }
}

/** Whether two objects say the same of all that answers depend on. */
const isSame = (kind: ObjectKind, a: Item, b: Item): boolean => a === b || spelled(kind, a) === spelled(kind, b)

/** Whether two policies mean the same to the API server. */
export const isSamePolicy = (a: NetworkPolicy, b: NetworkPolicy): boolean => isSame('policies', a, b)

function spelled(kind: ObjectKind, object: Item): string {
  const served = kind === 'policies' ? withDefaults(object as NetworkPolicy) : object
  const [stripped] = stripObjects({...emptyCluster(), [kind]: [served]})[kind]
  return JSON.stringify(stripped, (key, value: unknown) =>
    // When an object was made, files that people write do not say.
    key === 'creationTimestamp'
      ? undefined
      : typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
        : value,
  )
}
