import {expect, test} from 'vitest'
import {BusyServer} from '../../../plugin/kubernetes/retry-after.ts'

const never = new AbortController().signal
const answer = (statusCode: number, seconds?: string) => ({
  statusCode,
  headers: seconds === undefined ? {} : {'retry-after': seconds},
})
const busyServer = () => new BusyServer(() => {})

test.each([
  {name: 'another answer', given: answer(409, '0')},
  {name: 'one that names no time', given: answer(429)},
  {name: 'one that names a date', given: answer(503, 'Wed, 21 Oct 2026 07:28:00 GMT')},
  {name: 'a time that nobody waits', given: answer(429, '3600')},
])('$name is taken as it is', async ({given}) => {
  expect(await busyServer().wait(given, never)).toBe(false)
})

test('a server that stays busy is asked eleven times', async () => {
  const busy = busyServer()
  let asked = 1
  while (await busy.wait(answer(429, '0'), never)) asked++
  expect(asked).toBe(11)
})

test('where nobody waits nothing is waited for', async () => {
  expect(await new BusyServer(undefined).wait(answer(429, '0'), never)).toBe(false)
})

test('who does not want to wait any more ends it', async () => {
  await expect(busyServer().wait(answer(429, '60'), AbortSignal.abort())).rejects.toThrow('aborted')
})
