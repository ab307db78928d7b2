import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** A program with its arguments. */
export type CommandLine = readonly [string, ...string[]]

export interface Measured {
  /** Median of all runs, whole process, from its start to its end. */
  readonly seconds: number
  /** Of the warm-up run; undefined for programs that are not Node. */
  readonly peakMegabytes?: number
  /** Time of all processors, of the same run: what other programs on the machine change less than the time that passes. */
  readonly processorSeconds?: number
}

/** Where a process's output goes. */
export type Sink = 'null' | 'pipe'

/** The project's own Node, whatever the person has installed. */
export const NODE = process.execPath

/**
 * Runs a program several times and gives the median.
 *
 * The run before, which warms the caches, also tells the memory and the processor time: it carries a hook, and a hook costs time.
 */
export async function measure(command: CommandLine, runs: number, sink: Sink = 'null'): Promise<Measured> {
  const used = command[0] === NODE ? await usedBy(command) : undefined
  if (!used) await timed(command, sink)
  const times: number[] = []
  for (let run = 0; run < runs; run++) times.push(await timed(command, sink))
  return {seconds: median(times), ...used}
}

export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b)
  const middle = (ordered.length - 1) / 2
  return ((ordered[Math.floor(middle)] as number) + (ordered[Math.ceil(middle)] as number)) / 2
}

async function timed(command: CommandLine, sink: Sink): Promise<number> {
  const start = performance.now()
  await ended(command, sink)
  return (performance.now() - start) / 1000
}

/** @throws if the program fails: its time would mean nothing */
async function ended([program, ...args]: CommandLine, sink: Sink, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const stdout = sink === 'pipe' ? 'pipe' : 'ignore'
  const child = spawn(program, args, {stdio: ['ignore', stdout, 'ignore'], env: {...process.env, ...env}})
  child.stdout?.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  // 1 is an answer: no, dropped, different.
  if (code !== 0 && code !== 1) throw new Error(`${program} ${args.join(' ')} ended with ${code ?? 'a signal'}`)
}

/** Linux counts the peak of resident memory in kilobytes and processor time in microseconds, and Node tells them as it ends. */
const HOOK = `import {writeFileSync} from 'node:fs'
process.on('exit', () => writeFileSync(process.env.BENCH_USED, JSON.stringify(process.resourceUsage())))`

async function usedBy([program, ...args]: CommandLine): Promise<Omit<Measured, 'seconds'>> {
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-used-'))
  const file = join(folder, 'used')
  try {
    const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`
    await ended([program, '--import', hook, ...args], 'null', {BENCH_USED: file})
    const {maxRSS, userCPUTime, systemCPUTime} = JSON.parse(await readFile(file, 'utf8')) as NodeJS.ResourceUsage
    return {peakMegabytes: maxRSS / 1024, processorSeconds: (userCPUTime + systemCPUTime) / 1e6}
  } finally {
    await rm(folder, {recursive: true})
  }
}
