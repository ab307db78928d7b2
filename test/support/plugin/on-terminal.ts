import {execa} from 'execa'

/** Runs a command line on a terminal of its own. */
export async function onTerminal(command: string, env: Record<string, string>): Promise<{stdout: string; exitCode: number}> {
  const result = await execa('script', ['-qfec', command, '/dev/null'], {
    env: {TERM: 'xterm', CI: '', PAGER: 'cat', ...env},
    input: '',
    reject: false,
  })
  return {stdout: result.stdout.replaceAll('\r\n', '\n'), exitCode: result.exitCode ?? -1}
}
