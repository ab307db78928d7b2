/**
 * Asked by loops whose memory grows with the input. Whoever runs core knows how much memory there is and sets it; without that nothing
 * is checked.
 *
 * @param neededBytes the most that is about to be taken at once
 * @param exactly tells more closely what will be; it takes a while, and is asked only where the most may not fit
 * @throws when it would not fit
 */
export type MemoryCheck = (neededBytes: number, exactly?: () => number) => void

let check: MemoryCheck = () => {}

/** Sets what `checkMemory` asks, for this process. */
export const setMemoryCheck = (its: MemoryCheck): void => {
  check = its
}

/** Ends the work with words where it would otherwise end the process: a heap that is full cannot be caught. */
export const checkMemory = (neededBytes = 0, exactly?: () => number): void => check(neededBytes, exactly)

/** How many lines, rules or members pass between two checks. */
export const CHECKED_LINES = 1 << 14
