/** One line of the result. */
export interface Row {
  readonly what: string
  readonly size: string
  /** Time that passes. */
  readonly median: string
  /** Time of all processors, and the peak of memory, of one run; absent for what is no process of Node. */
  readonly processors?: string
  readonly memory?: string
  readonly ratio: string
  readonly aim: string
  readonly met: Met
}

/** Whether an aim is met; empty where nothing is aimed at. On a fast machine the number is met more easily than the ratio. */
export type Met = 'yes' | 'not as a ratio' | 'no' | ''

/** The result as a table in Markdown, columns aligned for reading it as text too. */
export function markdown(rows: readonly Row[]): string {
  const cells = [
    ['what', 'size', 'median', 'processors', 'memory', 'ratio', 'aim', 'met'],
    ...rows.map(({what, size, median, processors = '', memory = '', ratio, aim, met}) => [
      what,
      size,
      median,
      processors,
      memory,
      ratio,
      aim,
      met === 'no' ? '**no**' : met,
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(3, ...cells.map(row => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`
  const [head = [], ...body] = cells.map(line)
  return [head, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}
