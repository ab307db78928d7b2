import {existsSync, readFileSync, realpathSync} from 'node:fs'
import {basename, dirname, join, sep} from 'node:path'

/** How this program came to be here, and what brings a newer one. */
export interface Installation {
  readonly by: 'krew' | 'npm' | 'clone' | 'executable' | 'bundle'
  /** The executable, or the folder of the program. */
  readonly path: string
  /** A command, or words for people where there is none. */
  readonly upgrade: string
}

/**
 * Tells from where a program lies how it was installed. Nobody is asked, so whether there is a newer one is not known.
 *
 * @param executable path of a single executable; undefined where Node runs the program
 * @param root       folder of the program otherwise
 */
export function installationOf(executable: string | undefined, root: string): Installation {
  if (executable !== undefined) {
    const path = real(executable)
    return ofKrew(path) ?? {by: 'executable', path, upgrade: 'put a newer executable in its place'}
  }
  const path = real(root)
  if (path.includes(`${sep}node_modules${sep}`))
    return {by: 'npm', path, upgrade: 'npm install --global FILE, the packed tarball of a newer version'}
  const clone = [path, dirname(path)].find(folder => existsSync(join(folder, '.git')))
  if (clone !== undefined) return {by: 'clone', path: clone, upgrade: 'git pull && npm ci && npm run build'}
  return {by: 'bundle', path, upgrade: 'put a newer bundle in its place'}
}

/** The path of this process's executable, where it is one. */
export const singleExecutable = (): string | undefined =>
  process.getBuiltinModule('node:sea').isSea() ? process.execPath : undefined

/** krew keeps each version in a folder of its own, `store/npm/v1.2.3`, and says in a receipt which index it came from. Source: krew's environment */
function ofKrew(path: string): Installation | undefined {
  const plugin = dirname(dirname(path))
  const store = dirname(plugin)
  if (basename(plugin) !== 'npm' || basename(store) !== 'store') return undefined
  let receipt: string
  try {
    receipt = readFileSync(join(dirname(store), 'receipts', 'npm.yaml'), 'utf8')
  } catch {
    return undefined
  }
  // krew upgrades nothing that was installed by a manifest.
  const isDetached = /^status:\s+source:\s+name: detached$/m.test(receipt)
  const detached = 'kubectl krew uninstall npm, then kubectl krew install --manifest FILE of a newer version'
  return {by: 'krew', path, upgrade: isDetached ? detached : 'kubectl krew upgrade npm'}
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
