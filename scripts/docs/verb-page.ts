import {commandsOf, fencesOf} from './fences.ts'
import {asExample, type ShownExample, type VerbExamples} from './verb-examples.ts'
import type {FlagGroup, VerbFacts} from './verb-facts.ts'

/** What each command of an example prints, as a page shows it. */
export type OutputOf = (example: ShownExample) => string

const WRITTEN = '<!-- Written by `npm run docs` from what the program says of itself, and from scripts/docs/verb-examples.ts. -->'

/** The page of one verb. @param titleOf the first heading of another page in docs/ */
export function verbPage(facts: VerbFacts, given: VerbExamples, outputOf: OutputOf, titleOf: (page: string) => string): string {
  const {name, summary, description, usage, examples, exits} = facts
  const {more = []} = given
  return lines([
    `# kubectl npm ${name}`,
    '',
    WRITTEN,
    '',
    `${inText(summary)}.`,
    '',
    inText(description),
    '',
    '```sh',
    ...examples,
    '```',
    '',
    ...(more.length === 0 ? [] : [`More: ${more.map(page => `[${titleOf(page)}](../${page})`).join(', ')}.`, '']),
    '## What it prints',
    '',
    ...given.examples.flatMap(example => [`${example.says}:`, '', ...shown(example, outputOf), '']),
    ...forPrograms(given, outputOf),
    '## How it is called',
    '',
    '```text',
    usage,
    '```',
    '',
    ...argsTable(facts),
    ...facts.flagGroups.flatMap(flagTable),
    'Flags that other verbs have, too: [all verbs](README.md#flags-of-every-verb).',
    '',
    '## Exit codes',
    '',
    ...table(
      ['code', 'means'],
      exits.map(({code, meaning}) => [code, inText(meaning)]),
    ),
  ])
}

function forPrograms({programs = [], document, documentIs = '`-o json` prints'}: VerbExamples, outputOf: OutputOf): string[] {
  const [first] = programs
  const kind = document ?? (first === undefined ? undefined : outputOf(asExample(first)).split('\n')[0])
  if (kind === undefined) return []
  const end = programs.length === 0 ? '.' : ', and jq takes it apart:'
  return [
    '## For programs',
    '',
    `${documentIs} a [\`${kind}\`](../schema/${kind}.json)${end}`,
    '',
    ...programs.flatMap(command => [...shown(asExample(command), outputOf), '']),
  ]
}

/** The list of all pages, with the flags that verbs share. */
export function verbsPage(all: readonly VerbFacts[], uses: readonly string[], shared: readonly FlagGroup[]): string {
  return lines([
    '# All verbs',
    '',
    WRITTEN,
    '',
    ...uses.flatMap(use => [
      `## ${use}`,
      '',
      ...table(
        ['verb', 'what it does'],
        all.filter(verb => verb.use === use).map(({name, summary}) => [`[\`${name}\`](${name}.md)`, inText(summary)]),
      ),
      '',
    ]),
    ...shared.flatMap(flagTable),
  ])
}

/** What a kept page shows below each command. @throws RangeError for one that it does not have */
export function outputsOfPage(page: string): OutputOf {
  const shownCommands = new Map(
    fencesOf(page)
      .flatMap(commandsOf)
      .map(({command, output}) => [command, output.join('\n')]),
  )
  return ({command}) => {
    const output = shownCommands.get(command)
    if (output === undefined) throw new RangeError(`the page does not show: ${command}`)
    return output
  }
}

function shown(example: ShownExample, outputOf: OutputOf): string[] {
  const output = outputOf(example)
  return [['```console', ...(example.marks ?? [])].join(' '), `$ ${example.command}`, ...(output === '' ? [] : [output]), '```']
}

function argsTable({args}: VerbFacts): string[] {
  if (args.length === 0) return []
  return [
    ...table(
      ['argument', 'what it is'],
      args.map(({name, about}) => [code(name), inText(about)]),
    ),
    '',
  ]
}

function flagTable({heading, flags}: FlagGroup): string[] {
  return [
    `## ${heading}`,
    '',
    ...table(
      ['flag', 'what it does'],
      flags.map(({spelling, about}) => [code(spelling), inText(about)]),
    ),
    '',
  ]
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)

const code = (text: string): string => `\`${text}\``

/** Flags and placeholders of a sentence as code, and what Markdown would take for a sign of its own as it is. */
const inText = (text: string): string =>
  text
    .replaceAll(/(?<![\w-])--?[a-z][\w-]*(?:=\S*[\w…])?/g, flag => (/^-[a-z]{2}/.test(flag) ? flag : code(flag)))
    .replaceAll(/[<>*]/g, sign => `\\${sign}`)

/** One empty line between blocks. What a command prints is one text, and stays as it is. */
const lines = (all: readonly string[]): string =>
  `${all
    .filter((line, index) => line !== '' || all[index - 1] !== '')
    .join('\n')
    .trimEnd()}\n`
