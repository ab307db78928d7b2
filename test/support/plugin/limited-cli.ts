import {execa} from 'execa'
import {kubectlNpm} from '../built-programs.ts'
import type {CliResult} from './run-cli.ts'

export interface LimitedResult extends CliResult {
  /** What ended the process from outside; undefined when it ended by itself. */
  readonly endedBy: string | undefined
}

/** Runs the plugin with a small heap. Whatever it is given, it must end by itself long before the two minutes are over. */
export async function limitedCli(args: readonly string[], heapMegabytes: number): Promise<LimitedResult> {
  const result = await execa(process.execPath, [`--max-old-space-size=${heapMegabytes}`, kubectlNpm, ...args], {
    reject: false,
    stripFinalNewline: false,
    input: '',
    env: {NO_COLOR: '1', KUBECONFIG: '/no/such/kubeconfig', KUBERNETES_SERVICE_HOST: ''},
    timeout: 110_000,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  })
  const {stdout, stderr, exitCode = -1, timedOut, signal} = result
  return {stdout, stderr, exitCode, endedBy: timedOut ? 'the time limit' : signal}
}

/** What must be true of every answer to whatever input: it is one, in words. */
export function faultsOf({exitCode, endedBy, stdout, stderr}: LimitedResult): string[] {
  // An answer that rests on what was not given names it, with what to do.
  const isUnknown = /(?:not compared|not proven|Not in the input|is not known|was not compared)[^]*\n {6}\S/.test(stdout)
  return [
    ...(endedBy === undefined ? [] : [`ended by ${endedBy}`]),
    ...(exitCode >= 0 && exitCode <= 2 ? [] : [`exit code ${exitCode}`]),
    ...(/fault of kubectl npm|\n\s+at |FATAL ERROR/.exec(stderr) ?? []),
    ...(exitCode === 2 && !isUnknown && !/^error: .+\n {2}\S/m.test(stderr) ? ['no error with what to do'] : []),
  ]
}
