import {describe, expect, test} from 'vitest'
import {type Heap, heapGuard, processHeap} from '../../../plugin/bytes/heap-guard.ts'

const MIB = 1024 ** 2

/** A heap of 1,000 MiB: 880 may be taken. */
class MadeUpHeap implements Heap {
  readonly limitBytes = 1000 * MIB
  live = 0
  garbage = 0
  collections = 0
  usedBytes = () => (this.live + this.garbage) * MIB
  collect = () => {
    this.garbage = 0
    this.collections++
  }
}

describe('the guard of the heap', () => {
  test('lets work go on while there is room, and ends it in words before the heap is full', () => {
    const heap = new MadeUpHeap()
    const check = heapGuard(heap)
    const grow = () => {
      for (heap.live = 0; heap.live < 1000; heap.live++) check(0)
    }
    expect(grow).toThrow('this input takes more than the 1000 MiB that Node may use for its heap')
    expect(heap.live).toBeGreaterThan(880)
    expect(heap.live).toBeLessThanOrEqual(940)
  })

  test('counts what is about to be taken', () => {
    const heap = new MadeUpHeap()
    heap.live = 500
    expect(() => heapGuard(heap)(380 * MIB)).not.toThrow()
    expect(() => heapGuard(heap)(381 * MIB)).toThrow(/larger heap|takes more/)
  })

  test('asks how much it is exactly only where the most might not fit', () => {
    const heap = new MadeUpHeap()
    heap.live = 500
    let asked = 0
    const exactly = (mebibytes: number) => () => {
      asked++
      return mebibytes * MIB
    }
    const check = heapGuard(heap)
    check(379 * MIB, exactly(1000))
    expect(asked).toBe(0)
    expect(() => check(900 * MIB, exactly(380))).not.toThrow()
    expect(asked).toBe(1)
    expect(() => heapGuard(heap)(900 * MIB, exactly(381))).toThrow('takes more')
  })

  test('refuses nothing for garbage', () => {
    const heap = new MadeUpHeap()
    const check = heapGuard(heap)
    for (let round = 0; round < 100; round++) {
      heap.live = round * 8
      heap.garbage = 1000 - heap.live
      expect(() => check(0)).not.toThrow()
    }
  })

  test('collects nothing while there is room, and seldom when there is little', () => {
    const heap = new MadeUpHeap()
    const check = heapGuard(heap)
    for (heap.live = 0; heap.live < 870; heap.live += 0.01) check(0)
    expect(heap.collections).toBe(0)
    for (; heap.live < 880; heap.live += 0.01) check(0)
    expect(heap.collections).toBeLessThan(5)
  })
})

const garbage = (): number => Array.from({length: 1_000_000}, (_, index) => ({index})).length

test('the heap of this process can be collected', () => {
  const heap = processHeap()
  heap.collect()
  const before = heap.usedBytes()
  expect(garbage()).toBe(1_000_000)
  expect(heap.usedBytes()).toBeGreaterThan(before)
  heap.collect()
  expect(heap.usedBytes()).toBeLessThan(before + 10 * MIB)
  expect(heap.usedBytes()).toBeLessThan(heap.limitBytes)
})
