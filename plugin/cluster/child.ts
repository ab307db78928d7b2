import type {ChildProcess} from 'node:child_process'
import {rmSync} from 'node:fs'
import {rm} from 'node:fs/promises'

const END_MS = 500

interface Held {
  readonly child: ChildProcess
  readonly folder: string | undefined
}

const held = new Set<Held>()

/** Nobody can wait any more when the process exits, so it is done at once. */
function clearAtExit(): void {
  for (const {child, folder} of held) {
    child.kill('SIGKILL')
    if (folder !== undefined) rmSync(folder, {recursive: true, force: true})
  }
}

/**
 * Takes care that a child ends, and its folder goes, at the latest when this process exits.
 *
 * @returns ends both now; may be called again
 */
export function holdChild(child: ChildProcess, folder?: string): () => Promise<void> {
  if (held.size === 0) process.once('exit', clearAtExit)
  const entry = {child, folder}
  held.add(entry)
  let ended: Promise<void> | undefined
  return () => (ended ??= end())

  async function end(): Promise<void> {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise(resolve => {
        child.once('exit', resolve)
      })
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
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
