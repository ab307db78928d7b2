import {type GivenObjects, type ObjectGap, type ObjectKind, objectKinds} from './given-objects.ts'
import type {OwnKind} from './group-kind.ts'
import {isFields, type Unread} from './unread.ts'

const lists: Readonly<Record<OwnKind, ObjectKind>> = {
  Pod: 'pods',
  Namespace: 'namespaces',
  NetworkPolicy: 'policies',
  Node: 'nodes',
}

/** Gaps that are named of one kind; of more, one says that there are more. */
const MOST_GAPS = 20

const TAKE_AGAIN = 'Take the objects again with kubectl get -o json.'

/** Collects what an input says about how complete its objects are. */
export class ObjectGaps {
  private readonly kinds = new Set<ObjectKind>()
  private readonly gaps: ObjectGap[] = []
  private isAnyUnnamed = false

  /** Notes an object of a kind. */
  object(kind: OwnKind): void {
    this.kinds.add(lists[kind])
  }

  /** Notes a list that names its kind: even when it is empty it says what there is, or that there is more. */
  list(kind: OwnKind, {metadata}: Unread): void {
    this.kinds.add(lists[kind])
    const isPage = isFields(metadata) && typeof metadata['continue'] === 'string' && metadata['continue'] !== ''
    if (!isPage) return
    const next = 'Take all pages, or use kubectl get, which does.'
    this.gaps.push({kind: lists[kind], reason: `a ${kind}List is one page of several, and more may follow`, next})
  }

  /** Notes an object that is left out. */
  leftOut(kind: OwnKind, {metadata}: Unread): void {
    const {name, namespace} = isFields(metadata) ? metadata : {}
    const isNamed = typeof name === 'string'
    const isNamespaced = kind === 'Pod' || kind === 'NetworkPolicy'
    const where = typeof namespace === 'string' ? namespace : 'default'
    const before = this.gaps.filter(gap => gap.kind === lists[kind]).length
    if (before > MOST_GAPS) return
    if (before === MOST_GAPS) {
      this.gaps.push({kind: lists[kind], reason: `many more of kind ${kind} could not be read`, next: TAKE_AGAIN})
      return
    }
    this.gaps.push({
      kind: lists[kind],
      reason: isNamed ? `${kind} ${isNamespaced ? `${where}/` : ''}${name} could not be read` : `a ${kind} could not be read`,
      next: TAKE_AGAIN,
      ...(isNamed && isNamespaced && {namespace: where}),
    })
  }

  /** Notes an object of an unknown kind that is left out: it may be of any. */
  unnamed(): void {
    if (this.isAnyUnnamed) return
    this.isAnyUnnamed = true
    for (const kind of objectKinds) this.gaps.push({kind, reason: 'an object without a kind could not be read', next: TAKE_AGAIN})
  }

  /**
   * What the input gives.
   *
   * @param value the input, which may be a list of `printObjects` and say itself what it lacks
   * @param isWhole whether these are all objects of a cluster, as in what an agent gives
   * @returns undefined when the objects are whole
   */
  given(value: unknown, isWhole: boolean): GivenObjects | undefined {
    const told = toldBy(value)
    if (!told && isWhole && this.gaps.length === 0) return undefined
    const kinds = told?.kinds ?? objectKinds.filter(kind => isWhole || this.kinds.has(kind))
    return {kinds, gaps: [...(told?.gaps ?? []), ...this.gaps]}
  }
}

function toldBy(value: unknown): GivenObjects | undefined {
  const given = isFields(value) ? value['given'] : undefined
  if (!isFields(given)) return undefined
  const [kinds, gaps] = [given['kinds'], given['gaps']]
  if (!Array.isArray(kinds) || !Array.isArray(gaps)) return undefined
  return {
    kinds: objectKinds.filter(kind => kinds.includes(kind)),
    gaps: gaps.filter(isFields).flatMap(({kind, reason, next, namespace}): ObjectGap[] => {
      const list = objectKinds.find(each => each === kind)
      if (list === undefined || typeof reason !== 'string' || typeof next !== 'string') return []
      return [{kind: list, reason, next, ...(typeof namespace === 'string' && {namespace})}]
    }),
  }
}
