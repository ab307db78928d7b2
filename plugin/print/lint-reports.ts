import type {Finding, Level, Lint} from '../../core/contract/lint.ts'
import {escapeControls} from '../../core/text/escape.ts'

const COMMANDS = {error: 'error', warning: 'warning', info: 'notice'} as const satisfies Record<Level, string>

/** Of a message: what would end it. */
const asData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
/** Of a property: what would end that, too. */
const asProperty = (text: string): string => asData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/**
 * Findings as GitHub shows them beside the lines of a change, one command to a line.
 *
 * Source: workflow commands of GitHub Actions.
 */
export function* githubLines({findings}: Lint): Generator<string> {
  for (const {code, level, policy, field, message, next, file, line} of findings) {
    const place = [...(file === undefined ? [] : [`file=${asProperty(file)}`]), ...(line === undefined ? [] : [`line=${line}`])]
    const properties = [...place, `title=${asProperty(`${code} ${policy}`)}`].join(',')
    yield escapeControls(`::${COMMANDS[level]} ${properties}::${asData(`${field}: ${message} ${next}`)}`)
  }
}

const xml = (text: string): string =>
  escapeControls(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/**
 * Findings as a JUnit report: a suite for each policy that has some, a case for each finding. What is only to know fails nothing.
 *
 * Source: the JUnit XML that Jenkins, GitLab and Azure DevOps read.
 */
export function* junitLines({findings, policies}: Lint): Generator<string> {
  const fails = findings.filter(({level}) => level !== 'info').length
  yield '<?xml version="1.0" encoding="UTF-8"?>'
  yield `<testsuites name="kubectl npm lint" tests="${Math.max(findings.length, policies)}" failures="${fails}">`
  for (const [policy, found] of Map.groupBy(findings, each => each.policy)) yield* suiteLines(policy, found)
  const clean = policies - new Set(findings.map(({policy}) => policy)).size
  if (clean > 0) {
    yield `  <testsuite name="without findings" tests="${clean}" failures="0">`
    for (let index = 1; index <= clean; index++)
      yield `    <testcase classname="lint" name="policy ${index} of ${clean} without findings"/>`
    yield '  </testsuite>'
  }
  yield '</testsuites>'
}

function* suiteLines(policy: string, findings: readonly Finding[]): Generator<string> {
  const failures = findings.filter(({level}) => level !== 'info').length
  yield `  <testsuite name="${xml(policy)}" tests="${findings.length}" failures="${failures}">`
  for (const {code, level, field, message, next, file, line} of findings) {
    const place = file === undefined ? '' : ` file="${xml(file)}"${line === undefined ? '' : ` line="${line}"`}`
    const head = `    <testcase classname="${xml(policy)}" name="${code} ${xml(field)}"${place}`
    if (level === 'info') yield `${head}/>`
    else {
      yield `${head}>`
      yield `      <failure type="${level}" message="${xml(message)}">${xml(next)}</failure>`
      yield '    </testcase>'
    }
  }
  yield '  </testsuite>'
}
