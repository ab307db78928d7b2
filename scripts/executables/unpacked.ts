import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {shipmentOf, writeFolder} from './archive.ts'
import {makeExecutable} from './executable.ts'
import type {Platform} from './platforms.ts'

/**
 * Makes a folder with what is in the archive of a system.
 *
 * @param bundle as `makeBundle` makes it; of koffi's native parts, only the one for that system is needed
 */
export async function makeUnpacked(platform: Platform, bundle: string, folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'kubectl-npm-executable-'))
  try {
    const executable = join(work, platform.program)
    await makeExecutable(platform, bundle, executable)
    await writeFolder(await shipmentOf(platform, bundle, executable), folder)
  } finally {
    await rm(work, {recursive: true, force: true})
  }
}
