import {readFileSync} from 'node:fs'
import {uptime} from 'node:os'
import {isWindows} from '../node/system.ts'

/** What a write asks of the machine's time. */
export interface Clock {
  /** Only shown: it may jump by years. */
  now(): Date
  /** Since the machine started, in seconds; deadlines are kept by it. */
  uptimeSeconds(): number
  /** Of the machine's last start, see `isSameBoot`. */
  bootId(): string
}

const linuxClock: Clock = {
  now: () => new Date(),
  uptimeSeconds: () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]),
  bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
}

const UPTIME = 'uptime '

/** Windows has no name for a start of the machine: how long ago it was tells a later one that is younger. */
const windowsClock: Clock = {
  now: () => new Date(),
  uptimeSeconds: uptime,
  bootId: () => `${UPTIME}${uptime()}`,
}

export const machineClock: Clock = isWindows ? windowsClock : linuxClock

/**
 * Whether the machine was not restarted since an id was taken. Of Windows a machine that was, and runs for longer since, is taken for one
 * that was not: then nothing is put back all the same, because the network plugin has made the network and all endpoints anew.
 */
export function isSameBoot(id: string, clock: Pick<Clock, 'bootId' | 'uptimeSeconds'>): boolean {
  if (id.startsWith(UPTIME)) return clock.uptimeSeconds() >= Number(id.slice(UPTIME.length))
  return id === clock.bootId()
}
