import type {LiveEvent, LiveNode, LiveSample} from '../contract/live.ts'
import {addCounts, type NodeCounts} from './counts.ts'
import {type Happening, happeningsOf} from './happenings.ts'
import type {NodeView, RateFrame} from './node-view.ts'
import {nodeRates, ruleRates} from './rates.ts'
import {numberIn} from './rule-keys.ts'

export type {Happening} from './happenings.ts'
export type {NodeView, RateFrame} from './node-view.ts'

/** What is known of all nodes that are watched. */
export interface LiveView {
  /** By name. */
  readonly nodes: ReadonlyMap<string, NodeView>
  /** What has happened since watching began, oldest first: the last ones of it. */
  readonly happenings: readonly Happening[]
}

/** Frames of a sparkline. */
export const HISTORY_FRAMES = 60
const MOST_HAPPENINGS = 500

export const emptyView: LiveView = {nodes: new Map(), happenings: []}

/** The view with nodes that are known by name, and have not come yet. The same view where all of them are in it. */
export function expectNodes(view: LiveView, names: readonly string[]): LiveView {
  const added = names.filter(name => !view.nodes.has(name))
  if (added.length === 0) return view
  return {...view, nodes: new Map([...view.nodes, ...added.map(name => [name, unseen(name)] as const)])}
}

const unseen = (node: string): NodeView => ({node, firstEntries: new Map(), history: []})

/** The view after one more document of the stream. */
export function reduceLive(view: LiveView, event: LiveEvent): LiveView {
  const before = view.nodes.get(event.node) ?? unseen(event.node)
  const after = reduceNode(before, event)
  const nodes = new Map(view.nodes).set(event.node, after)
  const happened = happeningsOf(before, after)
  if (happened.length === 0) return {...view, nodes}
  return {nodes, happenings: [...view.happenings, ...happened].slice(-MOST_HAPPENINGS)}
}

function reduceNode(before: NodeView, event: LiveEvent): NodeView {
  switch (event.kind) {
    case 'LiveFailure':
      return {...before, failure: event}
    case 'LiveNode':
      return withRules(before, event)
    case 'LiveSample': {
      const {failure: _over, ...rest} = before
      return withSample(rest, event)
    }
  }
}

/** Frames keep their numbers in the new rules, as far as these were there before. */
function withRules(before: NodeView, live: LiveNode): NodeView {
  const {live: old, history} = before
  if (!old || old.structure === live.structure) return {...before, live}
  const numberBefore = numberIn(old, live)
  const length = lengthOf(live)
  const renumbered = (from: Float64Array): Float64Array =>
    Float64Array.from({length}, (_, number) => from[numberBefore(number) ?? -1] ?? Number.NaN)
  return {
    ...before,
    live,
    liveBefore: old,
    history: history.map(frame => {
      if (frame.structure !== old.structure || !frame.rules) return frame
      const {packets, bytes} = frame.rules
      return {...frame, structure: live.structure, rules: {packets: renumbered(packets), bytes: renumbered(bytes)}}
    }),
  }
}

const lengthOf = ({policies}: LiveNode): number =>
  1 + policies.reduce((most, {jump, rules}) => Math.max(most, jump ?? -1, rules.at(-1)?.number ?? -1), -1)

function withSample(before: NodeView, sample: LiveSample): NodeView {
  const counts = sample.counts ? addCounts(before.counts, sample, sample.counts) : before.counts
  const frame = frameOf(before, sample, counts)
  return {
    ...before,
    sample,
    ...(counts && {counts, firstEntries: withFirst(before.firstEntries, counts)}),
    ...(frame && {rates: frame, history: [...before.history, frame].slice(-HISTORY_FRAMES)}),
  }
}

function frameOf(before: NodeView, sample: LiveSample, counts: NodeCounts | undefined): RateFrame | undefined {
  const node = before.sample && nodeRates(before.sample, sample)
  if (!node) return undefined
  const {at, structure} = sample
  const rules = counts && before.counts && ratesOfRules(before, before.counts, counts)
  return {at, structure, node, ...(rules && {rules})}
}

function ratesOfRules({live, liveBefore}: NodeView, old: NodeCounts, now: NodeCounts) {
  if (old.rules.structure === now.rules.structure) return ruleRates(old.rules, now.rules)
  // Rules in words come behind the first sample that counts them, or before it.
  if (live?.structure !== now.rules.structure || liveBefore?.structure !== old.rules.structure) return undefined
  return ruleRates(old.rules, now.rules, numberIn(liveBefore, live))
}

function withFirst(first: ReadonlyMap<string, number>, {entries}: NodeCounts): ReadonlyMap<string, number> {
  let added: Map<string, number> | undefined
  for (const [set, count] of entries) if (!first.has(set)) (added ??= new Map(first)).set(set, count)
  return added ?? first
}
