import {describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import type {Drift} from '../../../../core/contract/drift.ts'
import type {LiveEvent} from '../../../../core/contract/live.ts'
import {API_VERSION} from '../../../../core/contract/version.ts'
import {expectNodes} from '../../../../core/live/live-view.ts'
import {reduce} from '../../../../core/top/reduce.ts'
import {initialState, type TopState} from '../../../../core/top/state.ts'
import type {Extras} from '../../../../core/top/top-table.ts'
import {watch} from '../../../../core/top/watch.ts'
import {drawFrame, type Frame} from '../../../../plugin/ui/top/frame.ts'
import {glyphsOf} from '../../../../plugin/ui/top/glyphs.ts'
import {actionsOf, type NamedKey} from '../../../../plugin/ui/top/keys.state.ts'
import {lineWidth, paintLine, plainLine} from '../../../../plugin/ui/top/spans.ts'
import {
  at,
  inOrder,
  liveFailure,
  liveNode,
  liveSample,
  nightEvents,
  quietNode,
  START,
  sets,
  viewOf,
} from '../../../support/top/live-events.ts'

const NODE = 'aks-pool1-31415926-vmss000000'

const drift: Drift = {
  apiVersion: API_VERSION,
  kind: 'Drift',
  node: NODE,
  clean: false,
  causes: [
    {
      kind: 'pod',
      text: 'pod shop/api-1 is missing from the sets of its labels',
      pod: 'shop/api-1',
      opens: [],
      closes: [{packet: '10.244.1.7 -> 10.244.1.9 tcp/5432', source: 'shop/api-1', destination: 'shop/db-0'}],
      isUncertain: false,
      items: [],
      repair: {command: `kubectl npm apply --node ${NODE} --cause 1`},
    },
    {
      kind: 'policyLeftOver',
      text: 'policy batch/old is deleted, and its rules are still there',
      policy: 'batch/old',
      opens: [{packet: '10.244.3.3 -> 10.244.1.9 tcp/5432'}],
      closes: [],
      isUncertain: false,
      items: [],
      repair: {instead: 'Delete the rules by hand.'},
    },
  ],
  departures: [],
  judged: 'all',
  items: [],
  notes: [],
  notCompared: [],
  incomplete: [],
  problems: [],
}

const extras: Extras = {
  differences: new Map([[NODE, {state: 'here', value: drift, at: START + 48_500}]]),
  members: new Map([
    [
      JSON.stringify([NODE, sets[1]?.set]),
      {
        state: 'here',
        value: [
          {member: '10.244.1.9', pods: ['shop/db-0']},
          {member: '10.244.2.14', pods: ['shop/db-1']},
        ],
        at: START,
      },
    ],
  ]),
}

interface Screen {
  readonly events?: readonly LiveEvent[]
  /** Nodes that are known by name. */
  readonly expected?: readonly string[]
  readonly isOpening?: boolean
  /** Keys as typed; `<enter>`, `<esc>` and others by name. */
  readonly keys?: readonly string[]
  readonly columns?: number
  readonly rows?: number
  readonly isAscii?: boolean
  readonly with?: Extras
  readonly from?: TopState
}

const named: Readonly<Record<string, NamedKey>> = {
  '<enter>': {return: true},
  '<esc>': {escape: true},
  '<down>': {downArrow: true},
  '<end>': {end: true},
}

function screen(given: Screen): {readonly frame: Frame; readonly text: string; readonly state: TopState} {
  const {columns = 80, rows = 24} = given
  const watched = watch(expectNodes(viewOf(given.events ?? nightEvents()), given.expected ?? []), {
    isOpening: given.isOpening ?? false,
  })
  let state = given.from ?? initialState({intervalMs: 1000, theme: 'plain'})
  const draw = (): Frame =>
    drawFrame({
      state,
      watched,
      extras: given.with ?? extras,
      now: START + 60_500,
      clock: '03:13:00',
      size: {columns, rows},
      glyphs: glyphsOf(given.isAscii ?? false),
      yamlOf: document => stringify(document, {lineWidth: 0}).trimEnd().split('\n'),
    })
  for (const key of given.keys ?? [])
    for (const action of actionsOf(named[key] ? '' : key, named[key] ?? {}, state.prompt !== undefined))
      state = reduce(state, action, draw().shown)
  const frame = draw()
  const text = frame.lines.map(line => plainLine(line).trimEnd()).join('\n')
  return {frame, text, state}
}

const manyNodes = (): LiveEvent[] =>
  inOrder(
    ...Array.from({length: 250}, (_, index) =>
      quietNode(`aks-pool1-31415926-vmss${index.toString(36).padStart(6, '0')}`, {}, index, 2),
    ),
    [liveSample('aks-pool1-31415926-vmss00002s', 3, {drops: 70, newConnections: 10_300})],
  )

/** A node with the node's own words for everything: an attempt to draw on the screen, and letters of many widths. */
const hostileEvents = (): LiveEvent[] => {
  const node = '\u001b[2J\u001b[1;1Hnode\r\nowned'
  const [policy] = liveNode(node, 0).policies
  return [
    liveNode(node, 0, {
      policies: [
        {
          ...(policy as NonNullable<typeof policy>),
          policy: 'ns/\u202eevil\u001b]0;title\u0007',
          subject: '日本語のポッド 👩‍👩‍👧‍👦 e\u0301',
        },
        {...(policy as NonNullable<typeof policy>), policy: `ns/${'漢'.repeat(90)}`, chain: 'AZURE-NPM-INGRESS-0009'},
      ],
      problems: ['\u001b[31mred\nsecond line'],
    }),
    liveSample(node, 1),
    liveSample(node, 2),
  ]
}

const screens: Readonly<Record<string, Screen>> = {
  nodes: {},
  'nodes-small': {columns: 40, rows: 15},
  'nodes-large': {columns: 300, rows: 80},
  'nodes-ascii': {isAscii: true},
  'nodes-lost': {keys: ['/', '003']},
  'nodes-lost-small': {keys: ['/', '003', '<enter>'], columns: 40, rows: 15},
  'nodes-healed': {
    events: inOrder(
      quietNode('aks-1', {}, 12, 10),
      [liveFailure('aks-1', 11, 'the agent of node aks-1 does not answer', 'It is tried again.')],
      quietNode('aks-1', {}, 12, 3).map(event => ({...event, at: at(50 + (Date.parse(event.at) - START) / 1000)})),
    ),
    keys: ['e'],
  },
  'nodes-connecting': {events: [], isOpening: true},
  'nodes-connecting-small': {events: [], isOpening: true, columns: 40, rows: 15},
  'nodes-answering': {
    events: inOrder(quietNode('aks-003', {}, 3, 2), quietNode('aks-107', {}, 5, 1)),
    expected: Array.from({length: 250}, (_, index) => `aks-${String(index).padStart(3, '0')}`),
  },
  'nodes-none': {events: []},
  'nodes-one': {events: quietNode('kind-control-plane')},
  'nodes-250': {events: manyNodes()},
  'nodes-250-end': {events: manyNodes(), keys: ['G']},
  'nodes-filter': {events: manyNodes(), keys: ['/', '/6.$/']},
  'nodes-help': {keys: ['?']},
  'nodes-paused': {keys: ['p', 'ss', '+']},
  'nodes-yaml': {keys: ['y']},
  policies: {keys: ['<enter>']},
  'policies-small': {keys: ['<enter>'], columns: 40, rows: 15},
  'policies-large': {keys: ['<enter>'], columns: 300, rows: 80},
  'policies-waiting': {from: initialState({intervalMs: 1000, theme: 'plain', node: 'aks-9'})},
  'policies-none': {events: [liveNode('aks-1', 0, {policies: []}), liveSample('aks-1', 1)], keys: ['<enter>']},
  'policies-unread': {events: quietNode('aks-1'), keys: ['<enter>']},
  policy: {keys: ['<enter>', '<enter>']},
  'policy-small': {keys: ['<enter>', '<enter>', 'j'], columns: 40, rows: 15},
  'policy-large': {keys: ['<enter>', '<enter>'], columns: 300, rows: 80},
  'policy-pods': {keys: ['<enter>', '<enter>', '2']},
  pods: {keys: ['<enter>', '2']},
  sets: {keys: ['<enter>', '3']},
  'sets-small': {keys: ['<enter>', '3'], columns: 40, rows: 15},
  set: {keys: ['<enter>', '3', 'GS', '<end>', '/', 'app:db', '<enter>', '<enter>']},
  differences: {keys: ['d']},
  'differences-loading': {keys: ['d'], with: {differences: new Map(), members: new Map()}},
  'differences-failed': {
    keys: ['d'],
    with: {
      differences: new Map([[NODE, {state: 'failed', message: 'the agent cannot be reached', next: 'r tries again.'} as const]]),
      members: new Map(),
    },
  },
  'differences-clean': {
    keys: ['d'],
    with: {
      differences: new Map([[NODE, {state: 'here', value: {...drift, clean: true, causes: []}, at: START + 58_000} as const]]),
      members: new Map(),
    },
  },
  events: {keys: ['e']},
  hostile: {events: hostileEvents()},
  'hostile-policies': {events: hostileEvents(), keys: ['<enter>']},
}

describe.each(Object.entries(screens))('%s', (name, given) => {
  test('as it is drawn', async () => {
    const {text} = screen(given)
    await expect(`${text}\n`).toMatchFileSnapshot(`../../../golden/top-${name}.txt`)
  })

  test('fills the screen, and is nowhere wider', () => {
    const {columns = 80, rows = 24} = given
    const {frame} = screen(given)
    expect(frame.lines).toHaveLength(rows)
    expect(Math.max(...frame.lines.map(lineWidth))).toBeLessThanOrEqual(columns)
  })
})

test.each([
  [1, 1],
  [3, 2],
  [10, 4],
  [20, 7],
  [39, 21],
  [81, 25],
  [500, 200],
])('a screen of %i columns and %i rows is filled and not left', (columns, rows) => {
  for (const given of Object.values(screens)) {
    const {frame} = screen({...given, columns, rows})
    expect(frame.lines).toHaveLength(rows)
    expect(Math.max(...frame.lines.map(lineWidth))).toBeLessThanOrEqual(columns)
  }
})

test('nothing that a node says reaches the terminal but as text', () => {
  for (const keys of [
    [],
    ['<enter>'],
    ['<enter>', 'y'],
    ['<enter>', '<enter>'],
    ['y'],
    ['e'],
    ['d'],
    ['<enter>', '3'],
    ['<enter>', '2'],
  ]) {
    const {frame} = screen({events: hostileEvents(), keys})
    const text = frame.lines.map(plainLine).join('')
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(text).toMatch(/owned|evil|kubectl npm top/)
  }
})

test('without colours nothing but bold and inverse is drawn, and each state has a word', () => {
  const {frame} = screen({})
  const drawn = frame.lines.map(line => paintLine(line, 'plain')).join('\n')
  expect(new Set(drawn.match(/\u001b\[[\d;]*m/g))).toEqual(new Set(['\u001b[1m', '\u001b[22m', '\u001b[7m', '\u001b[27m']))
  expect(drawn).toMatch(/not in force[^]*lost 12s/)
})

test('ASCII mode draws no other character', () => {
  for (const given of Object.values(screens)) {
    if (given.events) continue
    const {frame} = screen({...given, isAscii: true})
    expect(frame.lines.map(plainLine).join('')).toMatch(/^[ -~]*$/)
  }
})

describe('what a click does', () => {
  const {frame} = screen({})
  const at = (row: number, column: number) =>
    frame.targets.find(target => target.row === row && target.from <= column && column < target.to)?.action
  const rowOf = (text: string): number => frame.lines.findIndex(line => plainLine(line).includes(text))
  test('on a row: it selects it', () => {
    expect(at(rowOf('vmss000002'), 30)).toEqual({do: 'select', row: 'aks-pool1-31415926-vmss000002'})
  })
  test('on a header: it sorts by it', () => {
    const row = rowOf('DROPS/S  ')
    const column = plainLine(frame.lines[row] ?? []).indexOf('NEW/S')
    expect(at(row, column + 2)).toEqual({do: 'sort', column: 'new'})
  })
  test('on a page: it opens it', () => {
    expect(at(1, plainLine(frame.lines[1] ?? []).indexOf('events'))).toEqual({do: 'tab', to: 1})
  })
  test('elsewhere: nothing', () => expect(at(0, 3)).toBeUndefined())
})
