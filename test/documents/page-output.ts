import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect} from 'vitest'
import {commandsOf, fencesOf, isShown, type ShownCommand, trimmedLines} from '../../scripts/docs/fences.ts'

/*
 * Commands that only a test can run, as they need a cluster: what such a command prints there is held to what the page shows.
 * not-run.ts names the test of each.
 */

const ROOT = join(import.meta.dirname, '../..')

/** What differs from run to run. */
const patterns = {
  address: /\b10(?:\.\d{1,3}){3}\b/,
  duration: /\b\d+(?:\.\d+)? m?s\b/,
  folder: /\/tmp\/[\w-]+/,
  id: /\b\d{4}-\d{8}T\d{6}Z/,
  /** Clients and memory of an agent: who was there just before may not have gone yet. */
  load: /\b\d+ +\d+ MB\b/,
  /** What a name that was made up ends with. */
  suffix: /(?<=-)[a-z0-9]{5}\b/,
  time: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/,
  /** What is still waited for is said each time that it has changed. */
  waiting: /(?<=^|\n)(?:waiting for [^\n]*\n)+/,
  version: /(?<=\bv|\b)\d+\.\d+\.\d+\b/,
} as const satisfies Readonly<Record<string, RegExp>>
export type Hole = keyof typeof patterns

/** A command of a page, and what it has printed in a test. */
export interface PageRun extends ShownCommand {
  readonly page: string
  readonly printed: string
}

export interface PageRunOptions {
  readonly env: Readonly<Record<string, string>>
}

/**
 * What a page shows of a command.
 *
 * @param page    its path from the root
 * @param command all of its words, as the page has them
 * @throws RangeError when the page does not have it, or more than once
 */
export function shownCommand(page: string, command: string, markdown = readFileSync(join(ROOT, page), 'utf8')): ShownCommand {
  const [found, second] = fencesOf(markdown)
    .filter(({language}) => language === 'console')
    .flatMap(commandsOf)
    .filter(each => each.command === command)
  if (found === undefined || second !== undefined)
    throw new RangeError(`${page} shows ${found === undefined ? 'nowhere' : 'more than once'}: ${command}`)
  return found
}

/** Runs a command as its page shows it, whatever its exit code is. */
export async function runShown(page: string, command: string, {env}: PageRunOptions): Promise<PageRun> {
  return {...shownCommand(page, command), page, printed: await runLine(command, env)}
}

/**
 * Holds what a command has printed to its page.
 *
 * @param holes what may differ: by its pattern on both sides; where the page has the same address twice, so has the output
 */
export function expectShown({page, line, command, output, printed}: PageRun, ...holes: Hole[]): void {
  if (!isShownButFor(output, printed, holes))
    expect(trimmedLines(printed), `${page}:${line}: ${command}`).toBe(trimmedLines(output.join('\n')))
}

/** Whether a command printed what a document shows, but for what differs from run to run. */
export const isShownButFor = (output: readonly string[], printed: string, holes: readonly Hole[]): boolean =>
  isShown(withHoles(output.join('\n'), holes).split('\n'), withHoles(printed, holes))

/** Spaces beside a hole count for nothing: what stands there may be longer or shorter in a table. */
function withHoles(text: string, holes: readonly Hole[]): string {
  let result = text
  for (const hole of holes) {
    const numbers = new Map<string, number>()
    result = result.replaceAll(new RegExp(` *(${patterns[hole].source}) *`, 'g'), (_, found: string) => {
      if (hole !== 'address') return ` <${hole}> `
      if (!numbers.has(found)) numbers.set(found, numbers.size + 1)
      return ` <${hole} ${numbers.get(found)}> `
    })
  }
  return result
}

async function runLine(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('sh', ['-c', `{ ${command}\n} 2>&1`], {env: surroundings(env), stdio: ['ignore', 'pipe', 'inherit']})
  return Buffer.concat(await child.stdout.toArray()).toString()
}

const surroundings = (env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  PAGER: 'cat',
  ...env,
})
