import type {Action} from './action.ts'
import {type Page, pageKey, tabsOf} from './page.ts'
import {currentPage, type OpenPage, openPage, type TopState} from './state.ts'
import type {Row} from './table.ts'

/** Changes the page that is shown. */
export function change(state: TopState, changes: Partial<OpenPage>): TopState {
  const trail = [...state.trail.slice(0, -1), {...currentPage(state), ...changes}]
  return {...state, trail: trail as [OpenPage, ...OpenPage[]]}
}

/** On to a new page. */
const push = (state: TopState, page: Page): TopState => ({...state, trail: [...state.trail, openPage(page)]})

/** To what entering a row leads to. Nothing changes where it leads nowhere. */
export const openRow = (state: TopState, row: Row | undefined): TopState => (row?.opens ? push(state, row.opens) : state)

/** First out of the filter, then out of the page. */
export function back(state: TopState): TopState {
  if (currentPage(state).filter !== '') return change(state, {filter: '', top: 0})
  const [first, ...rest] = state.trail
  return rest.length === 0 ? state : {...state, trail: [first, ...rest.slice(0, -1)]}
}

/** To a page that stands in the trail, or on to a new one. */
export function go(state: TopState, page: Page): TopState {
  const at = state.trail.findIndex(each => pageKey(each.page) === pageKey(page))
  if (at < 0) return push(state, page)
  const [first, ...rest] = state.trail
  return {...state, trail: [first, ...rest.slice(0, at)]}
}

/** To another tab of the page. Nothing changes where there is none. */
export function switchTab(state: TopState, action: Action): TopState {
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

/** To the differences of the selected node, or of the one that the page is of. */
export function showDifferences(state: TopState, row: Row | undefined): TopState {
  const {page} = currentPage(state)
  const opens = page.kind === 'nodes' ? row?.opens : page
  const node = opens && 'node' in opens ? opens.node : undefined
  return node === undefined || page.kind === 'differences' ? state : push(state, {kind: 'differences', node})
}
