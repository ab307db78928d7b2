import {expect, test} from 'vitest'
import type {LiveEvent} from '../../../core/contract/live.ts'
import type {LiveSource} from '../../../plugin/live/live-source.ts'
import {secondSamples} from '../../../plugin/live/second-samples.ts'
import {liveNode, liveSample} from '../../support/top/live-events.ts'

const NODE = 'aks-1'
const counted = (second: number) =>
  liveSample(NODE, second, {}, {isFull: second === 0, rules: [0, second, 60 * second], sets: [], goneSets: []})

/** A source whose events are given, and which goes on for as long as somebody listens. */
const sourceOf = (events: readonly LiveEvent[]): LiveSource => ({
  kind: 'cluster',
  request() {},
  async *events(signal) {
    yield* events
    if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, {once: true}))
  },
  members: async () => undefined,
  differences: () => Promise.reject(new Error('nobody asks')),
})

test('a node whose rules are read later than its second sample comes with them', async () => {
  const source = sourceOf([counted(0), counted(1), liveNode(NODE, 1)])
  const {nodes} = await secondSamples(source, 0, new AbortController().signal)
  expect(nodes.get(NODE)?.live?.policies).toHaveLength(3)
})

test('a node that counts no rules is not waited for', async () => {
  const source = sourceOf([liveSample(NODE, 0), liveSample(NODE, 1), liveNode(NODE, 1)])
  const {nodes} = await secondSamples(source, 0, new AbortController().signal)
  expect(nodes.get(NODE)?.rates).toBeDefined()
  expect(nodes.get(NODE)?.live).toBeUndefined()
})
