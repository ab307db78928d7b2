import type {Action} from '../../../core/top/action.ts'

/** Presses, releases and the wheel, with places beyond column 223. Source: xterm's control sequences, "Mouse Tracking", 1000 and 1006. */
export const MOUSE_ON = '\u001b[?1000h\u001b[?1006h'
export const MOUSE_OFF = '\u001b[?1006l\u001b[?1000l'

/** Lines that one step of the wheel scrolls, as in other programs. */
const WHEEL_LINES = 3

export interface MouseEvent {
  readonly kind: 'press' | 'wheelUp' | 'wheelDown'
  /** From 0. */
  readonly row: number
  readonly column: number
}

/** An event as terminals send it. Undefined for all that does nothing: releases, other buttons, other text. */
export function parseMouse(sequence: string): MouseEvent | undefined {
  const match = /^\u001b\[<(\d+);(\d+);(\d+)M$/.exec(sequence)
  if (!match) return
  const [button, column, row] = match.slice(1).map(Number) as [number, number, number]
  const place = {row: row - 1, column: column - 1}
  if (button === 64) return {kind: 'wheelUp', ...place}
  if (button === 65) return {kind: 'wheelDown', ...place}
  return button === 0 ? {kind: 'press', ...place} : undefined
}

const MOUSE = /\u001b\[<\d+;\d+;\d+[Mm]/g
/** A lone escape is none: it is a key. */
const BEGUN = /\u001b\[<[\d;]*$/

/** Parts what a terminal sends into keys and what the mouse did. @returns as `pending` what stands before the next text */
export function takeMouse(text: string): {
  readonly keys: string
  readonly sequences: readonly string[]
  readonly pending: string
} {
  const sequences = text.match(MOUSE) ?? []
  const rest = text.replace(MOUSE, '')
  const pending = BEGUN.exec(rest)?.[0] ?? ''
  return {keys: rest.slice(0, rest.length - pending.length), sequences, pending}
}

/** A place of the screen that does something. */
export interface Target {
  readonly row: number
  readonly from: number
  /** Behind the last column. */
  readonly to: number
  readonly action: Action
}

/** What an event asks for where it happened. */
export function mouseAction({kind, row, column}: MouseEvent, targets: readonly Target[]): Action | undefined {
  if (kind === 'wheelUp') return {do: 'scroll', by: -WHEEL_LINES}
  if (kind === 'wheelDown') return {do: 'scroll', by: WHEEL_LINES}
  return targets.find(target => target.row === row && target.from <= column && column < target.to)?.action
}
