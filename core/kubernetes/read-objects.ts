import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'
import {nullsAsAbsent} from './absent-fields.ts'
import {objectKinds} from './given-objects.ts'
import {isForeignShape, isOwnGroup, isOwnKind, kindByShape, meantKind, type OwnKind, servedVersion} from './group-kind.ts'
import {withNameLabel} from './namespace-labels.ts'
import {faultOf} from './object-faults.ts'
import {ObjectGaps} from './object-gaps.ts'
import {
  type ClusterObjects,
  type EndpointSlice,
  emptyCluster,
  type Namespace,
  type NetworkPolicy,
  type Node,
  type ObjectMeta,
  objectKey,
  type Pod,
  type Service,
  type Workload,
} from './objects.ts'
import {readServiceObject} from './read-services.ts'
import {isFields, type Unread} from './unread.ts'
import {readWorkload} from './workloads.ts'

/** Lists may nest: a List of Lists, or joined pages of `kubectl get`. Deeper nesting is taken as an attack. */
const DEEPEST_LIST = 8

const pathOf = (path: string, index: number | undefined): string => (index === undefined ? path : `${path}[${index}]`)

/** What a list says of its items, which need not say it themselves. */
interface Told {
  readonly kind: string
  readonly apiVersion: string | undefined
}

/** The objects of one document. */
export interface ObjectReading {
  /** The valid ones. */
  readonly objects: ClusterObjects
  /** One for each invalid object, and for objects of other groups. */
  readonly problems: Problem[]
  /** How many objects of other kinds there are. */
  readonly otherKinds: ReadonlyMap<string, number>
  /** All NetworkPolicies as they are written, those that are left out too. */
  readonly written: readonly WrittenPolicy[]
}

/** A NetworkPolicy as it was parsed. */
export interface WrittenPolicy {
  /** `namespace/name`; the name may be empty. */
  readonly policy: string
  readonly object: Unread
  /** Why it is left out of the objects. */
  readonly leftOut?: Problem
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/**
 * Collects Pods, Namespaces, NetworkPolicies and Nodes from the output of `kubectl get -o json|yaml`: one object, a List, a typed
 * list of the API, or an array or map of these. Objects are told by group and kind; other ones are ignored. An object that names no
 * kind has that of its list, or the one that its fields show.
 *
 * @param value the parsed JSON or YAML
 * @param file its name, for problems
 * @param isWhole whether these are all objects of a cluster, as in what an agent gives
 */
export function readClusterObjects(value: unknown, file?: string, isWhole = false): ObjectReading {
  const gaps = new ObjectGaps()
  const objects = emptyCluster()
  const otherKinds = new Map<string, number>()
  const problems = new ProblemList(file)
  const passedOver = new Set<string>()
  /** Objects that a watch has seen go, with how many of their kind stood before that. */
  const deleted = new Map<string, number>()
  const written: WrittenPolicy[] = []
  const workloads: Workload[] = []
  const services: Service[] = []
  const endpointSlices: EndpointSlice[] = []
  let unnamed = 0
  visit(value, '', undefined, undefined, 0)
  if (unnamed > 0)
    problems.add({
      code: 'BAD_OBJECT',
      message: `${unnamed === 1 ? 'an object has' : `${unnamed} objects have`} no kind, and no field shows it; left out`,
      next: 'Write the objects with apiVersion and kind, as kubectl get -o json prints them.',
    })
  const given = gaps.given(value, isWhole)
  const left = {
    ...remaining(),
    ...(workloads.length > 0 && {workloads}),
    ...(services.length > 0 && {services}),
    ...(endpointSlices.length > 0 && {endpointSlices}),
  }
  return {objects: given ? {...left, given} : left, problems: problems.all(), otherKinds, written}

  /** @param index in the list at `path`; kept apart so that paths are built only for problems: a large list has tens of thousands */
  function visit(item: unknown, path: string, index: number | undefined, told: Told | undefined, depth: number): void {
    if (depth > DEEPEST_LIST) return
    if (Array.isArray(item)) {
      const list = pathOf(path, index)
      item.forEach((each, at) => visit(each, list, at, told, depth + 1))
      return
    }
    if (!isFields(item)) return
    const kind = textOf(item['kind'])
    const apiVersion = textOf(item['apiVersion'])
    // Go prints a list without items as null.
    if (Array.isArray(item['items']) || (item['items'] === null && kind?.endsWith('List'))) {
      const items = itemsOf(kind, apiVersion)
      if (items && isOwnKind(items.kind) && isOwnGroup(items.kind, apiVersion)) gaps.list(items.kind, item)
      visit(item['items'] ?? [], `${pathOf(path, index)}.items`, undefined, items, depth + 1)
    } else if (kind !== undefined)
      take(item, kind, apiVersion ?? (told?.kind === kind ? told.apiVersion : undefined), path, index)
    else if (told) take(item, told.kind, apiVersion ?? told.apiVersion, path, index)
    else if (isFields(item['metadata'])) takeUnnamed(item, path, index)
    else if (isWatchEvent(item)) visitEvent(item, path, index, depth)
    else
      for (const [key, each] of Object.entries(item))
        if (Array.isArray(each) || (isFields(each) && Array.isArray(each['items'])))
          visit(each, `${pathOf(path, index)}.${key}`, undefined, undefined, depth + 1)
  }

  function visitEvent({type, object}: Unread, path: string, index: number | undefined, depth: number): void {
    if (type === 'BOOKMARK' || type === 'ERROR') return
    const sizes = objectKinds.map(kind => objects[kind].length)
    visit(object, `${pathOf(path, index)}.object`, undefined, undefined, depth + 1)
    if (type !== 'DELETED') return
    for (const [at, kind] of objectKinds.entries())
      for (const gone of objects[kind].splice(sizes[at] as number))
        deleted.set(`${kind} ${objectKey(gone)}`, objects[kind].length)
  }

  /** Objects without those that were deleted behind them. */
  function remaining(): ClusterObjects {
    if (deleted.size === 0) return objects
    const lists = objectKinds.map(kind => [
      kind,
      (objects[kind] as {metadata: ObjectMeta}[]).filter(
        (object, index) => index >= (deleted.get(`${kind} ${objectKey(object)}`) ?? 0),
      ),
    ])
    return {...objects, ...Object.fromEntries(lists)}
  }

  function takeUnnamed(item: Unread, path: string, index: number | undefined): void {
    const kind = kindByShape(item)
    if (kind) take(item, kind, undefined, path, index)
    else {
      unnamed++
      gaps.unnamed()
    }
  }

  function take(object: Unread, kind: string, apiVersion: string | undefined, path: string, index: number | undefined): void {
    if (!isOwnKind(kind)) {
      const workload = readWorkload(object, kind, apiVersion)
      if (workload) workloads.push(workload)
      const ofService = readServiceObject(object, kind, apiVersion)
      if (ofService && 'service' in ofService) services.push(ofService.service)
      else if (ofService) endpointSlices.push(...ofService.slices)
      if (ofService) return
      const meant = meantKind(kind)
      if (meant === undefined || !isOwnGroup(meant, apiVersion)) otherKinds.set(kind, (otherKinds.get(kind) ?? 0) + 1)
      else
        leaveOut(
          meant,
          object,
          `${meant} at ${pathOf(path, index) || '.'}: its kind is written ${kind}, which API servers refuse`,
        )
      return
    }
    if (!isOwnGroup(kind, apiVersion) || (apiVersion === undefined && isForeignShape(kind, object)))
      return passOver(kind, apiVersion)
    gaps.object(kind)
    const item = nullsAsAbsent(object, kind)
    const fault = faultOf(item, kind)
    if (fault !== undefined) {
      const leftOut = leaveOut(kind, item, `${kind} at ${pathOf(path, index) || '.'}: ${fault}`)
      if (kind === 'NetworkPolicy') written.push({policy: keyOf(object), object, leftOut})
      return
    }
    if (kind === 'NetworkPolicy') written.push({policy: keyOf(object), object})
    if (apiVersion !== undefined && apiVersion !== servedVersion(kind)) noteVersion(kind, apiVersion)
    add(kind, item)
  }

  function leaveOut(kind: OwnKind, item: Unread, fault: string): Problem {
    gaps.leftOut(kind, item)
    const leftOut: Problem = {
      code: 'BAD_OBJECT',
      message: `${fault}; it is left out`,
      next: 'Take the objects again with kubectl get -o json.',
      ...(file !== undefined && {file}),
    }
    problems.add(leftOut)
    return leftOut
  }

  function add(kind: OwnKind, item: Unread): void {
    if (kind === 'Pod') objects.pods.push(item as unknown as Pod)
    else if (kind === 'Namespace') objects.namespaces.push(withNameLabel(item as unknown as Namespace))
    else if (kind === 'NetworkPolicy')
      objects.policies.push((item['spec'] === undefined ? {...item, spec: {}} : item) as unknown as NetworkPolicy)
    else objects.nodes.push(item as unknown as Node)
  }

  function passOver(kind: OwnKind, apiVersion: string | undefined): void {
    const group = apiVersion ?? 'another API group'
    otherKinds.set(`${kind} of ${group}`, (otherKinds.get(`${kind} of ${group}`) ?? 0) + 1)
    once(`${kind} of ${group}`, {
      code: 'FOREIGN_OBJECT',
      message: `a ${kind} of ${group} is no ${kind} of ${servedVersion(kind)}; it is passed over`,
      next:
        kind === 'NetworkPolicy'
          ? 'Azure NPM enforces those of networking.k8s.io alone. What enforces this one may drop or allow more than answers say.'
          : 'Nothing to do.',
    })
  }

  function noteVersion(kind: OwnKind, apiVersion: string): void {
    once(`version ${apiVersion}`, {
      code: 'OLD_VERSION',
      message: `a ${kind} of ${apiVersion} is read as one of ${servedVersion(kind)}`,
      next: `API servers of today refuse it. If it is to be applied, write apiVersion: ${servedVersion(kind)}.`,
    })
  }

  function once(key: string, problem: Problem): void {
    if (passedOver.has(key)) return
    passedOver.add(key)
    problems.add(problem)
  }
}

/** `namespace/name` of whatever was parsed. */
function keyOf({metadata}: Unread): string {
  const {namespace, name} = isFields(metadata) ? metadata : {}
  return `${textOf(namespace) ?? 'default'}/${textOf(name) ?? ''}`
}

/** Whether it is a line of `kubectl get --output-watch-events`. */
const isWatchEvent = ({type, object}: Unread): boolean => typeof type === 'string' && isFields(object)

/** What a list says of its items: a NetworkPolicyList holds NetworkPolicies of its own group, a List anything. */
function itemsOf(kind: string | undefined, apiVersion: string | undefined): Told | undefined {
  if (kind === undefined || kind === 'List' || !kind.endsWith('List')) return undefined
  return {kind: kind.slice(0, -'List'.length), apiVersion}
}
