/**
 * Writes docs/verbs and man from what the program says of itself; examples are run. In the other pages it brings up to date what commands print,
 * and names those of which a page shows a part that is not there any more.
 */
import {globSync} from 'node:fs'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {trimmedLines} from './fences.ts'
import {pages} from './pages.ts'
import {refreshPage} from './refresh-page.ts'
import {type DocumentedShell, openShell} from './shell.ts'
import {asExample, type ShownExample, type VerbExamples} from './verb-examples.ts'
import type {OutputOf} from './verb-page.ts'

await using shell = await openShell()
for (const {url, text} of await pages((_, examples) => runExamples(shell, examples))) {
  await mkdir(new URL('.', url), {recursive: true})
  await writeFile(url, text)
  console.log(url.pathname.split('/').slice(-3).join('/'))
}

const root = new URL('../../', import.meta.url)
for (const page of globSync(['README.md', 'docs/*.md', 'examples/*.md'], {cwd: root}).toSorted()) {
  const url = new URL(page, root)
  const before = await readFile(url, 'utf8')
  const folder = await shell.folder()
  const {text, forPeople} = await refreshPage(before, command => shell.run(command, folder))
  if (text !== before) {
    await writeFile(url, text)
    console.log(page)
  }
  for (const {line, command} of forPeople) console.error(`${page}:${line}: shows a part that is not there any more: ${command}`)
}

/** Runs what can be run here, without a node and without a cluster; of the rest the examples say it. */
async function runExamples(shell: DocumentedShell, {examples, programs = []}: VerbExamples): Promise<OutputOf> {
  const folder = await shell.folder()
  const outputs = new Map<string, string>()
  for (const example of [...examples, ...programs.map(asExample)])
    outputs.set(example.command, example.prints ?? cut(await shell.run(example.command, folder), example))
  return ({command}) => outputs.get(command) ?? ''
}

/** As much as the page shows. */
function cut(printed: string, {lines}: ShownExample): string {
  const all = trimmedLines(printed).split('\n')
  return (lines !== undefined && all.length > lines ? [...all.slice(0, lines), '…'] : all).join('\n')
}
