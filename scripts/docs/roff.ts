/*
 * Text as roff, for man pages: our own writer, since the packages that turn Markdown into roff have had no release for years, and few macros
 * are needed. Source: groff_man(7), groff_char(7), man(7) of mandoc.
 */

/** Text of a line: signs that roff would take for its own are escaped, and others than ASCII are told by their number. */
export function roffText(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[^\0-\x7f]/gu, sign => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`)
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped
}

export const bold = (text: string): string => `\\fB${roffText(text)}\\fR`
export const italic = (text: string): string => `\\fI${roffText(text)}\\fR`

/** A sentence to a line, as roff wants it: it then sets the space behind a full stop. */
export const sentences = (text: string): string[] => text.split(/(?<=[.:]) (?=[A-Z])/).map(roffText)

/** A section; without lines there is none. */
export const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`.SH ${heading.toUpperCase()}`, ...lines]

/** A word, and what it is, indented below. */
export const item = (word: string, about: string): string[] => ['.TP', word, ...sentences(about === '' ? '.' : about)]

/** Lines as they are. */
export const literal = (lines: readonly string[]): string[] => ['.EX', ...lines.map(roffText), '.EE']
