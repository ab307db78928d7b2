import {existsSync} from 'node:fs'
import {readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {until} from './wait.ts'

/** The programs of a real cluster, switched off and on by the files that cluster.sh looks at. */
export interface Switches {
  /**
   * Kills a program and keeps it away.
   *
   * @param init the first process of the namespace that it runs in
   */
  stop(name: string, init: number): Promise<void>
  /** Lets it run again; it may not be ready yet. */
  start(name: string): Promise<void>
}

export function switches(state: string, failure: () => string | undefined): Switches {
  const hasStopped = (name: string): boolean => existsSync(join(state, 'stopped', name))
  return {
    async stop(name, init) {
      await writeFile(join(state, 'off', name), '')
      const kill = async () => {
        if (hasStopped(name)) return true
        const id = await readFile(join(state, 'pid', name), 'utf8')
        // The number counts in the namespace only, so that is where it has to be killed.
        await execa('nsenter', ['--target', String(init), '--pid', '--', 'sh', '-c', `kill -KILL ${id.trim()}`], {reject: false})
        return false
      }
      await until(`${name} has stopped`, kill, {failure})
    },
    async start(name) {
      await rm(join(state, 'off', name), {force: true})
      await until(`${name} is started`, async () => !hasStopped(name) && existsSync(join(state, 'pid', name)), {failure})
    },
  }
}
