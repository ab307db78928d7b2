import {escapeControls} from '../text/escape.ts'
import type {InputError} from './input-error.ts'
import type {Problem} from './problem.ts'

/** `file:line:column: `, as far as known. */
function place({file, line, column}: Problem): string {
  const parts = [file, line, line === undefined ? undefined : column].filter(part => part !== undefined)
  return parts.length === 0 ? '' : `${parts.join(':')}: `
}

/** A problem as text for a terminal: place and message, the line with a caret, the next step. At most four lines, escaped. */
export function problemText(problem: Problem): string {
  const {message, text, column, next} = problem
  const lines = [escapeControls(place(problem) + message)]
  if (text !== undefined && text !== '') {
    lines.push(`  ${escapeControls(text)}`)
    // Escapes are longer than the characters they replace, so the caret's position is computed from the escaped text.
    const before = escapeControls(text.slice(0, (column ?? 1) - 1)).length
    if (column !== undefined && column > 1 && column <= text.length) lines.push(`  ${' '.repeat(before)}^`)
  }
  lines.push(`  ${escapeControls(next)}`)
  return lines.join('\n')
}

/** An error as text for a terminal: the problems that led to it, what is wrong, and a line for each step that helps. All of it escaped. */
export function inputErrorText({message, steps, problems}: InputError): string {
  const before = problems.map(problem => `warning: ${problemText(problem)}`)
  return [...before, `error: ${escapeControls(message)}`, ...steps.map(step => `  ${escapeControls(step)}`)].join('\n')
}
