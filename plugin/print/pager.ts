import {once} from 'node:events'
import {writeLines} from './output.ts'

/** Ends at once where all fits on one screen, keeps colours, leaves the text on the screen. Source: git's own choice. */
const LESS_OPTIONS = 'FRX'

const USUAL_ROWS = 24

/** Starting programs is loaded by who pages: it takes as long as a tenth of Node's start. */
const programs = () => process.getBuiltinModule('node:child_process')

/** The pager that the environment asks for, as git reads it: none where it is `cat` or empty. */
export function pagerOf(env: NodeJS.ProcessEnv): string | undefined {
  const pager = (env['PAGER'] ?? 'less').trim()
  return pager === '' || pager === 'cat' || env['TERM'] === 'dumb' ? undefined : pager
}

/**
 * Prints lines on a terminal: those that do not fit on it through a pager.
 *
 * @param rows  of the terminal; 0 where it does not know
 * @param pager a command line for the shell; where it cannot be started the lines are printed as they are
 */
export async function pageLines(lines: Iterable<string>, rows: number, pager: string): Promise<void> {
  const iterator = lines[Symbol.iterator]()
  const first: string[] = []
  let next = iterator.next()
  // The prompt needs a line, too.
  for (; !next.done && first.length < (rows || USUAL_ROWS) - 1; next = iterator.next()) first.push(next.value)
  if (next.done) return writeLines(first)
  const rest = next
  const all = (function* () {
    yield* first
    yield rest.value
    yield* {[Symbol.iterator]: () => iterator}
  })()
  if (!isThere(pager)) return writeLines(all)
  const child = programs().spawn(pager, {
    shell: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {...process.env, LESS: process.env['LESS'] ?? LESS_OPTIONS},
  })
  // Ctrl-C is the pager's while it runs: less stops scrolling with it.
  const ignore = () => undefined
  process.on('SIGINT', ignore)
  // Who leaves the pager before the end wants no more of it.
  child.stdin.on('error', ignore)
  try {
    await writeLines(all, child.stdin)
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'close')
  } finally {
    process.off('SIGINT', ignore)
  }
}

/** Whether the shell knows the pager's first word. */
function isThere(pager: string): boolean {
  const [program = ''] = pager.split(/\s+/)
  return programs().spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', program], {stdio: 'ignore'}).status === 0
}
