let hook: ((name: string) => void) | undefined

/**
 * A moment at which this process may end, or the disk may fail: before and after whatever lasts. Tests set what happens there, to kill
 * a writer at each of them; otherwise nothing does.
 */
export const faultPoint = (name: string): void => hook?.(name)

export function setFaultHook(next: typeof hook): void {
  hook = next
}
