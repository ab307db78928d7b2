/**
 * Characters that can move a terminal's cursor, change its state, or reorder or hide text: C0 and C1 controls, bidi
 * controls, line separators and invisible joiners.
 */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Escapes control characters in text from nodes, labels and comments, for terminals: ESC `[2J` becomes `\x1b[2J`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, character => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** The same for text that may have several lines: their line feeds stay. */
export const escapeText = (text: string): string => text.split('\n').map(escapeControls).join('\n')

/** Whether a text contains control characters other than line feeds. */
export const hasControls = (text: string): boolean => text.replaceAll('\n', '').search(CONTROLS) >= 0

/** Escapes control characters in printed JSON with JSON's own escapes, so that the value stays the same. */
export function escapeJson(json: string): string {
  // JSON escapes line feeds inside strings, so the remaining ones are between its lines.
  return json.replace(CONTROLS, character =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
