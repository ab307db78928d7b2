import {randomBytes} from 'node:crypto'
import {readdir, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'

/** What a tool said. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface RunOptions {
  readonly stdin?: string
  /** Gives the output of a tool that ends with a code other than 0 too, instead of throwing. */
  readonly allowFailure?: boolean
}

/** A network namespace of our own: empty tables, no sets, no way to any other network. */
export interface Namespace extends AsyncDisposable {
  readonly name: string
  /**
   * Runs a command inside.
   *
   * @throws execa's error, with the tool's last words, when it ends with another code than 0 (unless `allowFailure`)
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Output>
}

// The process id in the name tells later runs whether the owner still lives.
const PREFIX = 'kubectl-npm-test'
const NAME = new RegExp(`^${PREFIX}-(\\d+)-[0-9a-f]{8}$`)
const FOLDER = '/run/netns'

let swept: Promise<void> | undefined

/**
 * Makes a network namespace, to be held with `await using`. Before the first one, namespaces that a crashed run of ours
 * left behind are removed.
 */
export async function openNamespace(): Promise<Namespace> {
  swept ??= removeLeftovers()
  await swept
  const name = `${PREFIX}-${process.pid}-${randomBytes(4).toString('hex')}`
  await execa('ip', ['netns', 'add', name])
  return {
    name,
    run: (command, args, options) => runInside(name, command, args, options),
    [Symbol.asyncDispose]: () => remove(name),
  }
}

async function runInside(name: string, command: string, args: readonly string[], options: RunOptions = {}): Promise<Output> {
  const {stdout, stderr, exitCode} = await execa('ip', ['netns', 'exec', name, command, ...args], {
    input: options.stdin ?? '',
    reject: !options.allowFailure,
    stripFinalNewline: false,
    // The lock of iptables-legacy is a file, which namespaces do not part. One for each keeps tests from waiting for
    // one another, and for the node they run on.
    env: {XTABLES_LOCKFILE: lockFile(name)},
  })
  // With reject: false a command that never ran has no exit code.
  if (exitCode === undefined) throw new Error(`${command} did not run in namespace ${name}: ${stderr}`)
  return {stdout, stderr, exitCode}
}

const lockFile = (name: string): string => join(tmpdir(), `${name}.lock`)

async function remove(name: string): Promise<void> {
  await execa('ip', ['netns', 'delete', name])
  await rm(lockFile(name), {force: true})
}

/** Removes our namespaces whose process is gone. Another run may do the same now, so losing the race is no failure. */
async function removeLeftovers(): Promise<void> {
  const names = await readdir(FOLDER).catch(() => [])
  for (const name of names) {
    const owner = NAME.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) await remove(name).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, but is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
