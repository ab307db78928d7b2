import {randomBytes} from 'node:crypto'
import {InputError} from '../../core/problem/input-error.ts'
import type {RunningProgram} from '../programs/program.ts'
import {type ClusterFlags, kubectlArguments} from './flags.ts'
import {kubectlCommand, oneLine, startKubectl} from './kubectl.ts'
import {ProxyStderr} from './proxy-stderr.ts'
import {openSocketFolder} from './socket-folder.ts'

/** Where kubectl proxy listens, as `http.request` takes it. */
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
  /** How it has ended, in a sentence; undefined while it runs. */
  readonly ended: () => string | undefined
}

export interface ProxyOptions {
  /** A port of the loopback in place of a unix socket. */
  readonly usePort?: boolean
  /** No person waits for it: a login program gets no terminal, and its output is dropped. */
  readonly isUnattended?: boolean
  /** Takes what a login program says to the person, in place of stderr. */
  readonly say?: (text: string) => void
}

/**
 * Starts kubectl proxy and waits until it serves.
 *
 * It listens on a unix socket in a folder that only this user may enter. Node has no unix sockets on Windows: there it listens on a port
 * of the loopback, which any program of the machine can connect to, and serves the API only under a random path of 192 bits.
 *
 * @throws InputError when there is no kubectl, or when it refuses the kubeconfig, the context or a flag
 */
export async function startKubectlProxy(
  flags: ClusterFlags,
  signal: AbortSignal,
  options: ProxyOptions = {},
): Promise<KubectlProxy> {
  signal.throwIfAborted()
  const {usePort = process.platform === 'win32', isUnattended = false, say = text => process.stderr.write(text)} = options
  await using stack = new AsyncDisposableStack()
  const folder = usePort ? undefined : stack.use(await openSocketFolder())
  const socketPath = folder?.socketPath
  const prefix = usePort ? `/${randomBytes(24).toString('base64url')}` : ''
  const listen = socketPath === undefined ? ['--port=0', `--api-prefix=${prefix}/`] : [`--unix-socket=${socketPath}`]
  // A server behind a path (https://host/k8s/clusters/c-1) is reached only when kubectl puts that path in front.
  const args = ['proxy', ...listen, '--append-server-path=true', ...kubectlArguments(flags)]
  const isStdinShared = !isUnattended && process.stdin.isTTY && flags.from?.includes('-') !== true
  // In a session of its own it has no terminal that it could open.
  const isDetached = isUnattended && process.platform !== 'win32'
  const kubectl = stack.use(await startKubectl(args, {isStdinShared, isDetached, ...(folder && {folder: folder.path})}))
  const stderr = new ProxyStderr(flags.verbose === true ? say : undefined)
  kubectl.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const shown = stderr.add(chunk)
    if (shown !== '' && !isUnattended) say(shown)
  })
  const line = await serving(kubectl, stderr, signal)
  stderr.isServing = true
  const port = Number(/:(\d+)\s*$/.exec(line)?.[1])
  const ending = stack.move()
  return {
    address: socketPath === undefined ? {host: '127.0.0.1', port, prefix} : {socketPath, prefix},
    ended: () => {
      const how = kubectl.ended()
      return how === undefined ? undefined : `kubectl proxy has ended (${how})`
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

/** @returns the line by which kubectl reports where it serves */
function serving(kubectl: RunningProgram, stderr: ProxyStderr, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const stop = () => reject(signal.reason as Error)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, {once: true})
    kubectl.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const line = /^Starting to serve on .*$/m.exec(printed)
      if (!line || !printed.includes('\n')) return
      signal.removeEventListener('abort', stop)
      resolve(line[0])
    })
    // Resolves after the last output, which has the reason.
    void kubectl.closed.then(error => reject(error ? notStarted(error) : refused(stderr.why())))
  })
}

function notStarted(error: NodeJS.ErrnoException): InputError {
  const command = kubectlCommand()
  if (error.code === 'ENOENT')
    return new InputError(
      `${command} is not there: the cluster is reached through kubectl`,
      'Install kubectl or put it on PATH (KUBECTL=/path/to/kubectl names another one), go without it with --via library, or read a dump with --from.',
    )
  return new InputError(
    `${command} cannot be started: ${error.message}`,
    'Check it with: kubectl version --client. Or go without it: --via library',
  )
}

/** The error of a kubectl that refused to start: its own reason, and what to do about it. */
function refused(said: string): InputError {
  const reason = oneLine(said.replace(/^error: /i, '')) || 'it ended without a word'
  if (/context .* does not exist/.test(reason))
    return new InputError(`kubectl: ${reason}`, 'See which there are with: kubectl config get-contexts')
  if (/unknown flag/.test(reason))
    return new InputError(
      `kubectl: ${reason}`,
      'This kubectl is too old. Version 1.24 or later is needed. Or go without it: --via library',
    )
  return new InputError(`kubectl: ${reason}`, 'Check --kubeconfig and KUBECONFIG with: kubectl config view')
}
