import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'rolldown'
import {copyNativeParts} from '../../../scripts/platforms/native-parts.ts'

/** Bundles a program of a test for Windows, as the agent is bundled. @returns its file */
export async function bundleProgram(name: string, folder: string): Promise<string> {
  await build({
    input: {
      [name]: fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url)),
      'koffi/koffi': 'koffi/indirect',
    },
    platform: 'node',
    logLevel: 'warn',
    transform: {target: 'node22'},
    output: {dir: join(folder, 'lib'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs'},
  })
  await copyNativeParts(join(folder, 'build', 'koffi'), ['win32-x64'])
  return join(folder, 'lib', `${name}.mjs`)
}
