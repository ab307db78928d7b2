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
/** Each file of rules, with how many there are in it. */
const files = [
  {file: 'npm', count: 23, ...(parse(await read('npm.rules.yaml')) as RuleFile)},
  {file: 'agent', count: 9, ...(parse(await read('agent.rules.yaml')) as RuleFile)},
]

interface TestFile {
  readonly tests: readonly object[]
}

const nameOf = ({alert, record}: Rule): string => alert ?? record ?? ''
const everyRule = files.flatMap(({file, groups}) =>
  groups.flatMap(group => group.rules).map(rule => ({name: nameOf(rule), file, rule})),
)
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

/** A file of tests as promtool reads it: there `0x20` is 0 and then twenty times 0 more, and no number. */
const withoutHex = (text: string): TestFile =>
  parse(text, {customTags: tags => tags.filter(tag => typeof tag === 'string' || tag.format !== 'HEX')}) as TestFile

/** The mutants of a rule whose unit tests pass all the same. promtool runs once, with all of them. */
async function survivors(rule: Rule, file: string, folder: string): Promise<string[]> {
  const mutants = mutantsOf(rule)
  const near = around(rule, withoutHex(await read(`${file}.rules.test.yaml`)))
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

describeWhere(missingTools(), 'rules over the metrics of Azure NPM and of agents', () => {
  test.each(files)('promtool takes those of $file, and their unit tests pass', ({file, count}) => {
    expect(runTool('promtool', ['check', 'rules', `${file}.rules.yaml`])).toEqual({
      isGood: true,
      output: expect.stringContaining(`${count} rules found`),
    })
    expect(runTool('promtool', ['test', 'rules', `${file}.rules.test.yaml`])).toMatchObject({isGood: true})
  })

  test.each(everyRule)('$name: changed in any place it fails its unit tests', async ({rule, file}) => {
    const folder = await mkdtemp(join(tmpdir(), 'rules-'))
    try {
      expect(mutantsOf(rule).length).toBeGreaterThan(2)
      expect(await survivors(rule, file, folder)).toEqual([])
    } finally {
      await rm(folder, {recursive: true})
    }
  })
})
