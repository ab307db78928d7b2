import {isHistory, type Row} from './table.ts'

export interface Filter {
  readonly keeps: (row: Row) => boolean
  /** Why the text is no filter. */
  readonly problem?: string
}

const ALL: Filter = {keeps: () => true}

/**
 * What a person typed after `/`: text that a row must have, upper and lower case being one; `!text` for rows without it; `/a|b/` for a
 * regular expression, which `!` inverts, too.
 *
 * @returns a filter that keeps all rows, and the problem, where the expression is none
 */
export function parseFilter(text: string): Filter {
  const isInverse = text.startsWith('!')
  const wanted = isInverse ? text.slice(1) : text
  if (wanted === '') return ALL
  const expression = /^\/(.+?)\/?$/.exec(wanted)?.[1]
  if (expression === undefined) {
    const lower = wanted.toLowerCase()
    return {keeps: row => textsOf(row).some(text => text.toLowerCase().includes(lower)) !== isInverse}
  }
  try {
    const pattern = new RegExp(expression, 'iu')
    return {keeps: row => textsOf(row).some(text => pattern.test(text)) !== isInverse}
  } catch {
    return {...ALL, problem: `"${expression}" is no regular expression: all rows are shown`}
  }
}

/** Each cell, so that its beginning and its end can be asked for, and all of them. */
function textsOf(row: Row): string[] {
  const texts = row.cells.flatMap(cell => (isHistory(cell) ? [] : [cell.text]))
  return [...texts, texts.join(' ')]
}
