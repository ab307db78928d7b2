import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plain} from 'vitest'
import type {Action} from '../../../core/top/action.ts'
import {reduce, type Shown} from '../../../core/top/reduce.ts'
import {firstShown, selectedPlace, shownRows} from '../../../core/top/shown-rows.ts'
import {currentPage, INTERVALS_MS, initialState, type TopState} from '../../../core/top/state.ts'
import type {TopTable} from '../../../core/top/table.ts'

const names = (count: number): string[] => Array.from({length: count}, (_, at) => `n${String(at).padStart(3, '0')}`)

const tableOf = (keys: readonly string[]): TopTable => ({
  about: [],
  columns: [
    {key: 'name', header: 'NAME', least: 4, rank: 0, grows: true},
    {key: 'drops', header: 'DROPS/S', least: 4, rank: 0, isDescending: true},
  ],
  rows: keys.map((key, at) => ({
    key,
    cells: [{text: key}, {text: String(at), value: at}],
    opens: {kind: 'policies', node: key},
    details: [],
    document: () => key,
  })),
  sortedBy: 'name',
  empty: [],
})

const shown = (keys: readonly string[] = names(20), height = 5): Shown => ({table: tableOf(keys), height, overlayLines: 30})
const first = initialState({intervalMs: 1000, theme: 'dark'})
const after = (actions: readonly Action[], from: TopState = first, over = shown()): TopState =>
  actions.reduce((state, action) => reduce(state, action, over), from)
const selected = (state: TopState, keys = names(20)): string | undefined => {
  const rows = shownRows(state, tableOf(keys))
  return rows[selectedPlace(currentPage(state), rows)]?.key
}
const move = (by: number): Action => ({do: 'move', by})

describe('selection', () => {
  plain.each<[string, Action[], string]>([
    ['begins at the first row', [], 'n000'],
    ['moves', [move(1), move(1), move(-1)], 'n001'],
    ['stops at the first row', [move(-1)], 'n000'],
    ['stops at the last row', [move(100)], 'n019'],
    ['goes to the last and to the first', [{do: 'last'}, {do: 'first'}], 'n000'],
    [
      'turns pages with one row in common',
      [
        {do: 'turn', pages: 1},
        {do: 'turn', pages: 1},
      ],
      'n008',
    ],
    ['goes with the wheel where it would leave the screen', [{do: 'scroll', by: 3}], 'n003'],
    ['is what was clicked', [{do: 'select', row: 'n004'}], 'n004'],
  ])('%s', (_, actions, key) => expect(selected(after(actions))).toBe(key))

  plain('stays with its row when rows change their places', () => {
    const state = after([move(3)])
    expect(selected(state, ['n900', ...names(20)].toReversed())).toBe('n003')
  })
  plain('goes to the row that takes the place of one that has gone', () => {
    const state = after([move(3)])
    expect(
      selected(
        state,
        names(20).filter(key => key !== 'n003'),
      ),
    ).toBe('n004')
    expect(selected(state, ['n000'])).toBe('n000')
  })
})

describe('pages', () => {
  const opened = after([move(2), {do: 'open'}])
  plain('enter opens the selected row, and esc leads back to it', () => {
    expect(currentPage(opened).page).toEqual({kind: 'policies', node: 'n002'})
    expect(selected(after([{do: 'back'}], opened))).toBe('n002')
  })
  plain('a second click opens', () => {
    const click = {do: 'select', row: 'n004'} as const
    expect(currentPage(after([click])).page.kind).toBe('nodes')
    expect(currentPage(after([click, click])).page).toEqual({kind: 'policies', node: 'n004'})
  })
  plain('esc on the first page changes nothing', () => expect(after([{do: 'back'}])).toEqual(first))
  plain('tabs lie beside each other: esc leads to the list of nodes from each', () => {
    const tabs = after([{do: 'nextTab'}, {do: 'nextTab'}], opened)
    expect(currentPage(tabs).page).toEqual({kind: 'sets', node: 'n002'})
    expect(currentPage(after([{do: 'tab', to: 3}], opened)).page).toEqual({kind: 'differences', node: 'n002'})
    expect(currentPage(after([{do: 'previousTab'}], opened)).page).toEqual({kind: 'events', node: 'n002'})
    expect(currentPage(after([{do: 'back'}], tabs)).page.kind).toBe('nodes')
    expect(currentPage(after([{do: 'tab', to: 8}], opened))).toEqual(currentPage(opened))
  })
  plain('events of all nodes, and back to the nodes, by the same key', () => {
    const events = after([{do: 'nextTab'}])
    expect(currentPage(events).page).toEqual({kind: 'events'})
    expect(after([{do: 'nextTab'}], events).trail).toHaveLength(1)
  })
  plain('differences of the selected node, and of the one that is looked at', () => {
    expect(currentPage(after([move(1), {do: 'differences'}])).page).toEqual({kind: 'differences', node: 'n001'})
    expect(currentPage(after([{do: 'differences'}], opened)).page).toEqual({kind: 'differences', node: 'n002'})
  })
  plain('with one node its policies come first, and the list of nodes is behind them', () => {
    const state = initialState({intervalMs: 1000, theme: 'dark', node: 'a'})
    expect(currentPage(state).page).toEqual({kind: 'policies', node: 'a'})
    expect(currentPage(after([{do: 'back'}], state)).page.kind).toBe('nodes')
  })
})

describe('a filter', () => {
  const typed = after([{do: 'filter'}, {do: 'type', text: '01'}])
  plain('holds while it is typed', () => expect(shownRows(typed, tableOf(names(20)))).toHaveLength(11))
  plain('is kept with enter, and gone with esc', () => {
    const kept = after([{do: 'open'}], typed)
    expect([kept.prompt, currentPage(kept).filter]).toEqual([undefined, '01'])
    expect(currentPage(after([{do: 'back'}], typed)).filter).toBe('')
    expect(currentPage(after([{do: 'back'}], kept))).toMatchObject({filter: '', page: {kind: 'nodes'}})
  })
  plain('is erased by characters, at once, and left behind the last one', () => {
    expect(after([{do: 'erase'}], typed).prompt).toBe('0')
    expect(after([{do: 'eraseAll'}], typed).prompt).toBe('')
    expect(after([{do: 'eraseAll'}, {do: 'erase'}], typed).prompt).toBeUndefined()
  })
  plain('rows can be selected while it is typed', () => expect(selected(after([move(1)], typed))).toBe('n010'))
})

describe('the screen itself', () => {
  plain('sorts by the next column, round and round, and turns the order round', () => {
    const next = after([{do: 'nextSort'}])
    expect(currentPage(next).sort).toEqual({column: 'drops', isReversed: false})
    expect(shownRows(next, tableOf(names(3)))[0]?.key).toBe('n002')
    expect(currentPage(after([{do: 'nextSort'}], next)).sort?.column).toBe('name')
    expect(currentPage(after([{do: 'reverse'}], next)).sort).toEqual({column: 'drops', isReversed: true})
  })
  plain('sorts by a header that is clicked; the same one turns the order round', () => {
    const click = {do: 'sort', column: 'drops'} as const
    expect(currentPage(after([click])).sort?.isReversed).toBe(false)
    expect(currentPage(after([click, click])).sort?.isReversed).toBe(true)
  })
  plain('has intervals up to a minute', () => {
    expect(after([{do: 'slower'}]).intervalMs).toBe(2000)
    expect(after(Array.from({length: 20}, () => ({do: 'slower'}) as const)).intervalMs).toBe(INTERVALS_MS.at(-1))
    expect(after(Array.from({length: 20}, () => ({do: 'faster'}) as const)).intervalMs).toBe(INTERVALS_MS[0])
  })
  plain('pauses, changes colours, gives the mouse back, ends', () => {
    const changed = after([{do: 'pause'}, {do: 'theme'}, {do: 'mouse'}, {do: 'refresh'}, {do: 'quit'}])
    expect(changed).toMatchObject({isPaused: true, theme: 'light', hasMouse: false, refreshed: 1, isOver: true})
  })
  plain('help covers the table: keys scroll it, and esc takes it away', () => {
    const help = after([{do: 'help'}])
    expect(after([move(1), move(1), move(-1)], help).overlay).toEqual({kind: 'help', top: 1})
    expect(after([{do: 'last'}], help).overlay?.top).toBe(25)
    expect(after([{do: 'nextSort'}], help)).toEqual(help)
    expect(after([{do: 'back'}], help)).toEqual(first)
    expect(after([{do: 'yaml'}], help).overlay?.kind).toBe('yaml')
    expect(after([{do: 'yaml'}], after([{do: 'yaml'}]))).toEqual(first)
  })
  plain('there is no YAML of no row', () => expect(after([{do: 'yaml'}], first, shown([])).overlay).toBeUndefined())
})

describe('a recording', () => {
  const recorded = initialState({intervalMs: 1000, theme: 'dark', moments: 3})
  plain('plays to its end', () => {
    const end = after([{do: 'play'}, {do: 'play'}, {do: 'play'}], recorded)
    expect(end.replay).toEqual({at: 2, count: 3})
  })
  plain('is paused by a step of the person, and goes no further than it has moments', () => {
    const back = after([{do: 'play'}, {do: 'step', by: -1}, {do: 'step', by: -1}], recorded)
    expect(back).toMatchObject({replay: {at: 0}, isPaused: true})
    expect(after([{do: 'play'}], back).replay?.at).toBe(0)
    expect(after([{do: 'step', by: 9}], back).replay?.at).toBe(2)
  })
})

const anyAction = fc.oneof(
  fc.record({do: fc.constant('move' as const), by: fc.integer({min: -30, max: 30})}),
  fc.record({do: fc.constant('turn' as const), pages: fc.integer({min: -2, max: 2})}),
  fc.record({do: fc.constant('scroll' as const), by: fc.integer({min: -9, max: 9})}),
  fc.record({do: fc.constant('select' as const), row: fc.constantFrom(...names(20))}),
  fc.record({do: fc.constant('tab' as const), to: fc.nat(6)}),
  fc.record({do: fc.constant('type' as const), text: fc.string()}),
  fc.record({
    do: fc.constantFrom(
      ...([
        'first',
        'last',
        'open',
        'back',
        'nextTab',
        'previousTab',
        'nextSort',
        'reverse',
        'filter',
        'erase',
        'yaml',
        'help',
      ] as const),
    ),
  }),
)

test.prop([fc.array(fc.tuple(anyAction, fc.nat(20)), {maxLength: 40}), fc.integer({min: 1, max: 12})])(
  'whatever is pressed while rows come and go, the selected row is one that is there and is shown',
  (steps, height) => {
    let state = first
    for (const [action, count] of steps) {
      const over = shown(names(count), height)
      state = reduce(state, action, over)
      const rows = shownRows(state, over.table)
      const at = selectedPlace(currentPage(state), rows)
      const top = firstShown(currentPage(state), at, rows.length, height)
      expect(rows.length === 0 ? at : rows[at]).toEqual(rows.length === 0 ? -1 : expect.objectContaining({details: []}))
      if (rows.length > 0) expect(top <= at && at < top + height).toBe(true)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(top).toBeLessThanOrEqual(Math.max(0, rows.length - height))
    }
  },
)
