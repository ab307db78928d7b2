import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** A process that holds a cluster. */
export interface Owner {
  readonly folder: string
  kill(): Promise<void>
}

/** Runs code that makes `cluster`, in a process of its own. */
export async function startOwner(code: string): Promise<Owner> {
  const script = `${code}; console.log(cluster.folder); setInterval(() => undefined, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(owner.stdout, 'data')) as [Buffer]
  return {
    folder: said.toString().trim(),
    async kill() {
      owner.kill('SIGKILL')
      await once(owner, 'exit')
    },
  }
}
