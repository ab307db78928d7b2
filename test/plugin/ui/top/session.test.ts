import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import type {LiveSource} from '../../../../plugin/live/live-source.ts'
import {glyphsOf} from '../../../../plugin/ui/top/glyphs.ts'
import {TopSession} from '../../../../plugin/ui/top/session.ts'
import {plainLine} from '../../../../plugin/ui/top/spans.ts'
import {liveSample} from '../../../support/top/live-events.ts'

const size = {columns: 80, rows: 24}
const source: LiveSource = {
  kind: 'cluster',
  async *events() {},
  request() {},
  members: async () => undefined,
  differences: () => Promise.reject(new Error('nothing is compared')),
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A session, how often it has called for a frame, and what that shows. */
function opened(intervalMs = 1000) {
  const session = new TopSession(
    source,
    {intervalMs, theme: 'plain', glyphs: glyphsOf(true), now: Date.now, clock: () => '', yamlOf: () => []},
    new AbortController().signal,
  )
  let calls = 0
  session.subscribe(() => {
    calls++
  })
  return {
    session,
    /** Calls since the last time. */
    calls: () => {
      const since = calls
      calls = 0
      return since
    },
    shown: () => session.frame(size).lines.map(plainLine).join('\n'),
    take: (node: string, second: number) => session.take(liveSample(node, second)),
  }
}

const nodes = Array.from({length: 250}, (_, index) => `n${index}`)

test('what many nodes send within a second is one frame, and its last state is drawn', () => {
  const {take, calls, shown} = opened()
  for (const node of nodes) take(node, 0)
  vi.advanceTimersByTime(5000)
  calls()
  for (let second = 1; second <= 4; second++)
    for (const node of nodes) {
      take(node, second)
      vi.advanceTimersByTime(4)
    }
  take('another', 5)
  vi.advanceTimersByTime(1000)
  const frames = calls()
  expect(frames).toBeGreaterThanOrEqual(4)
  expect(frames).toBeLessThanOrEqual(6)
  expect(shown()).toContain('251 rows')
  // Nothing comes: nothing is drawn.
  vi.advanceTimersByTime(10_000)
  expect(calls()).toBe(0)
})

test('while nodes answer for the first time, people see them come', () => {
  const {take, calls, shown} = opened()
  for (const node of nodes.slice(0, 100)) {
    take(node, 0)
    vi.advanceTimersByTime(10)
  }
  expect(calls()).toBeGreaterThanOrEqual(5)
  expect(shown()).toContain('100 rows')
})

test('each sample of a single node is a frame of its own', () => {
  const {take, calls} = opened(200)
  for (let second = 0; second < 5; second++) take('n1', second)
  expect(calls()).toBe(5)
})

test('ages grow where nothing comes, and where samples come are drawn with these', () => {
  const {session, take, calls} = opened()
  take('n1', 0)
  calls()
  vi.advanceTimersByTime(400)
  session.tick()
  expect(calls()).toBe(0)
  vi.advanceTimersByTime(1000)
  session.tick()
  expect(calls()).toBe(1)
})

test('what a person does is drawn at once, with all that has come', () => {
  const {session, take, calls, shown} = opened()
  for (const node of nodes) take(node, 0)
  vi.advanceTimersByTime(5000)
  take('n0', 1)
  calls()
  take('another', 1)
  expect(calls()).toBe(0)
  session.input('s', {}, size)
  expect(calls()).toBe(1)
  expect(shown()).toContain('251 rows')
})
