import type {Page} from './page.ts'
import type {Sort} from './table.ts'

/** One page, and how a person has arranged it. */
export interface OpenPage {
  readonly page: Page
  /** Key of the selected row; the first one, while nothing else was selected. */
  readonly selected?: string
  /** Where the selected row was last seen: what is selected when it has gone. */
  readonly place: number
  /** Place of the first row that is shown. */
  readonly top: number
  readonly sort?: Sort
  readonly filter: string
}

/** What covers the table. */
export interface Overlay {
  readonly kind: 'help' | 'yaml'
  /** Place of the first line that is shown. */
  readonly top: number
}

export const themes = ['dark', 'light', 'plain'] as const

export type Theme = (typeof themes)[number]

/** What the screen shows of what is known. */
export interface TopState {
  /** From the list of nodes to the page that is shown. */
  readonly trail: readonly [OpenPage, ...OpenPage[]]
  /** The filter while it is typed. */
  readonly prompt?: string
  readonly overlay?: Overlay
  readonly isPaused: boolean
  readonly intervalMs: number
  readonly theme: Theme
  readonly hasMouse: boolean
  /** How often a person asked to read again what is not read by itself. */
  readonly refreshed: number
  /** Of a recording: which moment of how many is shown. */
  readonly replay?: {readonly at: number; readonly count: number}
  readonly isOver: boolean
}

export const INTERVALS_MS = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000] as const

export const openPage = (page: Page): OpenPage => ({page, place: 0, top: 0, filter: ''})

/** How the screen begins. @param node the only one there is to look at */
export function initialState(options: {
  readonly intervalMs: number
  readonly theme: Theme
  readonly node?: string
  readonly hasMouse?: boolean
  /** Of a recording. */
  readonly moments?: number
}): TopState {
  const nodes = openPage({kind: 'nodes'})
  return {
    trail: options.node === undefined ? [nodes] : [nodes, openPage({kind: 'policies', node: options.node})],
    isPaused: false,
    intervalMs: options.intervalMs,
    theme: options.theme,
    hasMouse: options.hasMouse ?? true,
    refreshed: 0,
    ...(options.moments !== undefined && {replay: {at: 0, count: options.moments}}),
    isOver: false,
  }
}

export const currentPage = (state: TopState): OpenPage => state.trail.at(-1) as OpenPage

/** The filter that holds: the one that is typed, so that its effect is seen at once. */
export const currentFilter = (state: TopState): string => state.prompt ?? currentPage(state).filter
