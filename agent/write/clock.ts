import {readFileSync} from 'node:fs'

/** What a write asks of the machine's time. */
export interface Clock {
  /** Only shown: it may jump by years. */
  now(): Date
  /** Since the machine started, in seconds; deadlines are kept by it. */
  uptimeSeconds(): number
  /** Of the machine's last start. */
  bootId(): string
}

export const machineClock: Clock = {
  now: () => new Date(),
  uptimeSeconds: () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]),
  bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
}
