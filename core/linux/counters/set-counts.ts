import {isSetName} from '../../names/kernel-name.ts'
import {eachLine, type Text} from '../../text/lines.ts'

const NAME = 'Name: '
const ENTRIES = 'Number of entries: '

/**
 * How many members each set of Azure NPM has, from the text of `ipset list -t`.
 *
 * @returns by kernel name; null where the kernel does not tell
 */
export function readSetCounts(text: Text): Map<string, number | null> {
  const counts = new Map<string, number | null>()
  let name: string | undefined
  eachLine(text, (piece, start, end) => {
    if (piece.startsWith(NAME, start)) {
      const found = piece.slice(start + NAME.length, end)
      name = isSetName(found) ? found : undefined
      if (name !== undefined) counts.set(name, null)
    } else if (name !== undefined && piece.startsWith(ENTRIES, start))
      counts.set(name, Number(piece.slice(start + ENTRIES.length, end)))
  })
  return counts
}
