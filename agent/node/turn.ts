/** The end of the last that came, of each program. */
const last = new Map<string, Promise<unknown>>()

/**
 * Waits until nothing else in this process uses any of these programs. So each runs once at a time, however many read: one
 * that hangs holds up nobody but who reads the same, and the memory that iptables-save takes (1.3 KB a rule) is taken once.
 *
 * @param signal who waits no longer
 * @returns ends the turn; undefined when `signal` was aborted before the turn came
 */
export async function takeTurn(programs: readonly string[], signal: AbortSignal): Promise<(() => void) | undefined> {
  const before = Promise.all(programs.map(async program => last.get(program)))
  const {promise, resolve} = Promise.withResolvers<void>()
  const own = Promise.all([before, promise])
  for (const program of programs) last.set(program, own)
  void own.then(() => {
    for (const program of programs) if (last.get(program) === own) last.delete(program)
  })
  const left = Promise.withResolvers<void>()
  const leave = () => left.resolve()
  signal.addEventListener('abort', leave, {once: true})
  if (signal.aborted) leave()
  await Promise.race([before, left.promise])
  signal.removeEventListener('abort', leave)
  if (!signal.aborted) return resolve
  resolve()
  return undefined
}
