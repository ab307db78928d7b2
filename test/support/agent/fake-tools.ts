import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** Programs that stand before the real ones on the PATH of this process, while it lasts. Each is a shell script. */
export async function fakeTools(scripts: Readonly<Record<string, string>>): Promise<AsyncDisposable & {readonly folder: string}> {
  const folder = await mkdtemp(join(tmpdir(), 'npm-agent-tools-'))
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(folder, name), 0o755)
  }
  const before = process.env['PATH']
  process.env['PATH'] = `${folder}:/usr/bin:/bin`
  return {
    folder,
    async [Symbol.asyncDispose]() {
      process.env['PATH'] = before
      await rm(folder, {recursive: true, force: true})
    },
  }
}
