/** Counts changes and wakes who waits for one. Nothing is queued: who is late learns how many there were. */
export class Changes {
  private readonly waiting = new Set<() => void>()
  private total = 0

  get count(): number {
    return this.total
  }

  tell(): void {
    this.total++
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Resolves as soon as there are more changes than `seen`, and when `signal` is aborted. */
  async after(seen: number, signal: AbortSignal): Promise<void> {
    while (this.total <= seen && !signal.aborted)
      await new Promise<void>(resolve => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          this.waiting.delete(wake)
          resolve()
        }
        this.waiting.add(wake)
        signal.addEventListener('abort', wake, {once: true})
      })
  }
}
