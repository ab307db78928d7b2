import {writeLines} from '../print/output.ts'
import type {Paint} from '../print/paint.ts'
import {linesFor} from '../print/wrap.ts'
import type {LinesScreen} from './lines-screen.ts'
import type {ShownAnswer} from './watch-answers.ts'

type ShowAnswer = (answer: ShownAnswer) => Promise<void>

/** Formats for people: of a later answer what is not as before is enough. */
const FOR_PEOPLE = new Set(['table', 'wide'])

/**
 * How `--watch` shows answers, each that is not the one before: on a terminal in place; elsewhere the first as a whole, and of later ones the
 * lines that are gone and those that are new. Documents, and what is made for programs, are whole each time.
 *
 * @param now the time, for the line above what has changed
 */
export function showAnswers(output: string, paint: Paint, isTerminal: boolean, now: () => Date): ShowAnswer {
  if (!FOR_PEOPLE.has(output)) return whenChanged(({lines}) => writeLines(lines))
  return isTerminal ? inPlace() : whenChanged(lineByLine(paint, now))
}

/** What is said beside an answer goes to stderr, each time that it is something else. */
function whenChanged(show: (answer: ShownAnswer) => Promise<void>): ShowAnswer {
  let shown: string | undefined
  let told = ''
  return async answer => {
    if (answer.key !== shown) await show(answer)
    shown = answer.key
    const text = answer.told.join('\n')
    if (text !== told) await writeLines(answer.told, process.stderr)
    told = text
  }
}

function lineByLine(paint: Paint, now: () => Date): (answer: ShownAnswer) => Promise<void> {
  let before: readonly string[] | undefined
  return async ({lines}) => {
    const [gone, come] = before ? [without(before, lines), without(lines, before)] : [[], []]
    const isFirst = before === undefined
    before = lines
    if (isFirst) return writeLines(lines)
    if (gone.length + come.length === 0) return
    await writeLines([
      paint(now().toISOString(), 'dim'),
      ...gone.map(line => `${paint('-', 'red')} ${line}`),
      ...come.map(line => `${paint('+', 'green')} ${line}`),
    ])
  }
}

/** Columns become wider and narrower; a row is the same row. */
const textOf = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')

/** The lines of a list that another one does not have; of lines that are there several times as many as are more. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of others) counts.set(textOf(line), (counts.get(textOf(line)) ?? 0) + 1)
  return lines.filter(line => {
    const text = textOf(line)
    const count = counts.get(text) ?? 0
    if (count > 0) counts.set(text, count - 1)
    return count === 0 && text !== ''
  })
}

function inPlace(): ShowAnswer {
  let screen: LinesScreen | undefined
  return async ({lines, told}) => {
    // Loading Ink takes longer than all else.
    screen ??= new (await import('./lines-screen.ts')).LinesScreen()
    screen.show([...linesFor(process.stdout, [...lines, ...told])])
  }
}
