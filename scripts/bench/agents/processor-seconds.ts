import {readdirSync, readFileSync} from 'node:fs'

/** What a process and all below it have taken of processors so far, to the nanosecond. Threads and children that have ended are not in it. */
export function processorSeconds(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const task = `/proc/${pid}/task/${thread}`
      const children = readFileSync(`${task}/children`, 'utf8').split(' ').filter(Boolean)
      const own = Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9
      return sum + own + children.reduce((all, child) => all + processorSeconds(Number(child)), 0)
    }, 0)
  } catch {
    // It has ended meanwhile.
    return 0
  }
}
