import {parseFilter} from './filter.ts'
import {type Page, pageKey, tabsOf} from './page.ts'
import {type Row, type Sort, sortableColumns, sortRows, type TopTable} from './table.ts'

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

/** What a person asks for. */
export type Action =
  | {readonly do: 'move'; readonly by: number}
  | {readonly do: 'turn'; readonly pages: number}
  | {readonly do: 'scroll'; readonly by: number}
  | {readonly do: 'select'; readonly row: string}
  | {readonly do: 'tab'; readonly to: number}
  | {readonly do: 'sort'; readonly column: string}
  | {readonly do: 'type'; readonly text: string}
  | {readonly do: 'go'; readonly page: Page}
  /** Of a recording, forwards or backwards; the person's own steps pause it. */
  | {readonly do: 'step'; readonly by: number}
  | {readonly do: 'play'}
  | {
      readonly do:
        | 'first'
        | 'last'
        | 'open'
        | 'back'
        | 'nextTab'
        | 'previousTab'
        | 'nextSort'
        | 'reverse'
        | 'filter'
        | 'erase'
        | 'eraseAll'
        | 'pause'
        | 'slower'
        | 'faster'
        | 'theme'
        | 'mouse'
        | 'refresh'
        | 'yaml'
        | 'differences'
        | 'help'
        | 'quit'
    }

/** What an action is about: the table of the page that is shown, and how many rows of it there is room for. */
export interface Shown {
  readonly table: TopTable
  readonly height: number
  /** Lines of the overlay. */
  readonly overlayLines: number
}

export const INTERVALS_MS = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000] as const

const open = (page: Page): OpenPage => ({page, place: 0, top: 0, filter: ''})

/** How the screen begins. @param node the only one there is to look at */
export function initialState(options: {
  readonly intervalMs: number
  readonly theme: Theme
  readonly node?: string
  readonly hasMouse?: boolean
  /** Of a recording. */
  readonly moments?: number
}): TopState {
  const nodes = open({kind: 'nodes'})
  return {
    trail: options.node === undefined ? [nodes] : [nodes, open({kind: 'policies', node: options.node})],
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

/** Rows that are not filtered away, in their order. */
export const shownRows = (state: TopState, table: TopTable): readonly Row[] => {
  const {keeps} = parseFilter(currentFilter(state))
  return sortRows(table, currentPage(state).sort).filter(keeps)
}

/** Place of the selected row among those; -1 where there are none. A row that has gone leaves its place to the next one. */
export function selectedPlace({selected, place}: OpenPage, rows: readonly Row[]): number {
  const found = selected === undefined ? 0 : rows.findIndex(({key}) => key === selected)
  return Math.min(found < 0 ? place : found, rows.length - 1)
}

/** The first row to show, so that the selected one is seen and no room is wasted. */
export function firstShown({top}: OpenPage, selected: number, count: number, height: number): number {
  const least = Math.max(0, selected - height + 1)
  const most = Math.min(Math.max(0, selected), Math.max(0, count - height))
  return Math.max(Math.min(top, most), Math.min(least, Math.max(0, count - height)))
}

/** The state after an action. */
export function reduce(state: TopState, action: Action, shown: Shown): TopState {
  if (action.do === 'quit') return {...state, isOver: true}
  if (action.do === 'play') return state.isPaused ? state : step(state, 1)
  if (state.prompt !== undefined) {
    const typed = type(state, state.prompt, action)
    if (typed) return typed
  }
  if (state.overlay) {
    const covered = readOverlay(state, state.overlay, action, shown)
    if (covered) return covered
  }
  return onPage(state, action, shown)
}

/** @returns undefined for an action that is the same while a filter is typed */
function type(state: TopState, prompt: string, action: Action): TopState | undefined {
  switch (action.do) {
    case 'type':
      return {...state, prompt: prompt + action.text}
    case 'erase':
      return prompt === '' ? withoutPrompt(state) : {...state, prompt: Array.from(prompt).slice(0, -1).join('')}
    case 'eraseAll':
      return {...state, prompt: ''}
    case 'open':
      return withoutPrompt(change(state, {filter: prompt, top: 0}))
    case 'back':
      return withoutPrompt(change(state, {filter: ''}))
    default:
      return
  }
}

function withoutPrompt({prompt: _typed, ...state}: TopState): TopState {
  return state
}

function withoutOverlay({overlay: _covering, ...state}: TopState): TopState {
  return state
}

function readOverlay(state: TopState, overlay: Overlay, action: Action, shown: Shown): TopState | undefined {
  const {overlayLines, height} = shown
  const scrolled = (top: number): TopState => ({
    ...state,
    overlay: {...overlay, top: Math.max(0, Math.min(top, overlayLines - height))},
  })
  switch (action.do) {
    case 'back':
    case 'open':
      return withoutOverlay(state)
    case 'help':
    case 'yaml':
      return overlay.kind === action.do ? withoutOverlay(state) : {...state, overlay: {kind: action.do, top: 0}}
    case 'move':
    case 'scroll':
      return scrolled(overlay.top + action.by)
    case 'turn':
      return scrolled(overlay.top + action.pages * height)
    case 'first':
      return scrolled(0)
    case 'last':
      return scrolled(overlayLines)
    case 'pause':
    case 'theme':
    case 'mouse':
    case 'step':
      return
    default:
      return state
  }
}

function onPage(state: TopState, action: Action, shown: Shown): TopState {
  const page = currentPage(state)
  const {table, height} = shown
  const rows = shownRows(state, table)
  const at = selectedPlace(page, rows)
  const selectAt = (place: number): TopState => {
    const to = Math.max(0, Math.min(place, rows.length - 1))
    const selected = rows[to]?.key
    if (selected === undefined) return state
    const top = firstShown(page, at, rows.length, height)
    return change(state, {selected, place: to, top: firstShown({...page, top}, to, rows.length, height)})
  }
  switch (action.do) {
    case 'move':
      return selectAt(at + action.by)
    case 'turn':
      return selectAt(at + action.pages * Math.max(1, height - 1))
    case 'scroll': {
      const first = firstShown(page, at, rows.length, height)
      const top = Math.max(0, Math.min(first + action.by, rows.length - height))
      const place = Math.max(top, Math.min(at, top + height - 1))
      const selected = rows[place]?.key
      return selected === undefined ? state : change(state, {top, place, selected})
    }
    case 'select': {
      const place = rows.findIndex(({key}) => key === action.row)
      if (place < 0) return state
      // A second click opens, as a double click does.
      return place === at && page.selected !== undefined ? openRow(state, rows[place]) : selectAt(place)
    }
    case 'first':
      return selectAt(0)
    case 'last':
      return selectAt(rows.length - 1)
    case 'open':
      return openRow(state, rows[at])
    case 'back':
      return back(state)
    case 'go':
      return go(state, action.page)
    case 'tab':
    case 'nextTab':
    case 'previousTab':
      return switchTab(state, action)
    case 'differences':
      return showDifferences(state, rows[at])
    case 'sort':
      return sortBy(state, table, action.column)
    case 'nextSort': {
      const columns = sortableColumns(table)
      const now = columns.findIndex(({key}) => key === (page.sort?.column ?? table.sortedBy))
      const next = columns[(now + 1) % columns.length]
      return next ? change(state, {sort: {column: next.key, isReversed: false}, top: 0}) : state
    }
    case 'reverse': {
      const column = page.sort?.column ?? table.sortedBy
      return change(state, {sort: {column, isReversed: !(page.sort?.isReversed ?? false)}, top: 0})
    }
    case 'filter':
      return {...state, prompt: page.filter}
    case 'step':
      return {...step(state, action.by), isPaused: state.replay !== undefined || state.isPaused}
    case 'refresh':
      return {...state, refreshed: state.refreshed + 1}
    case 'pause':
      return {...state, isPaused: !state.isPaused}
    case 'slower':
    case 'faster':
      return {...state, intervalMs: nextInterval(state.intervalMs, action.do === 'slower')}
    case 'theme':
      return {...state, theme: themes[(themes.indexOf(state.theme) + 1) % themes.length] as Theme}
    case 'mouse':
      return {...state, hasMouse: !state.hasMouse}
    case 'yaml':
      return rows[at] ? {...state, overlay: {kind: 'yaml', top: 0}} : state
    case 'help':
      return {...state, overlay: {kind: 'help', top: 0}}
    default:
      return state
  }
}

function change(state: TopState, changes: Partial<OpenPage>): TopState {
  const trail = [...state.trail.slice(0, -1), {...currentPage(state), ...changes}]
  return {...state, trail: trail as [OpenPage, ...OpenPage[]]}
}

const push = (state: TopState, page: Page): TopState => ({...state, trail: [...state.trail, open(page)]})

const openRow = (state: TopState, row: Row | undefined): TopState => (row?.opens ? push(state, row.opens) : state)

/** First out of the filter, then out of the page. */
function back(state: TopState): TopState {
  if (currentPage(state).filter !== '') return change(state, {filter: '', top: 0})
  const [first, ...rest] = state.trail
  return rest.length === 0 ? state : {...state, trail: [first, ...rest.slice(0, -1)]}
}

/** To a page that stands in the trail, or on to a new one. */
function go(state: TopState, page: Page): TopState {
  const at = state.trail.findIndex(each => pageKey(each.page) === pageKey(page))
  if (at < 0) return push(state, page)
  const [first, ...rest] = state.trail
  return {...state, trail: [first, ...rest.slice(0, at)]}
}

function switchTab(state: TopState, action: Action): TopState {
  const {page} = currentPage(state)
  const tabs = tabsOf(page)
  const now = tabs.findIndex(tab => pageKey(tab.page) === pageKey(page))
  const to = action.do === 'tab' ? action.to : (now + (action.do === 'nextTab' ? 1 : tabs.length - 1)) % tabs.length
  const tab = tabs[to]
  if (!tab || to === now) return state
  // Tabs lie beside each other: going back leads to where the first of them was opened from.
  const isBeside = page.kind !== 'nodes' && !state.trail.some(each => pageKey(each.page) === pageKey(tab.page))
  return go(isBeside ? {...state, trail: state.trail.slice(0, -1) as [OpenPage, ...OpenPage[]]} : state, tab.page)
}

function showDifferences(state: TopState, row: Row | undefined): TopState {
  const {page} = currentPage(state)
  const opens = page.kind === 'nodes' ? row?.opens : page
  const node = opens && 'node' in opens ? opens.node : undefined
  return node === undefined || page.kind === 'differences' ? state : push(state, {kind: 'differences', node})
}

function sortBy(state: TopState, table: TopTable, column: string): TopState {
  if (!sortableColumns(table).some(({key}) => key === column)) return state
  const {sort} = currentPage(state)
  const isSame = (sort?.column ?? table.sortedBy) === column
  return change(state, {sort: {column, isReversed: isSame && !(sort?.isReversed ?? false)}, top: 0})
}

function step(state: TopState, by: number): TopState {
  if (!state.replay) return state
  const {at, count} = state.replay
  return {...state, replay: {at: Math.max(0, Math.min(at + by, count - 1)), count}}
}

function nextInterval(now: number, isSlower: boolean): number {
  const next = isSlower ? INTERVALS_MS.find(ms => ms > now) : INTERVALS_MS.findLast(ms => ms < now)
  return next ?? now
}
