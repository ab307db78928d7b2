import {execFile} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {mkdir, mkdtemp, readFile, rename, rm} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'

const run = promisify(execFile)

/** Where this machine keeps what was fetched or made once, and can be had again. */
export const cacheFolder = (): string =>
  process.env['KUBECTL_NPM_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubectl-npm')

/** A package of npm for another system than this one, which npm does not install here. */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** `sha512-…` of the tarball, as npm prints it. */
  readonly integrity: string
}

/**
 * The native part of koffi for a platform, of the version that package-lock.json has.
 *
 * @param platform as Node names it: `win32-x64`
 */
export function koffiFor(platform: string): PinnedPackage {
  const name = `@koromix/koffi-${platform}`
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, {version: string; integrity: string} | undefined>
  }
  const locked = lock.packages[`node_modules/${name}`]
  if (!locked?.integrity) throw new Error(`package-lock.json does not say which ${name} is meant: run npm run lock`)
  return {name, version: locked.version, integrity: locked.integrity}
}

/**
 * The folder that a package was unpacked to. It is fetched once, as npm is configured, and kept in the cache.
 *
 * @throws Error when it cannot be had, or is not the one that is meant
 */
export async function packageFolder({name, version, integrity}: PinnedPackage): Promise<string> {
  const packages = join(cacheFolder(), 'packages')
  const folder = join(packages, `${name.replace('/', '-')}-${version}`)
  if (existsSync(folder)) return folder
  await mkdir(packages, {recursive: true})
  const work = await mkdtemp(join(packages, '.fetch-'))
  try {
    const {stdout} = await run('npm', ['pack', '--silent', '--pack-destination', work, `${name}@${version}`])
    const file = join(work, stdout.trim().split('\n').at(-1) ?? '')
    const found = `sha512-${createHash('sha512')
      .update(await readFile(file))
      .digest('base64')}`
    if (found !== integrity)
      throw new Error(`${name}@${version} is not the one that is meant: it has ${found}, expected is ${integrity}`)
    await run('tar', ['-xzf', file, '-C', work])
    // Whoever was faster has unpacked the same.
    await rename(join(work, 'package'), folder).catch(error => {
      if (!existsSync(folder)) throw error
    })
    return folder
  } finally {
    await rm(work, {recursive: true, force: true})
  }
}
