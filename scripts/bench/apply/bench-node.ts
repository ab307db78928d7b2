import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, openSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** What a command took. */
export interface Cost {
  readonly seconds: number
  /** Of all processors, its children included. */
  readonly processorSeconds: number
}

/** A network namespace for a node, and a folder beside it. */
export class BenchNode implements Disposable {
  readonly name = `kubectl-npm-bench-${process.pid}`
  readonly folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-bench-apply-'))
  /** A lock of its own, so that nobody on this machine waits. */
  readonly lockFile = join(this.folder, 'xtables.lock')

  /** Throws away what it has, and the restore points. */
  renew(): void {
    this.remove()
    rmSync(this.stateDir, {recursive: true, force: true})
    execFileSync('ip', ['netns', 'add', this.name])
    execFileSync('ip', ['netns', 'exec', this.name, 'ip', 'link', 'set', 'lo', 'up'])
  }

  get stateDir(): string {
    return join(this.folder, 'state')
  }

  /** Starts a command inside, whose times bash tells at its end. */
  start(command: readonly string[], stdin?: string) {
    return spawn('ip', ['netns', 'exec', this.name, 'bash', '-c', 'time "$0" "$@"', ...command], {
      env: {...process.env, XTABLES_LOCKFILE: this.lockFile, TIMEFORMAT: '%R %U %S'},
      stdio: [stdin === undefined ? 'ignore' : openSync(stdin, 'r'), 'ignore', 'pipe'],
    })
  }

  /** @throws Error when the command fails */
  async cost(command: readonly string[], stdin?: string): Promise<Cost> {
    const child = this.start(command, stdin)
    const said: string[] = []
    child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text))
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said.join('')}`)
    const [seconds = 0, user = 0, system = 0] = (said.join('').trim().split('\n').at(-1) ?? '').split(' ').map(Number)
    return {seconds, processorSeconds: user + system}
  }

  [Symbol.dispose](): void {
    this.remove()
    rmSync(this.folder, {recursive: true})
  }

  private remove(): void {
    try {
      execFileSync('ip', ['netns', 'delete', this.name], {stdio: 'ignore'})
    } catch {
      // It was not there.
    }
  }
}

export const sum = (...costs: readonly Cost[]): Cost => ({
  seconds: costs.reduce((all, {seconds}) => all + seconds, 0),
  processorSeconds: costs.reduce((all, {processorSeconds}) => all + processorSeconds, 0),
})
