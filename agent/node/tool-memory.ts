import type {ChildProcess} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {totalmem} from 'node:os'

/**
 * The part left free of the memory that this process and its tools may take together, an eighth: for what the kernel holds for
 * them, and what they take between two looks. Measured: iptables-legacy-save grows by 150 MB a second.
 */
const reserveBytes = (limit: number): number => limit / 8
/** A tool that has taken no more is left alone: it would make no room. */
const SMALL_BYTES = 16 * 1024 ** 2
const LOOK_MS = 25
const PAGE_BYTES = 4096

/** What stops each of the tools that exist; undefined once nobody waits for the tool any more. */
const running = new Map<number, (() => void) | undefined>()
let timer: NodeJS.Timeout | undefined

/**
 * Stops the largest of the running tools when they and this process come near the limit of the memory cgroup. iptables-save
 * holds a whole table while it prints it, and the kernel would kill the agent for it: with cgroup v2 the kubelet lets it end
 * a whole container. Without such a limit nothing is looked at.
 *
 * The tool is killed, not limited (RLIMIT_AS): iptables-nft-save 1.8.9 takes some failed allocations for an empty table, and
 * ends with exit code 0.
 *
 * @param stop called until the tool has ended
 */
export function watchMemory(tool: ChildProcess, ending: Promise<unknown>, stop: () => void): void {
  const {pid} = tool
  if (pid === undefined || limitBytes() === undefined) return
  preferOverAgent(pid)
  running.set(pid, stop)
  timer ??= setInterval(look, LOOK_MS).unref()
  // One that cannot be stopped keeps its memory: it counts, and another one has to make room.
  void ending.then(() => {
    if (running.has(pid)) running.set(pid, undefined)
  })
  tool.once('exit', () => {
    running.delete(pid)
    if (running.size > 0) return
    clearInterval(timer)
    timer = undefined
  })
}

function look(): void {
  const limit = limitBytes()
  if (limit === undefined) return
  const sizes = [...running].map(([pid, stop]) => ({stop, bytes: residentBytes(pid)}))
  const total = sizes.reduce((sum, {bytes}) => sum + bytes, process.memoryUsage.rss())
  if (total <= limit - reserveBytes(limit)) return
  const [largest] = sizes
    .filter(({stop, bytes}) => stop !== undefined && bytes > SMALL_BYTES)
    .toSorted((a, b) => b.bytes - a.bytes)
  largest?.stop?.()
}

/** Undefined where this process may take all memory of the machine. */
function limitBytes(): number | undefined {
  const bytes = process.constrainedMemory()
  return bytes > 0 && bytes < totalmem() ? bytes : undefined
}

/** 0 for a process that has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES
  } catch {
    return 0
  }
}

/** If the kernel runs out of memory all the same, and ends one process only, it shall be the tool. */
function preferOverAgent(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // It has ended already, or the system does not allow it.
  }
}
