import {type ChildProcess, spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdtemp} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'
import {holdChild} from './child.ts'
import {type ClusterFlags, kubectlArguments} from './flags.ts'
import {ProxyStderr} from './proxy-stderr.ts'

/** Where the child listens, for `http.request`. */
export interface ProxyAddress {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number
  /** In front of every path; empty or `/…` without a slash at the end. */
  readonly prefix: string
}

/** A running `kubectl proxy`: all that kubectl knows of kubeconfigs, logins and proxies, behind a socket of our own. */
export interface KubectlProxy extends AsyncDisposable {
  readonly address: ProxyAddress
  /** Why the child is gone, or undefined while it runs. */
  readonly ended: () => string | undefined
}

export interface ProxyOptions {
  /** A port of the loopback in place of a unix socket. */
  readonly usePort?: boolean
  /** Nobody can be asked, and nobody told: a login program gets no terminal, and what it says goes nowhere. */
  readonly isUnattended?: boolean
}

/** kubectl as the person has it, or as KUBECTL says. */
export const kubectlCommand = (): string => process.env['KUBECTL'] || 'kubectl'

/**
 * Starts the child and waits until it serves.
 *
 * It listens on a unix socket in a folder that only this user may enter. Node knows no unix sockets on Windows: there it
 * is a port of the loopback, which any program of the machine can connect to, so the API stands under a path that is as
 * long as a key and is served under no other.
 *
 * @throws InputError when there is no kubectl, or when it refuses the kubeconfig, the context or a flag
 */
export async function startKubectlProxy(
  flags: ClusterFlags,
  signal: AbortSignal,
  options: ProxyOptions = {},
): Promise<KubectlProxy> {
  signal.throwIfAborted()
  const {usePort = process.platform === 'win32', isUnattended = false} = options
  const folder = usePort ? undefined : await mkdtemp(join(tmpdir(), 'kubectl-npm-'))
  const socketPath = folder === undefined ? undefined : join(folder, 'api.sock')
  const prefix = usePort ? `/${randomBytes(24).toString('base64url')}` : ''
  const listen = socketPath === undefined ? ['--port=0', `--api-prefix=${prefix}/`] : [`--unix-socket=${socketPath}`]
  // A server behind a path (https://host/k8s/clusters/c-1) is reached only when kubectl puts that path in front.
  const args = ['proxy', ...listen, '--append-server-path=true', ...kubectlArguments(flags)]
  const isStdinFree = !isUnattended && process.stdin.isTTY && flags.from?.includes('-') !== true
  // In a session of its own it has no terminal that it could open.
  const detached = isUnattended && process.platform !== 'win32'
  const child = spawn(kubectlCommand(), args, {
    stdio: [isStdinFree ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    windowsHide: true,
    detached,
  })
  const words = new ProxyStderr(flags.verbose === true ? text => process.stderr.write(text) : undefined)
  const end = holdChild(child, {...(folder !== undefined && {folder}), isGroup: detached})
  child.stderr.on('data', (chunk: Buffer) => {
    const shown = words.add(chunk.toString())
    if (shown !== '' && !isUnattended) process.stderr.write(shown)
  })
  try {
    const said = await serving(child, words, signal)
    words.isServing = true
    const port = Number(/:(\d+)\s*$/.exec(said)?.[1])
    return {
      address: socketPath === undefined ? {host: '127.0.0.1', port, prefix} : {socketPath, prefix},
      ended: () =>
        child.exitCode === null && child.signalCode === null
          ? undefined
          : `kubectl proxy has ended (${child.signalCode ?? `exit code ${child.exitCode}`})`,
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** @returns the line by which kubectl says where it serves */
function serving(child: ChildProcess, words: ProxyStderr, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, {once: true})
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const line = /^Starting to serve on .*$/m.exec(said)
      if (!line || !said.includes('\n')) return
      signal.removeEventListener('abort', stop)
      resolve(line[0])
    })
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(error)))
    // Not before its words are read to the end.
    child.once('close', () => reject(refused(words.why())))
  })
}

function notStarted(error: NodeJS.ErrnoException): InputError {
  const command = kubectlCommand()
  if (error.code === 'ENOENT')
    return new InputError(
      `${command} is not there: the cluster is reached through kubectl`,
      'Install kubectl or put it on PATH (KUBECTL=/path/to/kubectl names another one), or read a dump with --from.',
    )
  return new InputError(`${command} cannot be started: ${error.message}`, 'Check it with: kubectl version --client')
}

/** kubectl's own words say what is wrong; only what to do next is ours. */
function refused(said: string): InputError {
  const reason = said.replace(/^error: /i, '').trim() || 'it ended without a word'
  if (/context .* does not exist/.test(reason))
    return new InputError(`kubectl: ${reason}`, 'See which there are with: kubectl config get-contexts')
  if (/unknown flag/.test(reason))
    return new InputError(`kubectl: ${reason}`, 'This kubectl is too old. Version 1.24 or later is needed.')
  return new InputError(`kubectl: ${reason}`, 'Check --kubeconfig and KUBECONFIG with: kubectl config view')
}
