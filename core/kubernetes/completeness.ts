import type {IncompletePart} from '../problem/incomplete-part.ts'
import type {Problem} from '../problem/problem.ts'
import {type GivenObjects, type ObjectKind, objectKinds} from './given-objects.ts'
import type {ClusterObjects} from './objects.ts'

/** A kind of object that was not given as a whole. */
export interface IncompleteObjects extends IncompletePart {
  readonly kind: ObjectKind
  /** When only objects of this namespace can be missing. */
  readonly inside?: string
  /** When only objects of other namespaces than this one can be missing. */
  readonly outside?: string
}

/** Kinds as in messages: one object, all of them. */
const NAMES: Readonly<Record<ObjectKind, readonly [one: string, all: string]>> = {
  pods: ['Pod', 'Pods'],
  namespaces: ['Namespace', 'Namespaces'],
  policies: ['NetworkPolicy', 'NetworkPolicies'],
  nodes: ['Node', 'Nodes'],
}

export const TAKE_OBJECTS =
  'Take the objects of all namespaces: kubectl get pods,namespaces,networkpolicies,nodes -A -o json > cluster.json, then --from cluster.json'

/** `kubectl get` prints a List without items then, which says nothing of any kind. */
const IF_NONE = 'If the cluster has none, add: kubectl get --raw /apis/networking.k8s.io/v1/networkpolicies'

/**
 * The kinds of objects that are not whole, in the order of `objectKinds`; of one kind there may be several gaps. Objects of an agent or
 * of a whole dump, which have no `given`, are whole.
 */
export function incompleteObjects(objects: ClusterObjects): IncompleteObjects[] {
  const {given} = objects
  if (!given) return []
  const only = onlyNamespace(objects)
  return objectKinds.flatMap((kind): IncompleteObjects[] => {
    const [one, part] = NAMES[kind]
    if (!given.kinds.includes(kind) && objects[kind].length === 0)
      return [
        {
          kind,
          part,
          state: 'absent',
          reason: `no ${one} is in the input, and no list that says there is none`,
          next: kind === 'policies' ? `${TAKE_OBJECTS}. ${IF_NONE}` : TAKE_OBJECTS,
        },
      ]
    const gaps = given.gaps.filter(gap => gap.kind === kind)
    const found = gaps.map(({reason, next, namespace}) => ({
      kind,
      part,
      state: 'cut' as const,
      reason,
      next,
      ...(namespace !== undefined && {inside: namespace}),
    }))
    if (only === undefined || (kind !== 'pods' && kind !== 'policies')) return found
    const reason = `only ${part} of namespace ${only} are in the input`
    return [...found, {kind, part, state: 'cut', reason, next: TAKE_OBJECTS, outside: only}]
  })
}

/** Whether objects of a namespace may be missing. */
export const mayMiss = ({inside, outside}: IncompleteObjects, namespace: string): boolean =>
  (inside === undefined || inside === namespace) && outside !== namespace

/**
 * The namespace that all pods and policies are of, when there are others: such objects were taken of one namespace alone. Every cluster
 * has pods in several. Without Namespaces nothing says that there are no others.
 */
function onlyNamespace({pods, policies, namespaces}: ClusterObjects): string | undefined {
  const [first] = pods
  if (!first) return undefined
  const only = first.metadata.namespace ?? 'default'
  const isOnly = [pods, policies].every(list => list.every(({metadata}) => (metadata.namespace ?? 'default') === only))
  const isAlone = namespaces.length > 0 && namespaces.every(({metadata}) => metadata.name === only)
  return isOnly && !isAlone ? only : undefined
}

/** What two inputs together give. Undefined when both are whole. */
export function joinGiven(all: readonly ClusterObjects[]): GivenObjects | undefined {
  const given = all.flatMap(each => each.given ?? [])
  // A whole input says all that there is.
  if (given.length < all.length) return undefined
  return {
    kinds: objectKinds.filter(kind => given.some(({kinds}) => kinds.includes(kind))),
    gaps: given.flatMap(({gaps}) => gaps),
  }
}

/** How complete the objects are as a whole. */
export const objectsCompleteness = (objects: ClusterObjects | undefined): 'whole' | 'cut' | 'absent' =>
  objects ? (incompleteObjects(objects).length > 0 ? 'cut' : 'whole') : 'absent'

/** A part for a document: without what only the evaluation of policies needs of it. */
export const plainPart = ({part, state, reason, next}: IncompletePart): IncompletePart => ({part, state, reason, next})

/** What is said, once, of objects that an answer may rest on and that are not whole. Nodes are named where an answer needs them. */
export const incompleteProblems = (objects: ClusterObjects): Problem[] =>
  incompleteObjects(objects)
    .filter(({kind}) => kind !== 'nodes')
    .map(({reason, next, state, part}) => ({
      code: 'INCOMPLETE_OBJECTS',
      message: `${reason}: ${state === 'absent' ? `what rests on ${part} is not known` : `what rests on other ${part} is not known`}`,
      next,
    }))
