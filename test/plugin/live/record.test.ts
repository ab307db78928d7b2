import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {SetEntry} from '../../../core/contract/common.ts'
import type {Drift} from '../../../core/contract/drift.ts'
import type {LiveEvent} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import type {Action} from '../../../core/top/action.ts'
import type {LiveSource} from '../../../plugin/live/live-source.ts'
import {recordTo} from '../../../plugin/live/record.ts'
import {openRecording} from '../../../plugin/live/recording-source.ts'
import {glyphsOf} from '../../../plugin/ui/top/glyphs.ts'
import {TopSession} from '../../../plugin/ui/top/session.ts'
import {plainLine} from '../../../plugin/ui/top/spans.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {liveNode, liveSample, START, sets} from '../../support/top/live-events.ts'

const [, dbSet] = sets as [(typeof sets)[0], (typeof sets)[0]]
const entry = (members: readonly string[]): SetEntry => ({
  set: dbSet.set,
  name: dbSet.name,
  names: [dbSet.name],
  type: 'KeyValueLabelOfPod',
  kind: 'hash',
  ipsetType: 'hash:net',
  meaning: dbSet.meaning,
  members: [...members],
  memberPods: members.map((_, index) => [`shop/db-${index}`]),
  evidence: [],
})
const drift = (text: string): Drift => ({
  apiVersion: API_VERSION,
  kind: 'Drift',
  node: 'a',
  clean: false,
  causes: [{kind: 'pod', text, pod: 'shop/db-1', opens: [], closes: [], isUncertain: false, items: []}],
  departures: [],
  judged: 'all',
  items: [],
  notes: [],
  notCompared: [],
  incomplete: [],
  problems: [],
})

/** A source of which a test takes one moment after the other. */
async function recordNight(path: string) {
  const events: LiveEvent[] = [
    liveNode('a', 0),
    ...[0, 1, 2, 3].flatMap(second => [liveSample('a', second), liveSample('b', second)]),
  ]
  let looked = 0
  const source: LiveSource = {
    kind: 'cluster',
    async *events() {
      yield* events
    },
    request: () => {},
    members: async () => (++looked === 3 ? undefined : entry(['10.244.1.9', '10.244.2.14'].slice(0, looked))),
    differences: async () => drift('pod shop/db-1 is missing from the sets of its labels'),
  }
  const recording = recordTo(path, source)
  const {signal} = new AbortController()
  // Nobody has seen a moment yet, and there is no file.
  await recording.differences('a', signal)
  let count = 0
  for await (const event of recording.events(signal)) {
    expect(event).toEqual(events[count++])
    // After the second sample of each node; then somebody looks at both pages.
    if (count === 5) {
      await recording.members('a', dbSet.set, signal)
      await recording.differences('a', signal)
    }
    if (count === 7) await recording.members('a', dbSet.set, signal)
    if (count === 8) expect(await recording.members('a', dbSet.set, signal)).toBeUndefined()
  }
  expect(count).toBe(events.length)
  await recording.members('a', dbSet.set, signal)
}

async function openReplay(path: string) {
  const source = await openRecording(path)
  const session = new TopSession(
    source,
    {
      intervalMs: 1000,
      theme: 'plain',
      glyphs: glyphsOf(true),
      now: () => START,
      clock: ms => new Date(ms).toISOString().slice(11, 19),
      yamlOf: () => [],
    },
    new AbortController().signal,
  )
  const size = {columns: 110, rows: 30}
  return {
    source,
    act: (...actions: readonly Action[]) => {
      for (const action of actions) session.act(action, size)
    },
    screen: () => session.frame(size).lines.map(plainLine).join('\n'),
  }
}

const open: Action = {do: 'open'}
const right: Action = {do: 'step', by: 1}
const left: Action = {do: 'step', by: -1}

test('a recording shows the members and differences that were looked at, when they had been', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'night.jsonl')
  await recordNight(path)
  expect((await readFile(path, 'utf8')).match(/"kind":"Live(?:Members|Differences)"/g)).toHaveLength(3)
  const replay = await openReplay(path)
  replay.act({do: 'pause'}, open, {do: 'tab', to: 2})
  // Of the set with pods of app=db.
  replay.act({do: 'filter'}, {do: 'type', text: 'app:db'}, open, open)
  expect(replay.screen()).toContain('Not recorded yet: nobody looked into this set before 03:12:01')
  replay.act(right)
  expect(replay.screen()).toMatch(/10\.244\.1\.9 +shop\/db-0/)
  expect(replay.screen()).not.toContain('10.244.2.14')
  replay.act(right)
  expect(replay.screen()).toMatch(/10\.244\.2\.14 +shop\/db-1/)
  replay.act(left, left)
  expect(replay.screen()).toContain('Not recorded yet')
  replay.act({do: 'differences'})
  expect(replay.screen()).toContain('Not recorded yet: nobody looked at the differences of this node before 03:12:01')
  replay.act(right, right)
  expect(replay.screen()).toContain('pod shop/db-1 is missing from the sets of its labels')
  expect(replay.screen()).toContain('compared 1s ago')
})

test('a recording says what was never looked at, and that rules are known of nodes that were looked into only', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'night.jsonl')
  await recordNight(path)
  const replay = await openReplay(path)
  replay.act({do: 'pause'}, right, {do: 'move', by: 1}, open)
  expect(replay.screen()).toMatch(/› b|> b/)
  for (const to of [0, 1, 2]) {
    replay.act({do: 'tab', to})
    expect(replay.screen()).toContain('Its rules were not recorded up to here: they are while somebody looks into the node.')
  }
  replay.act({do: 'differences'})
  expect(replay.screen()).toContain('Not recorded: nobody looked at the differences of this node while it was recorded.')
  expect(replay.screen()).toContain('kubectl npm diff --node b')
})

test('pods of a recording are those that its policies selected', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'night.jsonl')
  await recordNight(path)
  const replay = await openReplay(path)
  replay.act({do: 'pause'}, right, open, {do: 'tab', to: 1})
  expect(replay.screen()).toMatch(/shop\/db-0[^]*shop\/db-1/)
})

test('details come between samples, and are no samples', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'night.jsonl')
  await recordNight(path)
  const source = await openRecording(path)
  const kinds: string[] = []
  for await (const {kind} of source.events(new AbortController().signal)) kinds.push(kind)
  expect(kinds).toEqual(['LiveNode', ...Array.from({length: 8}, () => 'LiveSample')])
})
