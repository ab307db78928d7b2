import {commandsOf, fencesOf, isShown, leavesOut, trimmedLines} from './fences.ts'

export interface RefreshedPage {
  readonly text: string
  /** Commands that print something else than the page shows, which leaves out lines: only a person knows which. By line, from 1. */
  readonly forPeople: readonly {readonly line: number; readonly command: string}[]
}

/**
 * A page with what its commands print now, where it shows all of it. Blocks with marks behind `console` stay as they are.
 *
 * @param run runs a command as a test of documents does, and gives what it prints
 */
export async function refreshPage(markdown: string, run: (command: string) => Promise<string>): Promise<RefreshedPage> {
  const plain = fencesOf(markdown).filter(({language, marks}) => language === 'console' && marks.length === 0)
  const lines = markdown.split('\n')
  const forPeople: {line: number; command: string}[] = []
  // What is put in may have another number of lines than what was there.
  let shift = 0
  for (const {line, command, output} of plain.flatMap(commandsOf)) {
    const printed = await run(command)
    if (isShown(output, printed)) continue
    if (leavesOut(output)) {
      forPeople.push({line, command})
      continue
    }
    const now = trimmedLines(printed)
    const shown = now === '' ? [] : now.split('\n')
    const start = line - 1 + command.split('\n').length + shift
    lines.splice(start, output.length, ...shown)
    shift += shown.length - output.length
  }
  return {text: lines.join('\n'), forPeople}
}
