import {type Finding, type Level, type Lint, type LintList, levels} from '../../core/contract/lint.ts'
import {type Column, columns} from './columns.ts'
import type {Paint, Style} from './paint.ts'

const STYLES: Readonly<Record<Level, Style>> = {error: 'red', warning: 'yellow', info: 'cyan'}
const PLACES = {linux: 'Linux', windows: 'Windows', cilium: 'Cilium', all: undefined} as const
const WIDTH = 'warning'.length

/**
 * Findings for a person, grouped by policy, the worst first.
 *
 * @param least findings below this level are only counted
 */
export function* lintLines(lint: Lint, paint: Paint, least: Level): Generator<string> {
  const {policies, platforms, counts, accepted = 0} = lint
  const findings = atLeast(lint, least)
  const on = platforms.map(platform => PLACES[platform]).join(' and ')
  const clean = policies - new Set(lint.findings.map(({policy}) => policy)).size
  yield paint(
    `${many(policies, 'policy', 'policies')} for Azure NPM ${lint.release === undefined ? '' : `${lint.release} `}on ${on}: ${summary(counts)}`,
    'bold',
  )
  if (clean > 0 && lint.findings.length > 0) yield paint(`nothing found in ${many(clean, 'policy', 'policies')}`)
  if (accepted > 0) yield paint(`${many(accepted, 'finding is', 'findings are')} accepted, and left out`)
  let last: string | undefined
  for (const finding of findings) {
    if (finding.policy !== last) {
      yield ''
      yield paint(finding.policy, 'bold')
    }
    last = finding.policy
    yield* findingLines(finding, paint)
  }
  const folded = lint.findings.filter(({level}) => levels.indexOf(level) > levels.indexOf(least))
  if (folded.length > 0) yield* foldedLines(folded, paint)
}

/** Findings on several nodes: nodes on which the same is found together, and what it comes to. */
export function* lintListLines({items, counts}: LintList, paint: Paint, least: Level): Generator<string> {
  const alike = Map.groupBy(items, ({findings, platforms}) => JSON.stringify([findings, platforms]))
  for (const [first, ...others] of alike.values()) {
    if (!first) continue
    yield paint(`on ${[first, ...others].map(({node}) => node).join(', ')}`, 'dim')
    yield* lintLines(first, paint, least)
    yield ''
  }
  yield paint(`${items.length} nodes: ${summary(counts)}`, 'bold')
}

/** How often each code was found, and in how many policies. */
function* foldedLines(findings: readonly Finding[], paint: Paint): Generator<string> {
  yield ''
  yield paint('To know; --level info shows each', 'bold')
  for (const [code, found] of Map.groupBy(findings, each => each.code)) {
    const inPolicies = many(new Set(found.map(({policy}) => policy)).size, 'policy', 'policies')
    yield `  ${paint(code, STYLES[found[0]?.level ?? 'info'])}${paint(` ${found.length} × in ${inPolicies}`)}`
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

const atLeast = ({findings}: Lint, least: Level): Finding[] =>
  findings.filter(({level}) => levels.indexOf(level) <= levels.indexOf(least))

/** The columns of findings, one line each. */
export const findingColumns: readonly Column<Finding>[] = [
  {header: 'LEVEL', value: ({level}) => level, style: ({level}) => STYLES[level]},
  {header: 'CODE', value: ({code}) => code},
  {header: 'POLICY', value: ({policy}) => policy},
  {header: 'PLATFORM', value: ({platform}) => platform},
  {header: 'FIELD', value: ({field}) => field},
  {header: 'FILE', value: ({file, line}) => (file === undefined ? '-' : `${file}${line === undefined ? '' : `:${line}`}`)},
  {header: 'MESSAGE', value: ({message}) => message},
]

/** A line for each finding that is at least so bad. */
export const findingTable = (lint: Lint, paint: Paint, least: Level, hasHeaders: boolean): Iterable<string> =>
  columns(atLeast(lint, least), findingColumns, paint, hasHeaders)

/** The policies in which there is such a finding, as kubectl names objects. */
export const findingNames = (lint: Lint, least: Level): string[] => [
  ...new Set(atLeast(lint, least).map(({policy}) => `networkpolicy.networking.k8s.io/${policy}`)),
]
