/** Takes the lock of writers for a folder, says so, and keeps it; or says who has it: node lock.mjs FOLDER */
import {setTimeout as sleep} from 'node:timers/promises'
import {machineClock} from '../../../agent/write/clock.ts'
import {takeLock} from '../../../agent/write/take-lock.ts'

const [, , stateDir = ''] = process.argv
try {
  await using _ = (await takeLock({stateDir, clock: machineClock, by: 'a test', verb: 'apply', waitMs: 1})) as AsyncDisposable
  process.stdout.write('taken\n')
  if (process.argv.includes('--keep')) await sleep(600_000)
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`)
}
