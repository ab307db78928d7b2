/** The end of the last that came, of each program. */
const last = new Map<string, Promise<unknown>>()

/**
 * Waits until nothing else in this process uses any of these programs. So each runs once at a time, however many read: one
 * that hangs holds up nobody but who reads the same, and the memory that iptables-save takes (1.3 KB a rule) is taken once.
 *
 * @param timeoutMs how long to wait for it
 * @param signal ends the wait early
 * @returns ends the turn; undefined when it did not come in time
 */
export async function takeTurn(
  programs: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<(() => void) | undefined> {
  const before = Promise.all(programs.map(async program => last.get(program)))
  const {promise, resolve} = Promise.withResolvers<void>()
  const own = Promise.all([before, promise])
  for (const program of programs) last.set(program, own)
  void own.then(() => {
    for (const program of programs) if (last.get(program) === own) last.delete(program)
  })
  const left = Promise.withResolvers<false>()
  const leave = () => left.resolve(false)
  // Not AbortSignal.timeout: each one would be kept until its time is over.
  const timer = setTimeout(leave, timeoutMs)
  signal?.addEventListener('abort', leave, {once: true})
  if (signal?.aborted) leave()
  const hasCome = await Promise.race([left.promise, before.then(() => true)])
  clearTimeout(timer)
  signal?.removeEventListener('abort', leave)
  if (hasCome) return resolve
  resolve()
  return undefined
}
