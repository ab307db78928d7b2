import {expect, test} from 'vitest'
import {keepWay, sharedWay} from '../../../plugin/kubernetes/kept-way.ts'
import type {Way} from '../../../plugin/kubernetes/way.ts'

/** Ways that are counted as they are opened and ended. */
function counted() {
  const counts = {opened: 0, ended: 0}
  const open = async (): Promise<Way> => {
    counts.opened++
    return {
      send: () => Promise.reject(new Error('nobody sends')),
      explain: () => {
        throw new Error('nobody asks')
      },
      upgrade: () => Promise.reject(new Error('nobody upgrades')),
      deleteLater: async () => {},
      async [Symbol.asyncDispose]() {
        counts.ended++
      },
    }
  }
  const use = async () => {
    await using _way = await sharedWay(open)
  }
  return {counts, use}
}

test('without one that is kept each use opens and ends its own', async () => {
  const {counts, use} = counted()
  await use()
  await use()
  expect(counts).toEqual({opened: 2, ended: 2})
})

test('one that is kept is opened once, and ended with the keeping', async () => {
  const {counts, use} = counted()
  {
    await using kept = keepWay()
    await Promise.all([use(), use()])
    expect(counts).toEqual({opened: 1, ended: 0})
    await kept.renew()
    await use()
    expect(counts).toEqual({opened: 2, ended: 1})
  }
  expect(counts).toEqual({opened: 2, ended: 2})
  await use()
  expect(counts).toEqual({opened: 3, ended: 3})
})
