import {InputError} from '../../core/problem/input-error.ts'

/** The flags that say which cluster is meant and as whom, as kubectl has them. */
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

const UNIT_MS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000} as const

/**
 * Reads a duration as kubectl does: `0` for no limit, a number of seconds, or numbers with units (`1m30s`).
 *
 * @returns milliseconds; undefined for no limit
 * @throws InputError when it is none of these
 */
export function requestTimeoutMs(text: string | undefined): number | undefined {
  if (text === undefined || /^0+(?:ms|s|m|h)?$/.test(text)) return undefined
  if (/^\d+$/.test(text)) return Number(text) * UNIT_MS.s
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text))
    throw new InputError(`--request-timeout ${text} is no duration`, 'Give it like 30s or 2m; 0 means no limit.')
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  return sum
}
