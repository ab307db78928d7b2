import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {basename, join} from 'node:path'
import {execa} from 'execa'

/** A git repository that is an index of krew, and a web server that has the archive which its manifest names. */
export interface KrewIndex extends AsyncDisposable {
  readonly url: string
  /** Commits the manifest as that of a version. */
  publish(version: string): Promise<void>
}

/**
 * Makes an index in a folder.
 *
 * @param manifest npm.yaml as the build wrote it
 * @param baseUrl  that it was told
 * @param archive  path of the archive for this system
 */
export async function openKrewIndex(folder: string, manifest: string, baseUrl: string, archive: string): Promise<KrewIndex> {
  const server = createServer(async (request, response) => {
    const isThere = request.url === `/${basename(archive)}`
    response.writeHead(isThere ? 200 : 404).end(isThere ? await readFile(archive) : '')
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const {port} = server.address() as AddressInfo
  const git = (...words: string[]) => {
    // Nothing of the user's own settings.
    const env = {GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null'}
    return execa('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...words], {cwd: folder, env})
  }
  await mkdir(join(folder, 'plugins'), {recursive: true})
  await git('init', '--quiet', '--initial-branch', 'main')
  return {
    url: `file://${folder}`,
    async publish(version) {
      const text = manifest.replaceAll(baseUrl, `http://127.0.0.1:${port}`).replace(/^( +version: ).*$/m, `$1${version}`)
      await writeFile(join(folder, 'plugins', 'npm.yaml'), text)
      await git('add', '.')
      await git('commit', '--quiet', '--message', version)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}
