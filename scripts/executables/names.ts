/** What stands where in an executable, for those who make it and for what runs in it. */

/** The piece that runs what the executable is called as. */
export const ENTRY = 'lib/executable.js'

/**
 * Verbs that mostly run the same functions. What V8 has compiled is kept for each kind by itself: a function that is not needed costs as much to load
 * as one that is.
 */
export const kinds: Readonly<Record<string, readonly string[]>> = {
  sets: ['translate', 'sets', 'resolve'],
  packets: ['trace', 'matrix'],
  differences: ['diff', 'verify', 'policies', 'describe'],
  objects: ['compile', 'lint'],
}
/** Help, and whatever is of no kind. There is something of each piece. */
export const OTHERS = 'others'

/** The kind of a command line. */
export function kindOf(words: readonly string[]): string {
  const [verb = ''] = words
  const isHelp = words.some(word => word === '--help' || word === '-h')
  return (isHelp ? undefined : Object.keys(kinds).find(kind => kinds[kind]?.includes(verb))) ?? OTHERS
}

/** What V8 has made of a piece for a kind of command lines. */
export const cacheName = (piece: string, kind: string): string => `cache/${kind}/${piece}`

/** koffi looks for its native part from the folder that this piece lies in. */
export const NATIVE_PIECE = 'lib/koffi/koffi.js'
export const NATIVE_FOLDER = 'build/koffi/'

/** What pieces take for the folder of the program. No system has such a path, so nothing can be put there. */
export const PROGRAM_FOLDER = '/dev/null/kubectl-npm'
