import {readFileSync} from 'node:fs'

/** A tick of /proc, in milliseconds: `sysconf(_SC_CLK_TCK)` is 100 on all Linux. */
const TICK_MS = 10
/** Fields behind the program's name, from the third of proc(5): those of children that have ended. */
const CHILDREN_USER = 13
const CHILDREN_SYSTEM = 14

/** Processor time of all programs that this process has started and that have ended, in milliseconds. 0 without /proc. */
export function childrenTimeMs(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    // A program's name may hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[CHILDREN_USER]) + Number(fields[CHILDREN_SYSTEM])) * TICK_MS
  } catch {
    return 0
  }
}
