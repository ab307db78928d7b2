import {parseFilter} from './filter.ts'
import {currentFilter, currentPage, type OpenPage, type TopState} from './state.ts'
import {type Row, sortRows, type TopTable} from './table.ts'

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
