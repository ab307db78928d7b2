import type {Finding, Level, Lint} from '../../core/contract/lint.ts'
import type {Paint, Style} from './paint.ts'

const STYLES: Readonly<Record<Level, Style>> = {error: 'red', warning: 'yellow', info: 'cyan'}
const PLACES = {linux: 'Linux', windows: 'Windows', cilium: 'Cilium', all: undefined} as const
const WIDTH = 'warning'.length

/** Findings for a person, grouped by policy, the worst first. */
export function* lintLines({findings, policies, platforms, counts}: Lint, paint: Paint): Generator<string> {
  const on = platforms.map(platform => PLACES[platform]).join(' and ')
  const clean = policies - new Set(findings.map(({policy}) => policy)).size
  yield paint(`${many(policies, 'policy', 'policies')} for Azure NPM on ${on}: ${summary(counts)}`, 'bold')
  if (clean > 0 && findings.length > 0) yield paint(`nothing found in ${many(clean, 'policy', 'policies')}`)
  let last: string | undefined
  for (const finding of findings) {
    if (finding.policy !== last) {
      yield ''
      yield paint(finding.policy, 'bold')
    }
    last = finding.policy
    yield* findingLines(finding, paint)
  }
}

const many = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`

function summary({error, warning, info}: Lint['counts']): string {
  if (error + warning + info === 0) return 'nothing found'
  return `${many(error, 'error', 'errors')}, ${many(warning, 'warning', 'warnings')}, ${info} to know`
}

function* findingLines({code, level, platform, field, message, next, file, line}: Finding, paint: Paint): Generator<string> {
  const where = PLACES[platform] === undefined ? '' : ` (${PLACES[platform]})`
  const at = file === undefined ? '' : `  ${file}${line === undefined ? '' : `:${line}`}`
  yield `  ${paint(level.padEnd(WIDTH), STYLES[level])} ${paint(code, 'bold')}${paint(`${where} ${field}`)}${paint(at, 'dim')}`
  const indent = ' '.repeat(WIDTH + 3)
  yield paint(`${indent}${message}`)
  // What is only to know needs no doing; JSON has the advice all the same.
  if (level !== 'info') yield paint(`${indent}-> ${next}`)
}
