import {globSync} from 'node:fs'
import {chmod, cp, mkdtemp, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join, sep} from 'node:path'
import {execa} from 'execa'
import {runtimeFor} from '../platforms/runtimes.ts'
import {stripped} from './elf/elf-file.ts'
import {withoutLibatomic} from './elf/without-libatomic.ts'
import type {Platform} from './platforms.ts'
import {signProgram} from './sign.ts'

/**
 * Puts the bundle into a copy of Node for a system, which then is the program. Node shows the bundle to itself as a folder in memory:
 * modules are loaded one by one when they are needed, as from a disk.
 *
 * There is no V8 code cache: it fits only the processor that made it, and Node 26 takes none together with a folder in memory.
 *
 * @param bundle as `makeBundle` makes it
 * @param output path of the executable, in a folder that is there
 * @throws Error when Node for that system cannot be had, or the one that runs this cannot do it
 */
export async function makeExecutable(platform: Platform, bundle: string, output: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-executable-'))
  try {
    const program = await runtimeOf(platform, work)
    // Paths from the working folder: what is in the executable must not tell where it was built.
    await cp(join(import.meta.dirname, 'main.mjs'), join(work, 'main.mjs'))
    await symlink(bundle, join(work, 'bundle'))
    const names = assetsOf(bundle, platform.native)
    const config = {
      main: 'main.mjs',
      mainFormat: 'module',
      executable: program,
      output: 'executable',
      useVfs: true,
      disableExperimentalSEAWarning: true,
      assets: Object.fromEntries(names.map(name => [name, `bundle/${name}`])),
    }
    await writeFile(join(work, 'config.json'), JSON.stringify(config))
    await execa(process.execPath, ['--build-sea', 'config.json'], {cwd: work})
    await signProgram(platform, join(work, 'executable'))
    await chmod(join(work, 'executable'), 0o755)
    await cp(join(work, 'executable'), `${output}.part`)
    await rename(`${output}.part`, output)
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
  return output
}

/** Files of the bundle that go in, with `/` on each system. */
function assetsOf(bundle: string, native: string | undefined): string[] {
  const patterns = ['package.json', 'lib/**/*.js', 'manifests/base/**/*.yaml']
  const parts = native === undefined ? [] : [`build/koffi/${native}/koffi.node`]
  return [...globSync(patterns, {cwd: bundle}).map(name => name.split(sep).join('/')), ...parts].toSorted()
}
