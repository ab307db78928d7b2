import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {isSea} from 'node:sea'

export interface ManifestFolder extends AsyncDisposable {
  readonly path: string
}

/**
 * The manifests that came with this program, as a folder that other programs can read. Those in a single executable are in its
 * memory: they are copied to a temporary folder, which is removed with what is returned.
 *
 * @param root folder of the executable; the manifests lie in it
 */
export async function manifestFolder(root: string): Promise<ManifestFolder> {
  const folder = join(root, 'manifests', 'base')
  if (!isSea()) return {path: folder, [Symbol.asyncDispose]: async () => {}}
  const path = await mkdtemp(join(tmpdir(), 'kubectl-npm-manifests-'))
  const remove = () => rm(path, {recursive: true, force: true})
  try {
    for (const name of await readdir(folder)) await writeFile(join(path, name), await readFile(join(folder, name)))
  } catch (error) {
    await remove()
    throw error
  }
  return {path, [Symbol.asyncDispose]: remove}
}
