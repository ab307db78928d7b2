import {causeKinds, type Drift, driftItemSchema} from '../contract/drift.ts'
import type {MetricSample} from '../contract/metrics.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {NodeCounts} from './count-node.ts'
import {type KnownSamples, plainSample} from './kernel-values.ts'
import {ownFamilies} from './own-families.ts'

const itemKinds = driftItemSchema.shape.kind.options
const effects = driftItemSchema.shape.effect.options
/** Kinds of differences that only one data plane has. */
const foreignKinds: Readonly<Record<NodeState['dataPlane']['name'], ReadonlySet<string>>> = {
  linux: new Set(['acl', 'setPolicy']),
  windows: new Set(['chain', 'rule', 'jump']),
}

/** What was found when the whole node was looked at. */
export interface Found {
  /** The comparison, where the node was compared. */
  readonly drift: Drift | undefined
  readonly leakedReferences: NodeCounts['leakedReferences']
}

/**
 * Values of our own metrics. What is not known is not in the map.
 *
 * @param found   what was found of the whole node, now or before
 * @param isCounted whether members of sets are left out on purpose, and only counted
 */
export function ownValues(node: NodeState, counts: NodeCounts, found: Found | undefined, isCounted: boolean): KnownSamples {
  const known = new Map<string, readonly MetricSample[]>()
  const gauge = ({name}: {readonly name: string}, value: number): unknown => known.set(name, [plainSample(name, value)])
  const {facts} = node.translation()
  const {rules, sets, parts: all, ofSets} = node.completeness
  const uncounted = new Set(isCounted ? ofSets.filter(({areCounted}) => areCounted).map(({part}) => part) : [])
  const parts = all.filter(({part}) => !uncounted.has(part))
  if (facts.active !== null) gauge(ownFamilies.active, facts.active ? 1 : 0)
  gauge(ownFamilies.incomplete, parts.length)
  if (rules !== 'absent') gauge(ownFamilies.staleChains, facts.staleChains.length)
  if (rules !== 'absent' || sets !== 'absent') {
    gauge(ownFamilies.unresolved, facts.unresolved.length)
    const {name} = ownFamilies.collisions
    known.set(name, [
      {name, labels: {kind: 'chain'}, value: counts.collidingChains},
      {name, labels: {kind: 'set'}, value: counts.sets.filter(({isCollision}) => isCollision).length},
    ])
  }
  if (found?.leakedReferences !== undefined) gauge(ownFamilies.leaks, found.leakedReferences)
  const fill = fullest(counts)
  if (fill !== undefined) gauge(ownFamilies.fill, fill)
  for (const [{name}, unit] of [
    [ownFamilies.packets, 'packets'],
    [ownFamilies.bytes, 'bytes'],
  ] as const)
    if (counts.counters.length > 0)
      known.set(
        name,
        counts.counters.map(({[unit]: value, policy, direction, verdict}) => ({
          name,
          labels: {direction, policy, verdict},
          value,
        })),
      )
  return found?.drift ? new Map([...known, ...driftValues(node, found.drift)]) : known
}

function fullest({sets}: NodeCounts): number | undefined {
  let fill: number | undefined
  for (const {members, capacity} of sets) {
    if (members === undefined) return undefined
    if (capacity !== undefined) fill = Math.max(fill ?? 0, members / capacity)
  }
  return fill
}

function driftValues(node: NodeState, drift: Drift): KnownSamples {
  const {differences, causes, clean} = ownFamilies
  const known = new Map<string, readonly MetricSample[]>([[clean.name, [plainSample(clean.name, drift.clean ? 1 : 0)]]])
  // Where a part is not whole, that nothing was found does not say that nothing is there.
  const hasZeros = drift.incomplete.length === 0 && !drift.notCompared
  const add = (name: string, samples: MetricSample[]): void => {
    const kept = samples.filter(({value}) => hasZeros || value !== 0)
    if (kept.length > 0) known.set(name, kept)
  }
  const kinds = itemKinds.filter(kind => !foreignKinds[node.dataPlane.name].has(kind))
  const found = new Map<string, number>()
  const count = (key: string): unknown => found.set(key, (found.get(key) ?? 0) + 1)
  for (const {kind, effect} of drift.items) count(`${kind} ${effect}`)
  for (const {kind} of drift.causes) count(kind)
  add(
    differences.name,
    kinds.flatMap(kind =>
      effects.map(effect => ({name: differences.name, labels: {effect, kind}, value: found.get(`${kind} ${effect}`) ?? 0})),
    ),
  )
  add(
    causes.name,
    causeKinds.map(kind => ({name: causes.name, labels: {kind}, value: found.get(kind) ?? 0})),
  )
  return known
}
