import {existsSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {bundleInside} from './pieces.ts'
import type {Platform} from './platforms.ts'
import {type Rehearsal, rehearsalFlags, restoredFlags} from './rehearsal.ts'
import {switches} from './switches.ts'

/** What runs programs of another processor, and where Debian has their libraries. */
const EMULATED: Readonly<Record<string, readonly string[]>> = {
  'linux-arm64': ['/usr/bin/qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'],
}

/**
 * Keeps beside the pieces what V8 makes of them on a system, where that system's Node can be run here.
 *
 * @param program Node for that system, as it goes into the executable
 * @param folder  with pieces, as `writePieces` writes them
 * @param lines   to rehearse
 * @returns why there is no cache: an executable without one compiles its pieces itself, and starts in twice the time
 */
export async function writeCaches(
  {runtime}: Platform,
  program: string,
  folder: string,
  lines: Rehearsal['lines'],
): Promise<string | undefined> {
  const runner = runnerOf(runtime)
  if (!runner) return `programs for ${runtime} do not run here`
  const [rehearse, check, file] = ['rehearse.mjs', 'check-caches.mjs', 'rehearsal.json'].map(name => join(folder, name)) as Three
  await bundleInside('rehearse', rehearse)
  await bundleInside('check-caches', check)
  await writeFile(file, JSON.stringify({lines, restored: restoredFlags} satisfies Rehearsal))
  const node = [...runner, program]
  await Promise.all(Object.keys(lines).map(kind => run([...node, ...rehearsalFlags, rehearse, folder, file, kind])))
  await run([...node, ...switches, check, folder])
  return undefined
}

type Three = [string, string, string]

/** Whoever builds it, wherever: the same environment, nobody's home, and one thread for files, so that they are read in one order. */
async function run([command = '', ...words]: readonly string[]): Promise<void> {
  const env = {PATH: '', HOME: '/nonexistent', TZ: 'UTC', UV_THREADPOOL_SIZE: '1'}
  const options = {reject: false, extendEnv: false, env, stdin: 'ignore', stdout: 'ignore'} as const
  const {exitCode, stderr} = await execa(command, words, options)
  if (exitCode !== 0) throw new Error(`no cache can be made by ${[command, ...words].join(' ')}:\n${stderr}`)
}

/** What stands before a program of a system to run it here; undefined where it cannot be run. */
function runnerOf(runtime: string): readonly string[] | undefined {
  if (runtime === `${process.platform}-${process.arch}`) return []
  const emulator = process.platform === 'linux' ? EMULATED[runtime] : undefined
  return emulator?.[0] !== undefined && existsSync(emulator[0]) && existsSync(join(emulator[2] ?? '', 'lib/libstdc++.so.6'))
    ? emulator
    : undefined
}
