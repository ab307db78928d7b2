/**
 * Characters that can move a terminal's cursor, change its state, or reorder or hide text: controls, line separators, lone surrogates,
 * all that Unicode lets programs draw as nothing (joiners, bidi controls, soft hyphens, variation selectors, fillers, tags), marks of
 * annotations, and two symbols without ink. Letters and marks of all scripts stay.
 */
let expression: RegExp | undefined
/** Made by who has such a text first: what Unicode says of characters takes V8 a millisecond to gather. */
const controls = (): RegExp =>
  (expression ??= /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u2800\u{1d159}]/gu)
/** Nearly all texts hold nothing else, and are not searched further. */
const ODD = /[^\u0020-\u007e]/

/** Escapes control and invisible characters in text from nodes, labels and comments, for terminals: ESC `[2J` becomes `\x1b[2J`. */
export const escapeControls = (text: string): string => (ODD.test(text) ? text.replace(controls(), escaped) : text)

function escaped(character: string): string {
  const code = character.codePointAt(0) as number
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}

/** The same for text that may have several lines: their line feeds stay. */
export const escapeText = (text: string): string => text.split('\n').map(escapeControls).join('\n')

/** Whether a text contains such characters other than line feeds. */
export const hasControls = (text: string): boolean => ODD.test(text) && text.replaceAll('\n', '').search(controls()) >= 0

/** Escapes these characters in printed JSON with JSON's own escapes, so that the value stays the same. */
export const escapeJson = (json: string): string => (ODD.test(json) ? json.replace(controls(), escapedInJson) : json)

function escapedInJson(character: string): string {
  // JSON escapes line feeds inside strings, so the remaining ones are between its lines.
  if (character === '\n') return character
  // JSON has no escape for a code point of two units.
  return Array.from({length: character.length}, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
