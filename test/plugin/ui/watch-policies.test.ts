import {describe, expect, test} from 'vitest'
import type {LiveEvent} from '../../../core/contract/live.ts'
import type {PolicyList, PolicyListItem} from '../../../core/contract/policies.ts'
import {policyListSchema} from '../../../core/contract/policies.ts'
import {emptyView, reduceLive} from '../../../core/live/live-view.ts'
import {withFigures} from '../../../core/policies/list-figures.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import type {LiveSource} from '../../../plugin/live/live-source.ts'
import {type WatchedList, watchPolicies} from '../../../plugin/ui/watch-policies.ts'
import {busyNode, inOrder, liveFailure, liveNode, liveSample} from '../../support/top/live-events.ts'

const item = (name: string, direction: 'Ingress' | 'Egress' = 'Ingress'): PolicyListItem => ({
  namespace: 'shop',
  name,
  direction,
  pods: 1,
  nodes: {programmed: 2, all: 2, missing: [], unknown: []},
  rules: {least: 2, most: 2},
  newConnections: 1,
  drops: 1,
  states: [{state: 'in force', nodes: [], text: ''}],
  createdAt: null,
})
const listOf = (...nodes: string[]): PolicyList => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'PolicyList',
  items: [item('db-from-api'), item('web'), item('not-there')],
  others: [],
  nodes,
  failures: [],
  incomplete: [],
  problems: [],
})
const viewOf = (events: readonly LiveEvent[]) => events.reduce(reduceLive, emptyView)
const figuresOf = ({items}: PolicyList) =>
  Object.fromEntries(items.map(({name, newConnections, drops, rates}) => [name, {newConnections, drops, rates}]))

describe('what is counted of a list', () => {
  test('has totals and rates over all nodes', () => {
    const list = withFigures(listOf('n1', 'n2'), viewOf(inOrder(busyNode('n1', 10), busyNode('n2', 10))))
    expect(policyListSchema.parse(list)).toEqual(list)
    expect(figuresOf(list)).toEqual({
      // Of each node: 12 and 90 connections in a second, and 7 at a rule that counts nothing more.
      'db-from-api': {newConnections: 2 * (500 + 120 + 7), drops: 80, rates: {newConnections: 24, drops: 0}},
      web: {newConnections: 2 * 1900, drops: 0, rates: {newConnections: 180, drops: 0}},
      'not-there': {newConnections: 1, drops: 1, rates: {newConnections: null, drops: null}},
    })
  })

  test('has no rates before the second sample, and no totals of nodes that are not watched', () => {
    const first = withFigures(listOf('n1'), viewOf(busyNode('n1', 0)))
    expect(figuresOf(first)['web']).toEqual({newConnections: 1000, drops: 0, rates: {newConnections: null, drops: null}})
    const one = withFigures(listOf('n1', 'n2'), viewOf(busyNode('n1', 10)))
    expect(figuresOf(one)['web']).toEqual({newConnections: 1, drops: 1, rates: {newConnections: 90, drops: 0}})
  })

  test('leaves out a node that cannot be watched, and tells it', () => {
    const lost = [...inOrder(busyNode('n1', 10), busyNode('n2', 10)), liveFailure('n2', 11, 'n2 is gone', 'Look for it.')]
    const list = withFigures(listOf('n1', 'n2'), viewOf(lost))
    expect(figuresOf(list)['web']?.rates).toEqual({newConnections: 90, drops: 0})
    expect(list.failures).toEqual([{node: 'n2', message: 'n2 is gone', next: 'Look for it.'}])
  })
})

/** Gives these documents, each when the one before was shown, and then waits or ends. */
function sourceOf(events: readonly LiveEvent[], isEndless = false): {source: LiveSource; next: () => void} {
  let next = () => {}
  const source: LiveSource = {
    kind: 'cluster',
    request() {},
    members: async () => undefined,
    differences: async () => Promise.reject(new InputError('none', 'none')),
    async *events(signal) {
      for (const event of events) {
        yield event
        await new Promise<void>(resolve => {
          next = resolve
          if (signal.aborted) resolve()
          signal.addEventListener('abort', () => resolve(), {once: true})
        })
      }
      if (isEndless && !signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, {once: true}))
    },
  }
  return {source, next: () => next()}
}

async function watched(events: readonly LiveEvent[], list: () => Promise<PolicyList>) {
  const shown: WatchedList[] = []
  const {source, next} = sourceOf(events)
  const last = await watchPolicies(
    {
      source,
      intervalMs: 1,
      relistMs: 0,
      list,
      show: async each => {
        shown.push(each)
        next()
      },
    },
    new AbortController().signal,
  )
  return {shown, last}
}

describe('policies that are watched', () => {
  test('are listed anew when rules of a node change, and when its differences do, but not for what is counted', async () => {
    let lists = 0
    const list = async () => {
      lists++
      return listOf('n1')
    }
    await watched(busyNode('n1', 5), list)
    expect(lists).toBe(1)
    await watched([...busyNode('n1', 2), liveNode('n1', 3, {structure: 'two'}), liveSample('n1', 4)], list)
    expect(lists).toBeGreaterThanOrEqual(3)
    lists = 0
    const differences = (opens: number) => ({differences: {opens, closes: 0, other: 0, at: '2026-11-30T03:12:00.000Z'}})
    await watched(
      [
        liveNode('n1', 0),
        liveSample('n1', 1, differences(0)),
        liveSample('n1', 2, differences(1)),
        liveSample('n1', 3, differences(1)),
      ],
      list,
    )
    expect(lists).toBe(2)
  })

  test('keep the list that was there when it cannot be made anew, and end with that of the last moment', async () => {
    let lists = 0
    const list = async () => {
      if (++lists > 1) throw new InputError('no answer', 'Wait.')
      return listOf('n1')
    }
    const {last, shown} = await watched(
      [...busyNode('n1', 2), liveNode('n1', 3, {structure: 'two'}), liveFailure('n1', 4, 'gone', 'Look.')],
      list,
    )
    expect(lists).toBeGreaterThan(1)
    expect(last.items).toHaveLength(3)
    expect(last.failures).toEqual([{node: 'n1', message: 'gone', next: 'Look.'}])
    expect(shown.at(0)?.list.items).toHaveLength(3)
  })

  test('are shown until the signal, and a fault of ours ends them', async () => {
    const end = new AbortController()
    const {source} = sourceOf(busyNode('n1', 0), true)
    const show = async () => end.abort()
    await watchPolicies({source, intervalMs: 1, list: async () => listOf('n1'), show}, end.signal)
    const broken = sourceOf(busyNode('n1', 0), true)
    const failing = watchPolicies(
      {
        source: broken.source,
        intervalMs: 1,
        list: async () => listOf('n1'),
        show: async () => Promise.reject(new Error('broken')),
      },
      new AbortController().signal,
    )
    await expect(failing).rejects.toThrow('broken')
  })
})
