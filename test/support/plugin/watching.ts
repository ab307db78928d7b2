import {fileURLToPath} from 'node:url'
import {execa} from 'execa'

/** The plugin as it stands in the sources. */
const executable = fileURLToPath(new URL('../../../bin/kubectl-npm.ts', import.meta.url))

const CTRL_C = '\u0003'

/** A verb with `--watch`, and what it has printed so far. */
export class Watching implements AsyncDisposable {
  stdout = ''
  stderr = ''
  private readonly running
  private look = () => {}

  /** @param through a program that starts it, with its words: `ip netns exec NAME` */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, through: readonly string[] = []) {
    const [program = '', ...words] = [...through, process.execPath, executable, ...args]
    this.running = execa(program, words, {reject: false, env: {NO_COLOR: '1', TERM: 'xterm', ...env}, stdin: 'pipe'})
    for (const name of ['stdout', 'stderr'] as const)
      this.running[name]?.on('data', (chunk: Buffer) => {
        this[name] += chunk.toString()
        this.look()
      })
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1)
  }

  /** Waits until what has been printed fits. */
  async until(condition: () => boolean): Promise<void> {
    const ended = this.running.then(() => {
      throw new Error(`it has ended: ${this.stdout}${this.stderr}`)
    })
    ended.catch(() => {})
    const met = new Promise<void>(resolve => {
      this.look = () => condition() && resolve()
      this.look()
    })
    await Promise.race([met, ended])
  }

  /** Ctrl-C. @returns the exit code, as a shell has it */
  async interrupt(): Promise<number | undefined> {
    this.running.kill('SIGINT')
    const {exitCode, signal} = await this.running
    return signal === 'SIGINT' ? 130 : exitCode
  }

  /** Nobody reads any more. */
  async closeOutput(): Promise<number | undefined> {
    this.running.stdout?.destroy()
    return (await this.running).exitCode
  }

  /** As a person ends it, so that it clears away what it has started. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.running.stdin?.end(CTRL_C)
    this.running.kill('SIGINT')
    await this.running
  }
}
