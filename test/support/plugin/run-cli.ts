import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {kubectlNpm} from '../built-programs.ts'

const fixtures = new URL('../../fixtures/', import.meta.url)

export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** The path of something in test/fixtures. */
export const fixture = (path: string): string => fileURLToPath(new URL(path, fixtures))

/** Runs the plugin as a person would, with this project's Node. Paths of this checkout are not part of the output. */
export async function runCli(
  args: readonly string[],
  options: {stdin?: string | Uint8Array; env?: Record<string, string>; timeoutMs?: number} = {},
): Promise<CliResult> {
  const result = await execa(process.execPath, [kubectlNpm, ...args], {
    reject: false,
    stripFinalNewline: false,
    input: options.stdin ?? '',
    // Whoever runs the tests has a cluster of their own, perhaps.
    env: {NO_COLOR: '1', KUBECONFIG: '/no/such/kubeconfig', KUBERNETES_SERVICE_HOST: '', ...options.env},
    timeout: options.timeoutMs ?? 60_000,
  })
  const withoutPaths = (text: string) => text.replaceAll(fileURLToPath(fixtures), '')
  return {stdout: withoutPaths(result.stdout), stderr: withoutPaths(result.stderr), exitCode: result.exitCode ?? -1}
}

/** All a person sees of one call. */
export const screen = ({stdout, stderr, exitCode}: CliResult): string => `${stdout}--- stderr\n${stderr}--- exit ${exitCode}\n`
