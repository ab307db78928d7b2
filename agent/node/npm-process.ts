import {readdir, readFile} from 'node:fs/promises'

/** The name of Azure NPM's program. Source: its image starts /usr/bin/azure-npm. */
const PROGRAM = 'azure-npm'

/** Whether a process of Azure NPM runs on this machine, as far as /proc shows processes of containers. */
export async function hasNpmProcess(): Promise<boolean> {
  const entries = await readdir('/proc').catch(() => [])
  const names = await Promise.all(
    entries.filter(entry => /^\d+$/.test(entry)).map(pid => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')),
  )
  return names.some(name => name.trim() === PROGRAM)
}
