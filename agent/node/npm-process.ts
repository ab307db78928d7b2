import {readdir, readFile} from 'node:fs/promises'

/** The name of Azure NPM's program. Source: its image starts /usr/bin/azure-npm. */
const PROGRAM = 'azure-npm'

/** The process of Azure NPM on this machine, as far as /proc shows processes of containers. */
export async function npmProcess(): Promise<{readonly pid: number} | undefined> {
  const entries = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    entries
      .filter(entry => /^\d+$/.test(entry))
      .map(async pid => ({pid: Number(pid), name: await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')})),
  )
  return found.find(({name}) => name.trim() === PROGRAM)
}

/** Whether there is one. */
export const hasNpmProcess = async (): Promise<boolean> => (await npmProcess()) !== undefined
