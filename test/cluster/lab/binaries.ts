import {execFile, spawnSync} from 'node:child_process'
import {accessSync, constants} from 'node:fs'
import {delimiter, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'

/** The programs that build-binaries.sh can build. */
export type Binary =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'kubectl'
  | 'kwok'
  | 'krew'

const SCRIPT = fileURLToPath(new URL('build-binaries.sh', import.meta.url))

/**
 * The folder that holds the programs. What is missing is built first, which takes up to ten minutes and is said on stderr.
 *
 * @throws Error with the script's words when they cannot be built
 */
export async function binaryFolder(names: readonly Binary[]): Promise<string> {
  const running = promisify(execFile)('sh', [SCRIPT, ...names], {maxBuffer: 2 ** 26})
  running.child.stderr?.pipe(process.stderr, {end: false})
  try {
    return (await running).stdout.trim()
  } catch (error) {
    const said = String((error as {stderr?: unknown}).stderr ?? error).trim()
    throw new Error(`no programs for a cluster: ${said.split('\n').at(-1)}`, {cause: error})
  }
}

/** Says why programs are not there and cannot be built either; undefined when they can be had. */
export function missingBinaries(names: readonly Binary[]): string | undefined {
  const {status, stderr} = spawnSync('sh', [SCRIPT, '--check', ...names], {encoding: 'utf8'})
  return status === 0 ? undefined : stderr.trim()
}

/** kubectl as the person has it; without one, a built one of the server's version. */
export const kubectlProgram = async (): Promise<string> =>
  findProgram('kubectl') ?? join(await binaryFolder(['kubectl']), 'kubectl')

/** Where a program is on PATH. */
export function findProgram(name: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name))
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
