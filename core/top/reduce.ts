import type {Action} from './action.ts'
import {firstShown, selectedPlace, shownRows} from './shown-rows.ts'
import {currentPage, INTERVALS_MS, type Overlay, type Theme, type TopState, themes} from './state.ts'
import {sortableColumns, type TopTable} from './table.ts'
import {back, change, go, openRow, showDifferences, switchTab} from './trail.ts'

/** What an action is about: the table of the page that is shown, and how many rows of it there is room for. */
export interface Shown {
  readonly table: TopTable
  readonly height: number
  /** Lines of the overlay. */
  readonly overlayLines: number
}

/** The state after an action. */
export function reduce(state: TopState, action: Action, shown: Shown): TopState {
  if (action.do === 'quit') return {...state, isOver: true}
  if (action.do === 'play') return state.isPaused ? state : step(state, 1)
  if (state.prompt !== undefined) {
    const typed = typeFilter(state, state.prompt, action)
    if (typed) return typed
  }
  if (state.overlay) {
    const covered = readOverlay(state, state.overlay, action, shown)
    if (covered) return covered
  }
  return onPage(state, action, shown)
}

/** @returns undefined for an action that is the same while a filter is typed */
function typeFilter(state: TopState, prompt: string, action: Action): TopState | undefined {
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
