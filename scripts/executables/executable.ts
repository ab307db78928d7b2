import {globSync} from 'node:fs'
import {chmod, cp, mkdtemp, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join, sep} from 'node:path'
import {execa} from 'execa'
import {runtimeFor} from '../platforms/runtimes.ts'
import {writeCaches} from './caches.ts'
import {stripped} from './elf/elf-file.ts'
import {withoutLibatomic} from './elf/without-libatomic.ts'
import {NATIVE_FOLDER} from './names.ts'
import {bundleInside, writePieces} from './pieces.ts'
import type {Platform} from './platforms.ts'
import {rehearsedLines} from './rehearsal.ts'
import {signProgram} from './sign.ts'
import {switches} from './switches.ts'

/** How Node shows a native part as a file. */
const WITH_NATIVE_PART = ['--experimental-vfs']

/**
 * Puts the bundle into a copy of Node for a system, which then is the program: its pieces, what V8 makes of them, koffi's native part and the
 * manifests. `inside/main.ts` loads pieces when they are needed.
 *
 * @param bundle as `makeBundle` makes it
 * @param output path of the executable, in a folder that is there
 * @param lines  what it is rehearsed with
 * @returns why there is no cache of V8 in it, if there is none
 * @throws Error when Node for that system cannot be had, or the one that runs this cannot do it
 */
export async function makeExecutable(
  platform: Platform,
  bundle: string,
  output: string,
  lines = rehearsedLines,
): Promise<string | undefined> {
  const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-executable-'))
  try {
    const program = await runtimeOf(platform, work)
    const pieces = join(work, 'pieces')
    await writePieces(bundle, pieces)
    const uncached = await writeCaches(platform, program, pieces, lines)
    await bundleInside('main', join(work, 'main.cjs'))
    await symlink(bundle, join(work, 'bundle'))
    // Paths from the working folder: what is in the executable must not tell where it was built.
    const config = {
      main: 'main.cjs',
      executable: program,
      output: 'executable',
      disableExperimentalSEAWarning: true,
      execArgv: [...switches, ...(platform.native === undefined ? [] : WITH_NATIVE_PART)],
      assets: Object.fromEntries([
        ...filesBelow(pieces, '{lib,cache}/**/*.js').map(name => [name, `pieces/${name}`] as const),
        ...filesOf(bundle, platform.native).map(name => [name, `bundle/${name}`] as const),
      ]),
    }
    await writeFile(join(work, 'config.json'), JSON.stringify(config))
    await execa(process.execPath, ['--build-sea', 'config.json'], {cwd: work})
    await signProgram(platform, join(work, 'executable'))
    await chmod(join(work, 'executable'), 0o755)
    await cp(join(work, 'executable'), `${output}.part`)
    await rename(`${output}.part`, output)
    return uncached
  } finally {
    await rm(work, {recursive: true, force: true})
  }
}

/** Node as it goes in: for Linux without what debuggers read, a fifth of it, and without need of libatomic. */
async function runtimeOf({runtime}: Platform, work: string): Promise<string> {
  const program = await runtimeFor(runtime)
  if (!runtime.startsWith('linux-')) return program
  const output = join(work, 'node')
  await writeFile(output, withoutLibatomic(stripped(await readFile(program))))
  // It is run here, too, whatever the umask is.
  await chmod(output, 0o755)
  return output
}

/** Files of the bundle that go in besides its pieces. */
const filesOf = (bundle: string, native: string | undefined): string[] => [
  ...filesBelow(bundle, 'manifests/base/**/*.yaml'),
  ...(native === undefined ? [] : [`${NATIVE_FOLDER}${native}/koffi.node`]),
]

/** With `/` on each system, in the same order everywhere. */
const filesBelow = (folder: string, pattern: string): string[] =>
  globSync(pattern, {cwd: folder})
    .map(name => name.split(sep).join('/'))
    .toSorted()
