import {readdirSync, readFileSync} from 'node:fs'

/** Command lines of the processes of this machine that name a folder: those that were started for the test whose folder it is. Linux only. */
export const processesOf = (folder: string): {pid: number; line: string}[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(folder) ? [{pid: Number(name), line}] : []
      } catch {
        // It has ended.
        return []
      }
    })

/** Waits until a condition holds; the test's own timeout ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 20))
}
