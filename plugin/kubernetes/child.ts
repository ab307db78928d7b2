import type {ChildProcess} from 'node:child_process'
import {rmSync} from 'node:fs'
import {rm} from 'node:fs/promises'

const END_MS = 500

export interface HoldOptions {
  /** Goes with the child. */
  readonly folder?: string
  /** It was started as the first of a group of processes, which all end with it. */
  readonly isGroup?: boolean
}

interface Held extends HoldOptions {
  readonly child: ChildProcess
}

const held = new Set<Held>()

/** Nobody can wait any more when the process exits, so it is done at once. */
function clearAtExit(): void {
  for (const {child, folder, isGroup} of held) {
    kill(child, 'SIGKILL', isGroup)
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true})
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals, isGroup = false): void {
  if (!isGroup || child.pid === undefined) return void child.kill(signal)
  try {
    process.kill(-child.pid, signal)
  } catch {
    // All of them have ended.
  }
}

/**
 * Takes care that a child ends, and its folder goes, at the latest when this process exits.
 *
 * @returns ends both now; may be called again
 */
export function holdChild(child: ChildProcess, options: HoldOptions = {}): () => Promise<void> {
  const {folder, isGroup} = options
  if (held.size === 0) process.once('exit', clearAtExit)
  const entry = {child, ...options}
  held.add(entry)
  let ended: Promise<void> | undefined
  return () => (ended ??= end())

  async function end(): Promise<void> {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise(resolve => {
        child.once('exit', resolve)
      })
      kill(child, 'SIGTERM', isGroup)
      const timer = setTimeout(() => kill(child, 'SIGKILL', isGroup), END_MS)
      await gone
      clearTimeout(timer)
    }
    child.stderr?.destroy()
    child.stdout?.destroy()
    if (folder !== undefined) await rm(folder, {recursive: true, force: true})
    held.delete(entry)
    if (held.size === 0) process.off('exit', clearAtExit)
  }
}
