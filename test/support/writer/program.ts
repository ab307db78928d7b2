import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'rolldown'
import {temporaryFolder} from '../temporary-folder.ts'

/** The writer process from its sources. */
export const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

/** The same in few files, which starts in half of the time. */
export interface WriterProgram extends AsyncDisposable {
  readonly file: string
}

export async function bundleWriter(): Promise<WriterProgram> {
  await using stack = new AsyncDisposableStack()
  const {path} = stack.use(await temporaryFolder())
  await build({
    input: CHILD,
    platform: 'node',
    logLevel: 'silent',
    output: {dir: path, format: 'esm', entryFileNames: 'child.mjs'},
  })
  const owned = stack.move()
  return {file: join(path, 'child.mjs'), [Symbol.asyncDispose]: () => owned.disposeAsync()}
}
