import {type RunningProgram, type StartOptions, startProgram} from '../programs/program.ts'
import {programOnPath} from '../programs/program-path.ts'

/** kubectl as the person has it, or as KUBECTL says. */
export const kubectlCommand = (): string => process.env['KUBECTL'] || 'kubectl'

/** Whether there is a kubectl. One that the person names counts as there: its absence is an error that she wants to see. */
export const hasKubectl = (): boolean => Boolean(process.env['KUBECTL']) || programOnPath('kubectl') !== undefined

/** What kubectl says as a part of one sentence: its lines joined, without the hint at its help. */
export const oneLine = (said: string): string =>
  said
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith("See 'kubectl "))
    .join('; ')

/** Starts kubectl and leaves it behind: it goes on when this process ends, and nobody learns what became of it. */
export async function leaveKubectlRunning(args: readonly string[]): Promise<void> {
  const {execa} = await import('execa')
  const kubectl = execa(kubectlCommand(), args, {
    detached: true,
    cleanup: false,
    stdio: 'ignore',
    buffer: false,
    reject: false,
  })
  kubectl.nodeChildProcess.unref()
}

/** Starts a kubectl that goes on serving. */
export const startKubectl = (args: readonly string[], options?: StartOptions): Promise<RunningProgram> =>
  startProgram(kubectlCommand(), args, options)
