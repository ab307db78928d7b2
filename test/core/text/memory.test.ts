import {afterEach, expect, test} from 'vitest'
import {parseIptablesSave} from '../../../core/linux/iptables/parse.ts'
import {eachLine} from '../../../core/text/lines.ts'
import {CHECKED_LINES, checkMemory, setMemoryCheck} from '../../../core/text/memory.ts'

afterEach(() => setMemoryCheck(() => {}))

const full = () => {
  throw new Error('the heap is full')
}

test('without anybody who knows the memory nothing is checked', () => {
  expect(() => checkMemory(1e15)).not.toThrow()
})

test('a text of many lines is checked, one of few is not', () => {
  setMemoryCheck(full)
  expect(() => eachLine(['a\n'.repeat(CHECKED_LINES)], () => {})).toThrow('the heap is full')
  expect(() => eachLine(['a\n'.repeat(CHECKED_LINES - 1)], () => {})).not.toThrow()
})

test('rules are checked while they are parsed, not only while their lines are found', () => {
  const save = `*filter\n:A - [0:0]\n${'-A A -j ACCEPT\n'.repeat(CHECKED_LINES)}COMMIT\n`
  let checks = 0
  setMemoryCheck(() => {
    checks++
  })
  parseIptablesSave([save])
  expect(checks).toBe(2)
})
