import {spawn} from 'node:child_process'
import {mkdtemp} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

const JANITOR = fileURLToPath(new URL('janitor.sh', import.meta.url))

/** A folder for a cluster that goes away with its owner, also when that one is killed. */
export interface StateFolder extends AsyncDisposable {
  readonly path: string
}

/** Where state folders are: nodes have a /etc, /run and /var of their own, so not in there. */
export const stateRoot = (): string => (/^\/(etc|run|var)(\/|$)/.test(tmpdir()) ? '/tmp' : tmpdir())

/**
 * Makes a temporary folder and a janitor of its own, who waits until this process lets go of it or is gone, and then removes
 * what the folder's notes name (see janitor.sh) and the folder.
 */
export async function openStateFolder(): Promise<StateFolder> {
  const path = await mkdtemp(join(stateRoot(), 'kubectl-npm-cluster-'))
  // Our end of the pipe is closed by whatever ends us. In a session of its own, Ctrl-C does not reach the janitor.
  const janitor = spawn('bash', [JANITOR, path], {stdio: ['pipe', 'ignore', 'inherit'], detached: true})
  const gone = new Promise<void>(resolve => {
    janitor.once('exit', () => resolve())
  })
  janitor.unref()
  return {
    path,
    async [Symbol.asyncDispose]() {
      janitor.ref()
      janitor.stdin.end()
      await gone
    },
  }
}
