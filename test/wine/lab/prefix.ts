import {existsSync} from 'node:fs'
import {mkdir, mkdtemp, readdir, rename, rm, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {execa} from 'execa'
import {cacheFolder} from '../../../scripts/platforms/packages.ts'
import type {WindowsTools} from './requirements.ts'

/** How long Wine's server waits for another program: longer than tests pause, and not for ever when they are killed. */
const LINGERS_SECONDS = 120

/** What Wine's programs run with, in a prefix: the folder that is their Windows. */
export function wineEnvironment(prefix: string): NodeJS.ProcessEnv {
  const {DISPLAY: _, NODE_OPTIONS: __, NODE_COMPILE_CACHE: ___, ...rest} = process.env
  // Its own helpers for .NET and web pages would be looked for, and asked about. It has an icacls.exe, which does nothing, and takes it
  // before a stand-in; "n,b" is the other order.
  return {...rest, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=;icacls.exe=n,b'}
}

const quiet = (prefix: string) =>
  ({env: wineEnvironment(prefix), extendEnv: false, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore'}) as const

/**
 * Makes a prefix that nobody else has. A new one is 700 MB, so the first is kept, and later ones beside it share its files: what writes to
 * one of Windows' own files must take it away first.
 *
 * @returns its folder
 */
export async function makePrefix(tools: WindowsTools): Promise<string> {
  const {stdout: version} = await execa(tools.wine, ['--version'])
  const kept = join(cacheFolder(), 'wine', version.replaceAll(/[^\w.-]+/g, '-'))
  if (!existsSync(kept)) await keepPrefix(kept, tools)
  await removeAbandoned(kept)
  const prefix = await mkdtemp(`${kept}${USED}`)
  await execa('cp', ['--archive', '--link', `${kept}/.`, prefix])
  return prefix
}

const USED = '.used-'
const DAY_MS = 24 * 60 * 60 * 1000

/** Removes what tests have left that were killed. */
async function removeAbandoned(kept: string): Promise<void> {
  const folder = dirname(kept)
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (name.includes(USED) && Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity) > DAY_MS)
      await rm(path, {recursive: true, force: true})
  }
}

async function keepPrefix(kept: string, {wine, wineserver}: WindowsTools): Promise<void> {
  await mkdir(dirname(kept), {recursive: true})
  const work = await mkdtemp(`${kept}.`)
  try {
    await startServer(work, wineserver)
    await execa(wine, ['wineboot', '--init'], quiet(work))
    // By itself it is an older Windows, for which Node does not start.
    await execa(wine, ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'], quiet(work))
    await stopServer(work, wineserver)
    // Whoever was faster has made the same.
    await rename(work, kept).catch(error => {
      if (!existsSync(kept)) throw error
    })
  } finally {
    await stopServer(work, wineserver)
    await rm(work, {recursive: true, force: true})
  }
}

/** By itself it ends seconds after the last program, and a program that starts in that moment fails. */
export const startServer = (prefix: string, wineserver: string): Promise<unknown> =>
  execa(wineserver, [`-p${LINGERS_SECONDS}`], quiet(prefix))

/** Ends all programs of a prefix, and waits until they have. */
export async function stopServer(prefix: string, wineserver: string): Promise<void> {
  for (const flag of ['-k', '-w']) await execa(wineserver, [flag], {...quiet(prefix), reject: false})
}
