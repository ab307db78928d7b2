import {gunzipSync} from 'node:zlib'
import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {limits as usualLimits} from '../../../agent/limits/limits.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import {run} from '../../../agent/node/run.ts'
import {Snapshots} from '../../../agent/snapshots/snapshots.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'
import type {Problem} from '../../../core/problem/problem.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'

const TOOL_BYTES = 400_000

/** What a tool does next: lines of a shell script, and what of it arrives. */
interface Step {
  readonly shell: string
  readonly prints?: string
  readonly closes?: boolean
}

const GARBAGE: Step = {shell: `printf '\\377\\376\\000\\033[31m\\r'`, prints: '\ufffd\ufffd\0\u001b[31m\r'}

/** The same text as `yes line | head -c bytes` prints. */
const lines = (line: string, bytes: number) => `${line}\n`.repeat(Math.ceil(bytes / (line.length + 1))).slice(0, bytes)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>(
      {shell: 'echo "*filter"', prints: '*filter\n'},
      GARBAGE,
      {shell: 'exec >&-', closes: true},
      {shell: 'yes complaint | head -c 200000 >&2'},
      {shell: "trap '' TERM HUP INT PIPE"},
      {shell: 'sleep 0.05'},
      // Left behind, and holding the pipes.
      {shell: 'sleep 8 &'},
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({min: 0, max: 150_000})
      .map(bytes => ({shell: `yes row | head -c ${bytes}`, prints: lines('row', bytes)})),
  },
  {
    // One line without an end.
    weight: 1,
    arbitrary: fc
      .integer({min: 0, max: 150_000})
      .map(bytes => ({shell: `head -c ${bytes} /dev/zero | tr '\\000' x`, prints: 'x'.repeat(bytes)})),
  },
)

/** How it comes to its end, and what is said of it; undefined for a good end. */
const end = fc.constantFrom<{shell: string; says?: RegExp}>(
  {shell: 'exit 0'},
  {shell: 'exit 0'},
  {shell: 'exit 3', says: /ended with exit code 3/},
  {shell: 'kill -SEGV $$', says: /ended by SIGSEGV/},
  {shell: 'kill -9 $$', says: /ended by SIGKILL/},
  {shell: 'exec sleep 600', says: /did not end within/},
  {shell: 'exec yes more', says: /printed more than|ended by|exit code/},
)

const tool = fc.record({steps: fc.array(step, {maxLength: 5}), end}).map(({steps, end}) => {
  const closed = steps.findIndex(({closes}) => closes)
  const printed = (closed < 0 ? steps : steps.slice(0, closed)).map(({prints = ''}) => prints).join('')
  return {script: [...steps.map(({shell}) => shell), end.shell].join('\n'), printed, isEndless: end.shell.includes('yes'), end}
})

/** What the agent may say however a tool ends: it printed too much. */
const LIMITS = /printed more than|holds no more than it may/

const reader = {signal: new AbortController().signal, turn: async () => {}}

async function whole(snapshots: Snapshots, id: string, name: NodeDocument): Promise<{text: string; problems: Problem[]}> {
  const pieces: Buffer[] = []
  for (let offset = 0; ; ) {
    const {base64, end: isEnd, problems} = await snapshots.piece(id, name, offset, reader)
    pieces.push(Buffer.from(base64, 'base64'))
    offset += pieces.at(-1)?.length ?? 0
    if (isEnd) return {text: gunzipSync(Buffer.concat(pieces)).toString(), problems}
  }
}

describe('tools that do what they like', () => {
  test.prop([tool, tool, fc.boolean(), fc.constantFrom(2 ** 20, 2 ** 30)], {numRuns: 15, endOnFailure: true})(
    'end within the limits, with what they printed and what went wrong, and leave the others whole',
    async (rules, sets, leavesEarly, snapshotBytes) => {
      await using _tools = await fakeTools({
        'iptables-nft-save': rules.script,
        ipset: `case $1 in save) ${sets.script}\n;; *) echo 'Name: a';; esac`,
        conntrack: 'echo 42',
      })
      const limits = {...usualLimits, toolMs: 4000, toolBytes: TOOL_BYTES, snapshotBytes, sharedReadMs: -1}
      const readers = (asked: readonly NodeDocument[]) =>
        documentReaders(asked, {version: '1', cluster: undefined, limits, run, npmPort: 1, legacyTables: async () => undefined})
      const finished = Promise.withResolvers<void>()
      const snapshots = new Snapshots({node: 'bakery-1', limits, readers, onRead: () => finished.resolve()})
      if (leavesEarly) snapshots.close((await snapshots.open(['iptables-nft-save.txt', 'ipset-save.txt'])).id)
      const asked = ['iptables-nft-save.txt', 'ipset-save.txt', 'ipset-list.txt', 'conntrack-count.txt'] as const
      const {id} = await snapshots.open(asked)
      const [gotRules, gotSets, list, count] = await Promise.all(asked.map(name => whole(snapshots, id, name)))
      for (const [got, {printed, isEndless, end}] of [
        [gotRules, rules],
        [gotSets, sets],
      ] as const) {
        const {text = '', problems = []} = got ?? {}
        const said = problems.map(({message}) => message).join()
        const expected = isEndless ? printed + lines('more', TOOL_BYTES) : printed
        if (problems.length === 0) expect([text, end.says]).toEqual([printed, undefined])
        else expect(expected.startsWith(text.replace(/\ufffd+$/, '')), said).toBe(true)
        if (problems.length > 0 && !LIMITS.test(said)) {
          expect(said).toMatch(end.says ?? /nothing is wrong/)
          if (!isEndless) expect(text).toBe(printed)
        }
      }
      expect(count).toMatchObject({text: '42\n', problems: []})
      if (list?.problems.length === 0) expect(list.text).toBe('Name: a\n')
      else expect(list?.problems).toMatchObject([{message: expect.stringMatching(/^ipset list -t: it was not started/)}])
      await finished.promise
      snapshots.stop()
      expect(snapshots.bufferedBytes).toBe(0)
    },
  )
})
