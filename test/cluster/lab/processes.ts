import {readdir, readFile} from 'node:fs/promises'

/**
 * Finds the process that is the first of its process namespace and has exactly this command line.
 *
 * @returns its number as this process sees it; undefined when there is none
 */
export async function findInit(commandLine: readonly string[]): Promise<number | undefined> {
  const wanted = `${commandLine.join('\0')}\0`
  for (const id of await readdir('/proc')) {
    if (!/^\d+$/.test(id)) continue
    if ((await readProc(id, 'cmdline')) !== wanted) continue
    // One number for each namespace, the innermost last. Shells that the first one has forked have its command line.
    const numbers = /^NSpid:(.*)$/m
      .exec(await readProc(id, 'status'))?.[1]
      ?.trim()
      .split(/\s+/)
    if (numbers?.at(-1) === '1') return Number(id)
  }
  return undefined
}

/** Processes may end at any moment. */
const readProc = (id: string, file: string): Promise<string> => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')
