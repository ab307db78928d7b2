import {cp, mkdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {copyNativeParts} from '../platforms/native-parts.ts'
import {runtimeFor} from '../platforms/runtimes.ts'

/**
 * Makes the folder that the agent's image for Windows nodes consists of. Nothing in it is installed or compiled: it can be made, and the
 * image built from it, on any system; and it runs on a node without a container, too: `node.exe kubectl-npm\npm-agent serve`.
 *
 *   node.exe       Node for Windows on x64
 *   kubectl-npm/   the bundle, with koffi's part for Windows
 *
 * @param dist   the bundle
 * @param output is made anew
 * @throws Error when Node or koffi for Windows cannot be had
 */
export async function makeWindowsFolder(dist: string, output: string): Promise<void> {
  const program = await runtimeFor('win32-x64')
  await rm(output, {recursive: true, force: true})
  await mkdir(output, {recursive: true})
  const bundle = join(output, 'kubectl-npm')
  await cp(dist, bundle, {recursive: true})
  const native = join(bundle, 'build', 'koffi')
  await rm(native, {recursive: true, force: true})
  await copyNativeParts(native, ['win32-x64'])
  await cp(program, join(output, 'node.exe'))
}
