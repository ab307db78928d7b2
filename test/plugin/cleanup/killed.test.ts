import {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {basename, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {kubectlNpm} from '../../support/built-programs.ts'
import {type Bakery, startBakery} from '../../support/plugin/bakery-dump.ts'
import {processesOf, until} from '../../support/plugin/own-processes.ts'

/** Whatever moment a signal comes at, nothing is left: no process, no folder, no half dump. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const

const commands: readonly (readonly string[])[] = [
  ['translate', '--node', 'aks-oven-0'],
  ['sets', '--node', 'aks-oven-1', '-o', 'name'],
  ['diff'],
  ['dump', '-o', 'TARGET.tgz'],
  ['dump', '--force', '-o', 'TARGET'],
  ['status', '--watch'],
  ['install', '--dry-run'],
]
/** When the signal comes: at the start, when there is a folder for the socket, when there is a kubectl, and so long after that. */
const moments = [
  {name: 'start'},
  {name: 'folder'},
  {name: 'kubectl', laterMs: 0},
  {name: 'kubectl', laterMs: 150},
  {name: 'kubectl', laterMs: 400},
] as const
/** Of these for each command. */
const MOMENTS = {SIGINT: 1, SIGTERM: 1, SIGHUP: 1, SIGKILL: 2} as const
const AT_ONCE = 4

let bakery: Bakery
beforeAll(async () => {
  bakery = await startBakery()
})
afterAll(async () => bakery?.[Symbol.asyncDispose]())

const start = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [kubectlNpm, ...args], {
    reject: false,
    input: '',
    env: {...bakery.api.env, ...env},
    timeout: 60_000,
    // A group of its own, as a shell gives to each command.
    detached: true,
  })

/** What is left of kubectl's sockets and of dumps that are not whole. */
const leftovers = (): string[] => [
  ...readdirSync(bakery.api.env.TMPDIR).filter(name => name !== '.kubeconfig'),
  ...readdirSync(bakery.folder).filter(name => name.startsWith('.')),
]
const haveEnded = () => until(() => processesOf(bakery.api.env.TMPDIR).length === 0)

/** A command may be over by itself in the very moment, before this process has heard of it. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A run that is not disturbed, and has a target in the same folder. */
async function nextRun(folder: string): Promise<void> {
  const target = join(bakery.folder, `next-${basename(folder)}.tgz`)
  const {exitCode, stderr} = await start(['dump', '--node', 'aks-oven-0', '-o', target], {TMPDIR: folder})
  expect(exitCode, stderr).toBe(0)
}

describe.skipIf(process.platform !== 'linux')('after a signal at any moment', () => {
  test.each(SIGNALS)('%s nothing is left', async signal => {
    const runs = commands.flatMap((args, index) =>
      Array.from({length: MOMENTS[signal]}, (_, count) => {
        const at = index * MOMENTS[signal] + count
        return {args, at, moment: moments[(at + SIGNALS.indexOf(signal)) % moments.length] as (typeof moments)[number]}
      }),
    )
    let metKubectl = 0
    const kill = async ({args, at, moment}: (typeof runs)[number]) => {
      const folder = mkdtempSync(join(bakery.api.env.TMPDIR, 'run-'))
      const target = join(bakery.folder, `${signal}-${at}`)
      const running = start(
        args.map(arg => arg.replace('TARGET', target)),
        {TMPDIR: folder},
      )
      const isOver = () => running.nodeChildProcess.exitCode !== null
      if (moment.name === 'folder') await until(() => isOver() || readdirSync(folder).length > 0)
      if (moment.name === 'kubectl') {
        await until(() => isOver() || processesOf(folder).length > 0)
        await sleep(moment.laterMs)
        metKubectl += processesOf(folder).length > 0 ? 1 : 0
      }
      // As kill does it, or to kubectl and its guard as well, as a terminal does.
      if (at % 2 === 0 || isOver()) running.kill(signal)
      else killGroup(running.pid as number, signal)
      const {timedOut} = await running
      expect(timedOut, `${args.join(' ')} at ${moment.name}`).toBe(false)
      await until(() => processesOf(folder).length === 0)
      // Nothing but what was killed before kubectl and its guard were there is left to the next run.
      if (signal === 'SIGKILL' && readdirSync(folder).length > 0) await nextRun(folder)
      expect(readdirSync(folder)).toEqual([])
      rmSync(folder, {recursive: true})
    }
    const waiting = [...runs]
    const worker = async () => {
      for (let run = waiting.shift(); run; run = waiting.shift()) await kill(run)
    }
    await Promise.all(Array.from({length: AT_ONCE}, worker))
    expect(metKubectl).toBeGreaterThan(0)
    if (signal === 'SIGKILL' && leftovers().length > 0) await nextRun(bakery.api.env.TMPDIR)
    expect(leftovers()).toEqual([])
  })

  test('that also kills the guard of kubectl, the next run removes the folder', async () => {
    const running = start(['status', '--watch'])
    await until(() => processesOf(bakery.api.env.TMPDIR).length === 2)
    const [first, second] = processesOf(bakery.api.env.TMPDIR)
    for (const each of [first, second]) process.kill(each?.pid as number, 'SIGSTOP')
    running.kill('SIGKILL')
    await running
    for (const each of [first, second]) process.kill(each?.pid as number, 'SIGKILL')
    await haveEnded()
    expect(leftovers()).toEqual([expect.stringMatching(/^kubectl-npm-[0-9a-f]{8}-\d+-/)])
    await nextRun(bakery.api.env.TMPDIR)
    await until(() => leftovers().length === 0)
  })
})
