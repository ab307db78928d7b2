import {readdir, readFile} from 'node:fs/promises'
import {systemFile} from '../hns/system-folder.ts'
import type {NodeSource} from './node-source.ts'

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

/** Of Windows. Source: its image starts npm.exe. */
const WINDOWS_PROGRAM = 'npm.exe'
const BOUNDS = {timeoutMs: 30_000, largestBytes: 64 * 1024}

/** Whether there is one. Where that cannot be found out, there may be one. */
export async function hasNpmProcess({run, hns}: NodeSource): Promise<boolean> {
  if (!hns) return (await npmProcess()) !== undefined
  const {end, stdout} = await run(
    systemFile('tasklist.exe'),
    ['/FI', `IMAGENAME eq ${WINDOWS_PROGRAM}`, '/FO', 'CSV', '/NH'],
    BOUNDS,
  )
  return end !== 'ok' || new TextDecoder('latin1').decode(stdout).toLowerCase().includes(`"${WINDOWS_PROGRAM}"`)
}
