import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {makeBundle} from '../executables/bundle.ts'
import {makeExecutable} from '../executables/executable.ts'
import {platforms} from '../executables/platforms.ts'
import {type Measured, measure} from './measure.ts'

/**
 * How long the single executable for this system takes to say something.
 *
 * @param words the command lines
 * @param runs  of each
 * @returns undefined where there is no executable for this system, or Node for it cannot be had
 */
export async function startExecutable(words: readonly string[], runs: number): Promise<Map<string, Measured> | undefined> {
  const platform = platforms.find(({runtime}) => runtime === `${process.platform}-${process.arch}`)
  if (!platform) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-bench-'))
  try {
    const [bundle, program] = [join(folder, 'bundle'), join(folder, platform.program)]
    await makeBundle(bundle)
    await makeExecutable(platform, bundle, program)
    const measured = new Map<string, Measured>()
    for (const word of words) measured.set(word, await measure([program, word], runs))
    return measured
  } catch (error) {
    console.error(`… no executable: ${(error as Error).message}`)
    return undefined
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}
