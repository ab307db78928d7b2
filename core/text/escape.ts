/**
 * Characters that can move a terminal's cursor, change its state, or reorder or hide text: C0 and C1 controls, bidi
 * controls, line separators and invisible joiners.
 */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Makes text from nodes, labels and comments harmless on a terminal: `\u001b[2J` is shown as `\x1b[2J`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, character => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** Whether a printed text holds anything but line feeds that a terminal must not see. */
export const hasControls = (text: string): boolean => text.replaceAll('\n', '').search(CONTROLS) >= 0

/** The same for JSON text that is already printed: escapes that JSON itself has, so that the value stays the same. */
export function escapeJson(json: string): string {
  // The line feeds between JSON's own lines are the only controls that are not escaped inside strings already.
  return json.replace(CONTROLS, character =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
