import {join} from 'node:path'
import {execa} from 'execa'

/** Of the systems that have one and on which something is read by it. */
const NATIVE_PARTS = 'linux-x64,linux-arm64,win32-x64'

/**
 * Makes the bundle that all executables are made of: one program in pieces that load each other by `require`.
 *
 * @param folder is made anew
 */
export async function makeBundle(folder: string): Promise<void> {
  await execa(process.execPath, [join(import.meta.dirname, '..', 'build.ts'), folder, '--native', NATIVE_PARTS, '--executable'])
}
