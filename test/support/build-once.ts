import {createHash} from 'node:crypto'
import {mkdir, readdir, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILDS = join(ROOT, '.cache/builds')
/** All that goes into what is built. */
const SOURCES = ['bin', 'core', 'agent', 'plugin', 'manifests', 'scripts', 'package.json', 'package-lock.json']
/** Builds of sources that have changed since go after that time. */
const KEPT_MS = 3 * 3_600_000

/** One process at a time: who has waited finds what is built. It comes to its place whole or not at all. */
const BUILD = `
exec 9>"$0"
if command -v flock >/dev/null; then flock 9; fi
target=$1
shift
[ -e "$target" ] || { "$@" "$target.new" && mv "$target.new" "$target"; }
`

/** Tells these sources from others, by when each file was written last. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    const path = join(ROOT, source)
    const names = (await stat(path)).isFile() ? [''] : (await readdir(path, {recursive: true})).toSorted()
    const files = await Promise.all(names.map(name => stat(join(path, name))))
    for (const [index, {mtimeMs, size}] of files.entries()) hash.update(`${source}/${names[index]} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const path = join(BUILDS, name)
    // Another run may have removed it.
    const {mtimeMs} = await stat(path).catch(() => ({mtimeMs: Date.now()}))
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, {recursive: true, force: true})
  }
}

/**
 * Has something built from the sources as they stand, by the first file of tests that asks for it, for all of them.
 *
 * @param name of the file or folder that is built; it is for reading only
 * @param script what builds it, below the root, and its flags; the place of what is built comes behind them
 * @returns its path
 * @throws execa's error with what the script says when it fails
 */
export async function buildOnce(name: string, script: string, ...flags: readonly string[]): Promise<string> {
  const folder = join(BUILDS, await fingerprint())
  const target = join(folder, name)
  if ((await stat(target).catch(() => undefined)) !== undefined) return target
  await mkdir(folder, {recursive: true})
  await removeOldBuilds()
  await execa('sh', ['-ec', BUILD, join(BUILDS, 'lock'), target, process.execPath, script, ...flags], {cwd: ROOT})
  return target
}
