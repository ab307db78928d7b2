import {globSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {commandsOf, type Fence, fencesOf, isShown, trimmedLines} from '../../scripts/docs/fences.ts'
import {parseOnly, wordsOfPlugin} from '../../scripts/docs/parse-only.ts'
import {type DocumentedShell, openNodeShell, openShell} from '../../scripts/docs/shell.ts'
import {describeKernel, kernelTest} from '../support/kernel/describe.ts'
import {loadRules, loadSets} from '../support/kernel/load.ts'
import {notRun} from './not-run.ts'

/**
 * Every command of the documents runs, and prints what they say. A block of `console` has commands behind `$ `, each with what it prints;
 * CONTRIBUTING.md tells the words that may stand behind `console`.
 */

const root = join(import.meta.dirname, '../..')
const pages = globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'manifests/**/*.md', 'examples/**/*.md'], {
  cwd: root,
}).toSorted()
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const consoles = (page: string): Fence[] => fencesOf(read(page)).filter(({language}) => language === 'console')
/** The value of a mark like `root=DUMP`. */
const valueOf = ({marks}: Fence, name: string): string | undefined =>
  marks.find(mark => mark.startsWith(`${name}=`))?.slice(name.length + 1)

const isPlain = ({marks}: Fence): boolean => marks.length === 0
const isOnNode = (fence: Fence): boolean => fence.marks.includes('root') || valueOf(fence, 'root') !== undefined

/** Runs the commands of a page, one after the other: later ones see what earlier ones have done. */
async function expectShown(page: string, fences: readonly Fence[], shell: DocumentedShell): Promise<void> {
  const folder = await shell.folder()
  for (const {line, command, output} of fences.flatMap(commandsOf)) {
    const printed = await shell.run(command, folder)
    if (!isShown(output, printed)) expect(trimmedLines(printed), `${page}:${line}: ${command}`).toBe(output.join('\n'))
  }
}

describe('a command prints what the page says', () => {
  let shell: DocumentedShell
  beforeAll(async () => {
    shell = await openShell()
  })
  afterAll(() => shell[Symbol.asyncDispose]())

  test.each(pages.filter(page => consoles(page).some(isPlain)))('%s', page =>
    expectShown(page, consoles(page).filter(isPlain), shell),
  )
})

describeKernel('a command on a node prints what the page says', () => {
  for (const page of pages.filter(each => consoles(each).some(isOnNode)))
    kernelTest(page, async namespace => {
      const fences = consoles(page).filter(isOnNode)
      const [first] = fences as [Fence]
      const dump = valueOf(first, 'root')
      if (dump !== undefined) {
        const [rules = ''] = globSync(`${dump}/iptables-*save.txt`, {cwd: root})
        await loadSets(namespace, read(`${dump}/ipset-save.txt`))
        await loadRules(namespace, 'nft', read(rules))
      }
      await using shell = await openNodeShell({namespace: namespace.name, hostName: valueOf(first, 'host') ?? 'node'})
      await expectShown(page, fences, shell)
    })
})

/** Why a block is not run from its page. */
const REASONS = ['cluster']

describe('what is run elsewhere', () => {
  const isLeft = (fence: Fence): boolean => !isPlain(fence) && !isOnNode(fence)
  const left = pages.flatMap(page =>
    consoles(page)
      .filter(isLeft)
      .map(fence => ({page, fence})),
  )

  test('is listed with its test', () => {
    const commands = left.flatMap(({page, fence}) => commandsOf(fence).map(({command}) => ({page, command})))
    const rowOf = ({page, command}: {page: string; command: string}) =>
      notRun.find(row => row.page === page && command === row.command)
    expect(commands.filter(shown => rowOf(shown) === undefined)).toEqual([])
    const used = new Set(commands.map(rowOf))
    expect(notRun.filter(row => !used.has(row))).toEqual([])
    expect(left.filter(({fence}) => !fence.marks.every(mark => REASONS.includes(mark)))).toEqual([])
  })

  const held = notRun.flatMap(row => (row.heldBy ? [{...row, heldBy: row.heldBy}] : []))

  test('or has a reason', () => {
    expect(notRun.filter(({heldBy, reason}) => (heldBy === undefined) === (reason === undefined))).toEqual([])
  })

  test.each(held)('is held to its page: $page: $command', ({page, command, heldBy}) => {
    const text = read(heldBy.file)
    const start = text.indexOf(`test('${heldBy.test}'`)
    expect(start, `${heldBy.file} has such a test`).toBeGreaterThan(0)
    const [body = ''] = text.slice(start).split(/\n\s*(?:test|describe)\b/)
    expect(body).toContain('expectShown(')
    const runs = [...text.matchAll(/\b(?:runShown|shownCommand)\(\s*'([^']+)',\s*(['"`])(.*?)\2,?\s/g)]
    expect(runs.map(([, shown, , words = '']) => [shown, words.replaceAll('\\\\', '\\')])).toContainEqual([page, command])
  })
})

/** Commands within sentences. */
const spansOf = (text: string): string[] =>
  [...text.replaceAll(/^```[^`]*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
/** In sentences: what stands for a verb, and a verb without what it needs. */
const isVague = (words: readonly string[]): boolean => words.some(word => word === '…' || word === 'VERB') || words.length === 1

describe('a command that is named has a verb and flags that there are', () => {
  const faultsOf = async (commands: readonly string[][]): Promise<string[]> => {
    const faults: string[] = []
    for (const words of commands)
      await parseOnly(words).catch((error: Error) => faults.push(`kubectl npm ${words.join(' ')}: ${error.message}`))
    return faults
  }

  test.each(pages)('%s', async page => {
    const copied = fencesOf(read(page)).filter(({language}) => language === 'sh' || language === '')
    const lines = [
      ...copied.flatMap(({lines: text}) => text.join('\n').replaceAll('\\\n', ' ').split('\n')),
      ...consoles(page)
        .flatMap(commandsOf)
        .map(({command}) => command.replaceAll('\\\n', ' ')),
    ]
    const spans = spansOf(read(page)).flatMap(wordsOfPlugin)
    expect(await faultsOf([...lines.flatMap(wordsOfPlugin), ...spans.filter(words => !isVague(words))])).toEqual([])
  })

  test('and others are refused', async () => {
    const wrong = [
      'kubectl npm diff --lote',
      'FOO=1 kubectl npm translat',
      'sudo kubectl-npm sets -o xml',
      'x | kubectl npm trace a',
    ]
    expect(await faultsOf(wrong.flatMap(wordsOfPlugin))).toHaveLength(wrong.length)
  })
})

test('a prompt stands in blocks of console only', () => {
  const others = pages.flatMap(page =>
    fencesOf(read(page))
      .filter(({language, lines}) => language !== 'console' && lines.some(line => line.startsWith('$ ')))
      .map(({line}) => `${page}:${line}`),
  )
  expect(others).toEqual([])
})
