import {sentence, spanText} from './number-text.ts'
import type {TopColumn, TopTable} from './table.ts'
import type {Watched} from './watched.ts'

const columns: readonly TopColumn[] = [
  {key: 'age', header: 'AGO', align: 'right', least: 4, rank: 0},
  {key: 'node', header: 'NODE', least: 8, rank: 1},
  {key: 'event', header: 'WHAT HAPPENED', least: 20, rank: 0, grows: true},
]

/** What happened since the screen was opened, the newest first. @param node of all nodes without one */
export function eventsPage({events, nodes}: Watched, node: string | undefined, now: number): TopTable {
  const own = events.filter(event => node === undefined || event.node === node)
  return {
    about: [],
    columns: node === undefined && nodes.length > 1 ? columns : columns.filter(({key}) => key !== 'node'),
    rows: own.map((event, index) => {
      const {at, text, isBad} = event
      const cells = [
        {text: spanText(now - at), value: now - at},
        {text: event.node},
        {text, ...(isBad && {tone: 'warning' as const})},
      ]
      return {
        key: `${own.length - index} ${at}`,
        cells: node === undefined && nodes.length > 1 ? cells : cells.filter((_, column) => column !== 1),
        opens: {kind: 'policies', node: event.node},
        details: [sentence(text)],
        document: () => ({node: event.node, at: new Date(at).toISOString(), text}),
      }
    }),
    sortedBy: 'age',
    empty: ['Nothing has happened yet. Differences, changed rules and restarts of Azure NPM will stand here.'],
  }
}
