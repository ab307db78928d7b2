/** What no shell reads as anything but itself: no `=` in front, which zsh looks up. */
const PLAIN = /^[\w./:@+-][\w./=:@+-]*$/
/** A path of Windows, where cmd knows double quotes only; in these sh and PowerShell, too, read a single `\` as itself. */
const WINDOWS_PATH = /^[A-Za-z]:\\[\w.@+ \\-]*[\w.@+ -]$/

/**
 * A text as one word of a command for people to paste. Names come from dumps, agents and the API server, whose RoleBindings and users may
 * be called `x; reboot`.
 *
 * @returns the text itself, or in the quotes of sh, which PowerShell reads in the same way unless the text has quotes itself
 */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text
  if (WINDOWS_PATH.test(text) && !text.includes('\\\\')) return `"${text}"`
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A flag with its value: `--node n1`. What looks like a flag itself is joined to it, or it would be one. */
export const flagWords = (flag: string, value: string): string =>
  value.startsWith('-') ? `${flag}=${shellWord(value)}` : `${flag} ${shellWord(value)}`
