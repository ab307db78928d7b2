import {verbs, verbUses} from '../commands/index.ts'

/** Beside the text, as oclif's help of a verb leaves them. */
const MARGIN = 2

/** Long lines are hard to read, and short ones cannot hold a flag beside what it does. */
export const helpWidth = (): number => (process.stdout.isTTY ? Math.min(Math.max(process.stdout.columns, 40), 120) : 80)

/**
 * The list of all verbs, by what they are there for. oclif is not asked: it takes longer to load than all of this.
 *
 * @param heading makes a text stand out
 */
export function verbsHelp(
  {description, version}: {readonly description: string; readonly version: string},
  width: number,
  heading: (text: string) => string,
): string {
  const lists = Object.entries(verbUses).map(([use, title]) => {
    const entries = Object.entries(verbs).filter(([, verb]) => verb.use === use)
    const indent = MARGIN + Math.max(...entries.map(([name]) => name.length)) + 2
    const rows = entries.flatMap(([name, {summary}]) =>
      wrapped(summary, width - indent).map((line, index) => (index === 0 ? `  ${name}` : '').padEnd(indent) + line),
    )
    return [heading(title.toUpperCase()), ...rows].join('\n')
  })
  const text = (words: string): string => wrapped(words, width - MARGIN).join('\n')
  return [
    `${text(description)}\nVersion ${version}`,
    `${heading('USAGE')}\n  kubectl npm VERB [flags]`,
    ...lists,
    text('More about a verb: kubectl npm help VERB. Flags of every verb, and those that choose the cluster: kubectl npm options'),
  ].join('\n\n')
}

/** Words are kept whole, also those that are longer than a line. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
