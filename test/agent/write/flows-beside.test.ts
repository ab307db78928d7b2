import {expect, test} from 'vitest'
import type {DeniedFlows} from '../../../agent/write/denied-flows.ts'
import {flowsBeside} from '../../../agent/write/flows-beside.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {FoundFlows} from '../../../core/flows/find-denied.ts'

const node = {} as NodeState
const none: FoundFlows = {
  denied: [],
  counts: {connections: 1, judged: 1, denied: 0, unanswered: 0, unknown: 0},
  unknown: [],
}

/** Connections that are listed first and judged then, and how often each was done. */
function listed(failure?: Error) {
  const done: unknown[] = []
  const flows: DeniedFlows = {
    missing: async () => undefined,
    async find(open) {
      done.push('listed')
      if (failure) throw failure
      done.push(await open())
      return none
    },
    end: async denied => new Set(denied),
  }
  return {done, flows}
}

const turns = () => new Promise(resolve => setTimeout(resolve, 5))

test('connections are listed before the node is known, and judged once it is', async () => {
  const {done, flows} = listed()
  using beside = flowsBeside(flows)
  beside.begin()
  beside.begin()
  await turns()
  expect(done).toEqual(['listed'])
  expect(await beside.find(async () => node)).toBe(none)
  expect(done).toEqual(['listed', node])
})

test('they are listed when they are asked for, if not before', async () => {
  const {done, flows} = listed()
  using beside = flowsBeside(flows)
  await turns()
  expect(done).toEqual([])
  expect(await beside.find(async () => node)).toBe(none)
})

test('what fails is told to whoever asks, and to nobody else', async () => {
  const {flows} = listed(new Error('no conntrack'))
  using beside = flowsBeside(flows)
  beside.begin()
  await turns()
  await expect(beside.find(async () => node)).rejects.toThrow('no conntrack')
})

test('a write that was taken back leaves nobody waiting, and judges nothing', async () => {
  const {done, flows} = listed()
  let waiting: Promise<FoundFlows> | undefined
  {
    using beside = flowsBeside({...flows, find: open => (waiting = flows.find(open))})
    beside.begin()
    await turns()
  }
  await expect(waiting).rejects.toThrow('there is no node to judge them by')
  expect(done).toEqual(['listed'])
})
