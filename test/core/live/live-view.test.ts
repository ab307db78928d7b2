import {describe, expect, test} from 'vitest'
import type {LiveEvent, LiveNode, LivePolicy, LiveSample, LiveSummary} from '../../../core/contract/live.ts'
import {emptyView, HISTORY_FRAMES, type LiveView, reduceLive} from '../../../core/live/live-view.ts'
import {mergeSamples} from '../../../core/live/merge-samples.ts'
import {packetHistory, policyFigures, ruleFigures} from '../../../core/live/policy-figures.ts'

const API_VERSION = 'kubectl-npm/v1'
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()

const policyOf = (policy: string, jump: number, numbers: readonly number[]): LivePolicy => ({
  policy,
  direction: 'Ingress',
  chain: `chain of ${policy}`,
  enforced: true,
  subject: 'pods',
  pods: null,
  jump,
  rules: numbers.map((number, index) => ({
    number,
    where: {chain: `chain of ${policy}`, position: index + 1},
    action: index === numbers.length - 1 ? 'drop' : 'allow',
    text: index === numbers.length - 1 ? 'drop everything else' : `allow port ${index}`,
  })),
})

const nodeOf = (structure: string, policies: readonly LivePolicy[]): LiveNode => ({
  apiVersion: API_VERSION,
  kind: 'LiveNode',
  node: 'n1',
  at: at(0),
  structure,
  backend: 'nft',
  policies: [...policies],
  sets: [],
  problems: [],
})

const SUMMARY: LiveSummary = {
  policies: 1,
  rules: 9,
  sets: 0,
  entries: 0,
  newConnections: 0,
  drops: 0,
  dropBytes: 0,
  active: true,
  connections: null,
  differences: null,
  npm: null,
}

/** @param rules packets of each rule by its number; bytes are a hundred times that */
const sampleOf = (
  second: number,
  structure: string,
  rules: Readonly<Record<number, number>> | undefined,
  {
    isFull = false,
    skipped = 0,
    members = [] as [string, number][],
    goneSets = [] as string[],
    ...summary
  }: Partial<LiveSummary> & {
    isFull?: boolean
    skipped?: number
    members?: [string, number][]
    goneSets?: string[]
  } = {},
): LiveSample => ({
  apiVersion: API_VERSION,
  kind: 'LiveSample',
  node: 'n1',
  at: at(second),
  structure,
  summary: {...SUMMARY, ...summary},
  ...(rules && {
    counts: {
      isFull,
      rules: Object.entries(rules).flatMap(([number, packets]) => [Number(number), packets, packets * 100]),
      sets: members,
      goneSets,
    },
  }),
  readMs: 1,
  intervalMs: 1000,
  skipped,
})

const seen = (...events: readonly LiveEvent[]): LiveView => events.reduce(reduceLive, emptyView)
const of = (view: LiveView) => {
  const node = view.nodes.get('n1')
  if (!node) throw new Error('no node')
  return node
}
const failure = (second: number): LiveEvent => ({
  apiVersion: API_VERSION,
  kind: 'LiveFailure',
  node: 'n1',
  at: at(second),
  message: 'the connection broke',
  next: 'It is tried again.',
})

const web = policyOf('shop/web', 1, [3, 4, 5])
const first = nodeOf('one', [web])
const zeros = {0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}

describe('rates', () => {
  test('come with the second sample, from what has changed', () => {
    const once = seen(first, sampleOf(1, 'one', zeros, {isFull: true}))
    expect(of(once)).not.toHaveProperty('rates')
    const twice = reduceLive(once, sampleOf(3, 'one', {3: 8, 5: 2}, {newConnections: 10, drops: 2, dropBytes: 120}))
    expect(of(twice).rates?.node).toEqual({newConnections: 5, drops: 1, dropBytes: 60})
    expect(policyFigures(of(twice), web)).toEqual({
      newConnections: 8,
      drops: 2,
      bytes: 1000,
      newConnectionsPerSecond: 4,
      dropsPerSecond: 1,
      bytesPerSecond: 500,
    })
    // What a sample does not name has not changed.
    const thrice = reduceLive(twice, sampleOf(4, 'one', {4: 1}))
    expect(policyFigures(of(thrice), web)).toMatchObject({newConnections: 9, newConnectionsPerSecond: 1, dropsPerSecond: 0})
  })

  test('begin again at zero with the counters', () => {
    const view = seen(
      first,
      sampleOf(1, 'one', {...zeros, 3: 100}, {isFull: true, newConnections: 100}),
      sampleOf(2, 'one', {3: 4}, {newConnections: 4}),
    )
    expect(of(view).rates?.node.newConnections).toBe(4)
    expect(policyFigures(of(view), web)).toMatchObject({newConnections: 4, newConnectionsPerSecond: 4})
    expect(view.happenings).toMatchObject([{kind: 'countersReset', policy: 'shop/web', at: at(2)}])
  })

  test('follow rules to their new numbers, and are not known of new ones', () => {
    const more = nodeOf('two', [
      policyOf('shop/api', 1, [4, 5]),
      {...web, jump: 2, rules: policyOf('shop/web', 2, [6, 7, 8]).rules},
    ])
    const view = seen(
      first,
      sampleOf(1, 'one', zeros, {isFull: true}),
      sampleOf(2, 'one', {3: 2}),
      more,
      sampleOf(3, 'two', {0: 0, 1: 0, 2: 0, 3: 0, 4: 7, 5: 0, 6: 5, 7: 0, 8: 1}, {isFull: true}),
    )
    const [api, moved] = more.policies as [LivePolicy, LivePolicy]
    expect(policyFigures(of(view), moved)).toMatchObject({newConnections: 5, newConnectionsPerSecond: 3, dropsPerSecond: 1})
    expect(policyFigures(of(view), api)).toMatchObject({newConnections: 7, newConnectionsPerSecond: null})
    expect(packetHistory(of(view), moved.rules.slice(0, 1))).toEqual([2, 3])
    expect(view.happenings).toMatchObject([{kind: 'policyAdded', policy: 'shop/api'}])
  })

  test('are not made of counts that belong to rules which are not known yet', () => {
    const view = seen(first, sampleOf(1, 'one', zeros, {isFull: true}), sampleOf(2, 'two', {0: 9, 3: 9}, {isFull: true}))
    expect(of(view).rates).not.toHaveProperty('rules')
    expect(policyFigures(of(view), web)).toMatchObject({newConnections: null, dropsPerSecond: null})
    const [rule] = web.rules
    expect(rule && ruleFigures(of(view), rule)).toMatchObject({packets: null, packetsPerSecond: null})
  })

  test('of a node are known without its rules', () => {
    const view = seen(sampleOf(1, 'one', undefined, {drops: 5}), sampleOf(2, 'one', undefined, {drops: 9, newConnections: null}))
    expect(of(view).rates?.node).toEqual({drops: 4, newConnections: null, dropBytes: 0})
  })

  test('are kept for a minute of samples, and no longer', () => {
    let view = seen(first)
    for (let second = 0; second < HISTORY_FRAMES + 20; second++)
      view = reduceLive(view, sampleOf(second, 'one', {...zeros, 3: second}, {isFull: second === 0}))
    expect(of(view).history).toHaveLength(HISTORY_FRAMES)
    expect(new Set(packetHistory(of(view), web.rules))).toEqual(new Set([1]))
  })
})

describe('what happens', () => {
  test('a node is not back before it was lost, whatever was on its way then', () => {
    const {happenings} = [sampleOf(1, 'one', undefined), failure(4), sampleOf(2, 'one', undefined)].reduce(reduceLive, emptyView)
    expect(happenings.map(({kind, at: time}) => [kind, time])).toEqual([
      ['nodeLost', at(4)],
      ['nodeBack', at(4)],
    ])
  })

  const npm = (startedAt: string) => ({release: null, startedAt, addPolicyMs: null, failures: 0})
  const differences = (opens: number, second: number) => ({opens, closes: 0, other: 0, at: at(second)})

  test.each<{name: string; events: readonly LiveEvent[]; kinds: readonly string[]}>([
    {name: 'the same again', events: [sampleOf(1, 'one', zeros, {isFull: true}), first, sampleOf(2, 'one', {})], kinds: []},
    {
      name: 'a node that is lost, tried again, and back',
      events: [sampleOf(1, 'one', undefined), failure(2), failure(3), sampleOf(4, 'one', undefined)],
      kinds: ['nodeLost', 'nodeBack'],
    },
    {
      name: 'Azure NPM started again',
      events: [sampleOf(1, 'one', undefined, {npm: npm(at(0))}), sampleOf(2, 'one', undefined, {npm: npm(at(1))})],
      kinds: ['npmRestarted'],
    },
    {
      name: 'differences that come and go, and a comparison that finds the same',
      events: [
        sampleOf(1, 'one', undefined, {differences: differences(0, 1)}),
        sampleOf(2, 'one', undefined, {differences: differences(2, 2)}),
        sampleOf(3, 'one', undefined, {differences: differences(2, 3)}),
        sampleOf(4, 'one', undefined, {differences: differences(1, 4)}),
      ],
      kinds: ['differenceAppeared', 'differenceGone'],
    },
    {name: 'a policy that is gone', events: [first, nodeOf('two', [])], kinds: ['policyRemoved']},
    {name: 'rules that are others', events: [first, nodeOf('two', [policyOf('shop/web', 1, [3, 4])])], kinds: ['rulesReplaced']},
    {
      name: 'all counters reset',
      events: [
        nodeOf('one', [web, policyOf('shop/api', 2, [6, 7])]),
        sampleOf(1, 'one', {...zeros, 3: 1, 6: 4, 7: 0}, {isFull: true}),
        sampleOf(2, 'one', {3: 0, 6: 0}),
      ],
      kinds: ['countersReset'],
    },
  ])('is told of $name', ({events, kinds}) => {
    expect(seen(...events).happenings.map(({kind}) => kind)).toEqual(kinds)
  })
})

test('members of sets are kept beside what they were at first', () => {
  const view = seen(
    sampleOf(1, 'one', zeros, {
      isFull: true,
      members: [
        ['a', 3],
        ['b', 1],
      ],
    }),
    sampleOf(2, 'one', {}, {members: [['a', 5]], goneSets: ['b']}),
    sampleOf(3, 'one', {}, {members: [['c', 2]]}),
  )
  expect(of(view).counts?.entries).toEqual(
    new Map([
      ['a', 5],
      ['c', 2],
    ]),
  )
  expect(of(view).firstEntries).toEqual(
    new Map([
      ['a', 3],
      ['b', 1],
      ['c', 2],
    ]),
  )
})

test('two samples as one give the same view as one after the other, but for the rate between them', () => {
  const start = seen(
    first,
    sampleOf(1, 'one', zeros, {
      isFull: true,
      members: [
        ['a', 3],
        ['b', 1],
      ],
    }),
  )
  const older = sampleOf(
    2,
    'one',
    {3: 4, 5: 1},
    {
      drops: 1,
      members: [
        ['a', 4],
        ['c', 1],
      ],
      goneSets: ['b'],
    },
  )
  const newer = sampleOf(3, 'one', {3: 6}, {drops: 3, skipped: 1, members: [['b', 9]], goneSets: ['c']})
  const merged = mergeSamples(older, newer)
  expect(merged.skipped).toBe(2)
  const [one, two] = [of(reduceLive(start, merged)), of(reduceLive(reduceLive(start, older), newer))]
  expect(one.counts).toEqual(two.counts)
  expect(one.rates?.node.drops).toBe(1.5)
  expect(mergeSamples(older, sampleOf(3, 'two', {0: 1}, {isFull: true})).counts).toEqual({
    isFull: true,
    rules: [0, 1, 100],
    sets: [],
    goneSets: [],
  })
})
