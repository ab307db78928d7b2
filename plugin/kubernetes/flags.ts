import {InputError} from '../../core/problem/input-error.ts'
import {parseDurationMs} from './duration.ts'

/** Where agents are unless a flag says otherwise. */
export const AGENT_NAMESPACE = 'kubectl-npm'

/** kubectl's flags for the cluster and the user. */
export interface ClusterFlags {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  readonly cluster?: string | undefined
  readonly user?: string | undefined
  readonly as?: string | undefined
  readonly 'as-group'?: readonly string[] | undefined
  readonly 'as-uid'?: string | undefined
  readonly 'request-timeout'?: string | undefined
  readonly 'agent-namespace': string
  /** Which way to the API server: undefined is kubectl's where there is a kubectl. */
  readonly via?: 'kubectl' | 'library' | undefined
  readonly verbose?: boolean | undefined
  /** Whether `-` is among them decides who may read standard input. */
  readonly from?: readonly string[] | undefined
}

/** The flags as kubectl takes them, all in the form `--name=value`. */
export function kubectlArguments(flags: ClusterFlags): string[] {
  const single = ['kubeconfig', 'context', 'cluster', 'user', 'as', 'as-uid'] as const
  const passed = single.flatMap(name => (flags[name] === undefined ? [] : [`--${name}=${flags[name]}`]))
  return [...passed, ...(flags['as-group'] ?? []).map(group => `--as-group=${group}`)]
}

/** Whether a person has said which cluster is meant, how it is reached, or as whom: then it is to be asked. */
export function isClusterNamed(flags: ClusterFlags): boolean {
  const {via, 'request-timeout': timeout, 'agent-namespace': namespace} = flags
  return kubectlArguments(flags).length > 0 || via !== undefined || timeout !== undefined || namespace !== AGENT_NAMESPACE
}

/**
 * Reads `--request-timeout`: a duration, or `0` for no limit.
 *
 * @returns milliseconds; undefined for no limit
 * @throws InputError when it is neither
 */
export function requestTimeoutMs(text: string | undefined): number | undefined {
  if (text === undefined || /^0+(?:ms|s|m|h)?$/.test(text)) return undefined
  const durationMs = parseDurationMs(text)
  if (durationMs !== undefined) return durationMs
  throw new InputError(`--request-timeout ${text} is no duration`, 'Give it like 30s or 2m; 0 means no limit.')
}

/**
 * Checks the name of a namespace: a DNS label, which cannot lead elsewhere in the path of a request.
 *
 * @throws InputError
 */
export function requireNamespaceName(name: string): void {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return
  throw new InputError(
    `--agent-namespace ${name === '' ? "''" : name}: not the name of a namespace`,
    'A name has up to 63 lower-case letters, digits and dashes, and no dash at its ends. Without the flag it is kubectl-npm.',
  )
}
