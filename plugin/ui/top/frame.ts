import {parseFilter} from '../../../core/top/filter.ts'
import {shortNumber} from '../../../core/top/number-text.ts'
import {pageKey, tabsOf} from '../../../core/top/page.ts'
import type {Shown} from '../../../core/top/reduce.ts'
import {firstShown, selectedPlace, shownRows} from '../../../core/top/shown-rows.ts'
import {currentFilter, currentPage, type TopState} from '../../../core/top/state.ts'
import type {Row, TopTable} from '../../../core/top/table.ts'
import {type Extras, pageTitle, topTable} from '../../../core/top/top-table.ts'
import type {Watched} from '../../../core/top/watched.ts'
import {dotted, type Glyphs} from './glyphs.ts'
import {helpLines} from './help.ts'
import {headerLine, placeColumns, rowLine} from './layout.ts'
import type {Target} from './mouse.state.ts'
import {bothEnds, cutLine, type Line, lineWidth, type Span} from './spans.ts'
import {cutText, endOf, safeText, widthOf, wrapText} from './text-width.ts'

/** All that a frame is drawn from. */
export interface FrameInput {
  readonly state: TopState
  readonly watched: Watched
  readonly extras: Extras
  /** Milliseconds since 1970. */
  readonly now: number
  /** The time of day that is shown: `14:05:12`. */
  readonly clock: string
  readonly size: {readonly columns: number; readonly rows: number}
  readonly glyphs: Glyphs
  /** Lines of the selected row as YAML. */
  readonly yamlOf: (document: unknown) => readonly string[]
}

/** A screen: as many lines as it has rows, none wider than it is. */
export interface Frame {
  readonly lines: readonly Line[]
  /** What a click does, and where. */
  readonly targets: readonly Target[]
  /** What actions are about. */
  readonly shown: Shown
}

/** Rows from which there is room for more than the table: what a counter means, and empty lines. */
const ROOMY = 20
const TALL = 40

/** Draws the screen. */
export function drawFrame(input: FrameInput): Frame {
  const {state, watched, extras, now, size} = input
  const table = topTable(currentPage(state).page, watched, extras, now)
  const head = headLines(input, table)
  const foot = footLine(input)
  const height = Math.max(1, size.rows - head.lines.length - 1)
  const body = state.overlay ? overlayBody(input, table, height) : tableBody(input, table, height, head.lines.length)
  const lines = [...head.lines, ...body.lines, foot].slice(0, size.rows).map(line => cutLine(line, size.columns))
  return {lines, targets: [...head.targets, ...body.targets], shown: body.shown}
}

interface Part {
  readonly lines: readonly Line[]
  readonly targets: readonly Target[]
}

function headLines(input: FrameInput, table: TopTable): Part {
  const {state, size, glyphs} = input
  const {page} = currentPage(state)
  const {columns} = size
  const right = statusSpans(input)
  const lines: Line[] = [bothEnds([{text: titleText(input, columns - lineWidth(right) - 2), look: 'title'}], right, columns)]
  const tabs = tabLine(input, table)
  if (tabs) lines.push(tabs.line)
  const most = size.rows >= ROOMY ? 3 : 1
  for (const {text, tone} of [...filterAbout(input, table), ...table.about].slice(0, most))
    lines.push([{text: cutText(dotted(safeText(text), glyphs), columns, glyphs.cut), ...(tone && {look: tone})}])
  if (size.rows >= ROOMY) lines.push([])
  const targets = (tabs?.targets ?? []).map(target => ({...target, row: 1}))
  return {lines, targets: page.kind === 'set' ? [] : targets}
}

/** The way to the page: what it begins with is left out first, and what it ends with is cut last. */
function titleText({state, watched, glyphs}: FrameInput, room: number): string {
  const way = state.trail.map(({page}) => safeText(pageTitle(page, watched))).filter((title, at, all) => title !== all[at - 1])
  const last = way.at(-1) ?? ''
  const ways = [['kubectl npm top', ...way], way, way.slice(1)].map(each => each.join(glyphs.path))
  const fitting = ways.find(each => each !== '' && widthOf(each) <= room)
  if (fitting !== undefined) return fitting
  const before = way.at(-2)
  const left = room - widthOf(last) - widthOf(glyphs.path)
  return before !== undefined && left >= 8
    ? cutText(before, left, glyphs.cut, 'middle') + glyphs.path + last
    : cutText(last, Math.max(8, room), glyphs.cut, 'middle')
}

/** What a person should know of the screen itself: whether it moves, and how fast. */
function statusSpans({state, watched, clock, size}: FrameInput): Line {
  const spans: Span[] = []
  const {replay, isPaused, intervalMs} = state
  const isNarrow = size.columns < 60
  if (replay) spans.push({text: `${isNarrow ? '' : 'recording '}${replay.at + 1}/${replay.count}`}, {text: '  '})
  if (isPaused) spans.push({text: 'PAUSED', look: 'warning'})
  else if (!isNarrow) {
    const busy = watched.nodes.length === 1 ? watched.nodes[0]?.intervalMs : undefined
    const isSlow = busy !== undefined && busy > intervalMs * 1.5
    spans.push({
      text: isSlow ? `node busy: every ${seconds(busy)}` : `every ${seconds(intervalMs)}`,
      look: isSlow ? 'warning' : 'faint',
    })
  }
  if (clock !== '' && !(isNarrow && replay)) spans.push({text: spans.length > 0 ? `  ${clock}` : clock})
  return spans
}

const seconds = (ms: number): string => `${shortNumber(ms / 1000)}s`

function tabLine({state, size}: FrameInput, table: TopTable): {line: Line; targets: Target[]} | undefined {
  const {page} = currentPage(state)
  const tabs = tabsOf(page)
  if (tabs.length === 0) return
  const line: Span[] = []
  const targets: Target[] = []
  for (const [to, tab] of tabs.entries()) {
    const isCurrent = pageKey(tab.page) === pageKey(page)
    const from = lineWidth(line)
    // Where there is no room for all names, the number leads to each, and the name is that of the current one.
    const isShort = size.columns < 60 && !isCurrent
    const text = isShort ? `${to + 1}` : isCurrent ? `[${to + 1} ${tab.name}]` : `${to + 1} ${tab.name}`
    line.push({text, look: isCurrent ? 'title' : 'faint'})
    targets.push({row: 1, from, to: lineWidth(line), action: {do: 'tab', to}})
    line.push({text: '  '})
  }
  const count = countText(state, table)
  return {line: bothEnds(line.slice(0, -1), [{text: count, look: 'faint'}], size.columns), targets}
}

/** How many rows there are, and of how many these are what a filter has left. */
function countText(state: TopState, table: TopTable): string {
  const shown = shownRows(state, table).length
  if (shown !== table.rows.length) return `${shown} of ${table.rows.length} rows`
  return shown === 0 ? '' : `${shown} ${shown === 1 ? 'row' : 'rows'}`
}

function filterAbout({state}: FrameInput, _table: TopTable): TopTable['about'] {
  const filter = currentFilter(state)
  if (filter === '') return []
  const {problem} = parseFilter(filter)
  return [{text: problem ?? `Only rows with ${filter}: esc shows all`, tone: 'warning'}]
}

/** What is said below the table: the selected row in full, and what the number means by which it is sorted. */
function detailLines({state, size, glyphs}: FrameInput, table: TopTable, row: Row | undefined): Line[] {
  const {columns, rows} = size
  const most = rows >= TALL ? 6 : rows >= ROOMY ? 3 : 1
  const texts = (row?.details ?? []).map(safeText)
  const said =
    most === 1
      ? texts.slice(0, 1).map(text => cutText(text, columns - 2, glyphs.cut))
      : texts.flatMap(text => wrapText(text, columns - 2, most, glyphs.cut))
  const details = said.slice(0, most).map((text): Line => [{text: `  ${text}`}])
  if (rows < ROOMY) return details.length > 0 ? details : [[]]
  const sortedBy = currentPage(state).sort?.column ?? table.sortedBy
  const meaning = table.columns.find(({key}) => key === sortedBy)?.meaning
  const meant = meaning === undefined ? [] : wrapText(meaning, columns - 2, 2, glyphs.cut)
  const lines: Line[] = [[{text: glyphs.line.repeat(columns), look: 'faint'}], ...details]
  while (lines.length < most + 1) lines.push([])
  for (const text of meant) lines.push([{text: `  ${text}`, look: 'faint'}])
  while (lines.length < most + 3) lines.push([])
  return lines
}

function tableBody(input: FrameInput, table: TopTable, height: number, above: number): Part & {readonly shown: Shown} {
  const {state, watched, size, glyphs} = input
  const page = currentPage(state)
  const rows = shownRows(state, table)
  const selected = selectedPlace(page, rows)
  const details = detailLines(input, table, rows[selected])
  const room = Math.max(1, height - 1 - details.length)
  const shown: Shown = {table, height: room, overlayLines: 0}
  if (rows.length === 0) {
    const said = table.rows.length > 0 ? ['No row has what the filter asks for. esc shows all.'] : table.empty
    const lines = said
      .flatMap(text => wrapText(safeText(text), size.columns - 2, 4, glyphs.cut))
      .map((text): Line => [{text: `  ${text}`}])
    // What the screen is of is seen before anything has come.
    const columns = watched.isOpening ? [headerLine(placeColumns(table, [], size.columns), table.sortedBy, size.columns)] : []
    return {lines: filled([...columns, ...lines], height), targets: [], shown}
  }
  const placed = placeColumns(table, table.rows, size.columns)
  const top = firstShown(page, selected, rows.length, room)
  const visible = rows.slice(top, top + room)
  const sortedBy = page.sort?.column ?? table.sortedBy
  const drawn = visible.map((row, at) => rowLine(row, placed, top + at === selected, size.columns, glyphs))
  const header = headerLine(placed, sortedBy, size.columns)
  const targets: Target[] = [
    ...placed.map(({column, start, width}) => ({
      row: above,
      from: start,
      to: start + width,
      action: {do: 'sort', column: column.key} as const,
    })),
    ...visible.map((row, at) => ({
      row: above + 1 + at,
      from: 0,
      to: size.columns,
      action: {do: 'select', row: row.key} as const,
    })),
  ]
  return {lines: [header, ...filled(drawn, room), ...details].slice(0, height), targets, shown}
}

/** Help, or the selected row as YAML. */
function overlayBody(input: FrameInput, table: TopTable, height: number): Part & {readonly shown: Shown} {
  const {state, size, glyphs, yamlOf} = input
  const rows = shownRows(state, table)
  const row = rows[selectedPlace(currentPage(state), rows)]
  const all = state.overlay?.kind === 'help' ? helpLines() : row ? yamlOf(row.document()) : ['The row has gone.']
  // Lines of the help are sentences, those of YAML are not broken.
  const texts = state.overlay?.kind === 'help' ? all.flatMap(text => hanging(text, size.columns, glyphs)) : all
  const top = Math.min(state.overlay?.top ?? 0, Math.max(0, texts.length - height))
  const lines = texts.slice(top, top + height).map(
    (text): Line => [
      {
        text: cutText(safeText(text), size.columns, glyphs.cut),
        ...(text !== '' && !text.startsWith(' ') && state.overlay?.kind === 'help' && {look: 'title' as const}),
      },
    ],
  )
  return {lines: filled(lines, height), targets: [], shown: {table, height, overlayLines: texts.length}}
}

/** A line of the help, broken so that what follows stands below its beginning. */
function hanging(text: string, columns: number, glyphs: Glyphs): string[] {
  const indent = /^ +(?:\S+(?: \S+)*? {2,})?/.exec(text)?.[0] ?? ''
  const [first = '', ...rest] = wrapText(text.slice(indent.length), Math.max(10, columns - indent.length), 20, glyphs.cut)
  return [indent + first, ...rest.map(line => ' '.repeat(indent.length) + line)]
}

const filled = (lines: readonly Line[], height: number): Line[] => [
  ...lines.slice(0, height),
  ...Array.from({length: Math.max(0, height - lines.length)}, (): Line => []),
]

type Hint = readonly [string, string]

/** Keys that do something here, as many as there is room for; or the filter while it is typed. */
function footLine({state, size, glyphs}: FrameInput): Line {
  const {columns} = size
  if (state.prompt !== undefined) {
    const typed = safeText(state.prompt)
    const room = columns - 2
    return [
      {text: '/', look: 'key'},
      {
        text: endOf(typed, room),
      },
      {text: ' ', look: 'selected'},
    ]
  }
  const line: Span[] = []
  for (const [key, does] of hintsOf(state)) {
    const gap = line.length > 0 ? '  ' : ''
    if (lineWidth(line) + widthOf(`${gap}${key} ${does}`) > columns) break
    line.push({text: `${gap}${key}`, look: 'key'}, {text: ` ${dotted(does, glyphs)}`})
  }
  return line
}

function hintsOf({overlay, replay, isPaused, trail}: TopState): Hint[] {
  if (overlay)
    return [
      ['esc', 'close'],
      ['j k', 'scroll'],
      ['q', 'quit'],
    ]
  return [
    ['q', 'quit'],
    ['?', 'help'],
    ...(trail.length > 1 ? [['esc', 'back'] as const] : []),
    ['enter', 'open'],
    ['/', 'filter'],
    ['s', 'sort'],
    ...(replay
      ? [['space', isPaused ? 'play' : 'pause'] as const, ['left right', 'step'] as const]
      : [['p', isPaused ? 'go on' : 'pause'] as const]),
    ['d', 'differences'],
    ['y', 'YAML'],
    ['+ -', 'interval'],
  ]
}
