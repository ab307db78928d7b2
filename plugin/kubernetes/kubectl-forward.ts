import {once} from 'node:events'
import {connect} from 'node:net'
import type {Duplex} from 'node:stream'
import {InputError} from '../../core/problem/input-error.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import type {RunningProgram} from '../programs/program.ts'
import {oneLine, startKubectl} from './kubectl.ts'
import type {PodPort} from './way.ts'

const KEPT_CHARACTERS = 2000

/**
 * Opens a connection to a port of a pod through `kubectl port-forward`.
 *
 * @param kubectlArguments by which kubectl reaches the cluster
 * @param signal gives up; afterwards the connection is the caller's
 * @throws InputError with what kubectl says
 */
export async function kubectlForward(
  kubectlArguments: readonly string[],
  {namespace, name, port}: PodPort,
  signal: AbortSignal,
): Promise<Duplex> {
  signal.throwIfAborted()
  const args = ['port-forward', `--namespace=${namespace}`, `pod/${name}`, `:${port}`, '--address=127.0.0.1']
  const kubectl = await startKubectl([...args, ...kubectlArguments])
  const end = () => kubectl[Symbol.asyncDispose]()
  let said = ''
  kubectl.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-KEPT_CHARACTERS)
  })
  try {
    const stream = connect(await localPort(kubectl, signal), '127.0.0.1')
    stream.once('close', () => void end())
    await once(stream, 'connect', {signal})
    // When the far end refuses, kubectl prints why on stderr and closes the connection.
    stream.once('end', () => {
      if (said.includes('error forwarding port')) stream.destroy(new Error(oneLine(said)))
    })
    return stream
  } catch (error) {
    await end()
    if (signal.aborted) throw error
    throw new InputError(
      `kubectl port-forward failed: ${oneLine(said) || (error as Error).message}`,
      `Try it by hand: kubectl port-forward -n ${namespace} ${shellWord(`pod/${name}`)} :${port}`,
    )
  }
}

/** The port of this machine on which kubectl listens, read from its output. */
function localPort({stdout, closed}: RunningProgram, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    const stop = () => reject(signal.reason as Error)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, {once: true})
    stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const port = /Forwarding from 127\.0\.0\.1:(\d+) /.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    void closed.then(error => reject(error ?? new Error('it ended without a word')))
  })
}
