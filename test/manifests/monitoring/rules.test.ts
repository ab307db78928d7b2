import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {parse} from 'yaml'
import {describeWhere} from '../../support/describe-where.ts'
import {mutantsOf, type Rule} from '../../support/monitoring/rule-mutants.ts'
import {missingTools, monitoring, runTool} from '../../support/monitoring/tools.ts'

interface RuleFile {
  readonly groups: readonly {readonly name: string; readonly rules: readonly Rule[]}[]
}

const read = (name: string): Promise<string> => readFile(join(monitoring, name), 'utf8')
const rules = parse(await read('npm.rules.yaml')) as RuleFile

interface TestFile {
  readonly tests: readonly object[]
}

const nameOf = ({alert, record}: Rule): string => alert ?? record ?? ''
const everyRule = rules.groups.flatMap(group => group.rules).map(rule => ({name: nameOf(rule), rule}))
const mentions = (text: string, rule: Rule): boolean => text.includes(nameOf(rule))

/**
 * The rule itself and those that it rests on or that rest on it, and the tests that name one of them. All others cannot tell
 * a mutant, and promtool takes long for each test.
 */
function around(rule: Rule, tests: TestFile): {rules: Rule[]; tests: object[]} {
  const all = everyRule.map(each => each.rule)
  const near = all.filter(other => other === rule || mentions(other.expr, rule) || mentions(rule.expr, other))
  const told = near.filter(other => other === rule || mentions(other.expr, rule))
  return {rules: near, tests: tests.tests.filter(each => told.some(other => mentions(JSON.stringify(each), other)))}
}

/** The mutants of a rule whose unit tests pass all the same. promtool runs once, with all of them. */
async function survivors(rule: Rule, folder: string): Promise<string[]> {
  const mutants = mutantsOf(rule)
  const near = around(rule, parse(await read('npm.rules.test.yaml')) as TestFile)
  for (const [index, mutant] of mutants.entries()) {
    const mutated = near.rules.flatMap(each => (each === rule ? (mutant.rule ?? []) : each))
    await writeFile(join(folder, `${index}.rules.yaml`), JSON.stringify({groups: [{name: 'all', rules: mutated}]}))
    await writeFile(
      join(folder, `${index}.test.yaml`),
      JSON.stringify({rule_files: [`${index}.rules.yaml`], evaluation_interval: '30s', tests: near.tests}),
    )
  }
  const {output} = runTool('promtool', ['test', 'rules', ...mutants.map((_, index) => `${index}.test.yaml`)], folder)
  return mutants.flatMap((mutant, index) => (passed(output, `${index}.test.yaml`) ? [mutant.name] : []))
}

/** @throws if promtool did not say how a file's tests ended */
function passed(output: string, file: string): boolean {
  const [, said = ''] = output.split(`Unit Testing:  ${file}\n`)
  if (said === '') throw new Error(`promtool says nothing of ${file}:\n${output.slice(0, 2000)}`)
  return said.trimStart().startsWith('SUCCESS')
}

describeWhere(missingTools(), 'rules over the metrics of Azure NPM', () => {
  test('promtool takes them, and their unit tests pass', () => {
    expect(runTool('promtool', ['check', 'rules', 'npm.rules.yaml'])).toEqual({
      isGood: true,
      output: expect.stringContaining('23 rules found'),
    })
    expect(runTool('promtool', ['test', 'rules', 'npm.rules.test.yaml'])).toMatchObject({isGood: true})
  })

  test.each(everyRule)('$name: changed in any place it fails its unit tests', async ({rule}) => {
    const folder = await mkdtemp(join(tmpdir(), 'rules-'))
    try {
      expect(mutantsOf(rule).length).toBeGreaterThan(2)
      expect(await survivors(rule, folder)).toEqual([])
    } finally {
      await rm(folder, {recursive: true})
    }
  })
})
