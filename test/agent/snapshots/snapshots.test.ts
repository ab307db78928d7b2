import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {type Limits, limits as usualLimits} from '../../../agent/limits/limits.ts'
import {type ClusterSource, documentReaders} from '../../../agent/node/documents.ts'
import {run} from '../../../agent/node/run.ts'
import {type FinishedRead, Snapshots} from '../../../agent/snapshots/snapshots.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'
import type {Problem} from '../../../core/problem/problem.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {describeFrozen, openFreezer} from '../../support/agent/freezer.ts'

const reader = {signal: new AbortController().signal, turn: async () => {}}

interface OpenOptions {
  readonly limits?: Partial<Limits>
  readonly cluster?: ClusterSource
  readonly npmPort?: number
  readonly legacyTables?: string
}

function openSnapshots(options: OpenOptions = {}): {snapshots: Snapshots; reads: FinishedRead[]} & Disposable {
  const limits = {...usualLimits, ...options.limits}
  const reads: FinishedRead[] = []
  const {cluster, npmPort = 1, legacyTables} = options
  const sources = {version: '1.2.3', cluster, limits, run, npmPort, legacyTables: async () => legacyTables}
  const snapshots = new Snapshots({
    node: 'bakery-1',
    limits,
    readers: asked => documentReaders(asked, sources),
    onRead: read => reads.push(read),
  })
  return {snapshots, reads, [Symbol.dispose]: () => snapshots.stop()}
}

async function whole(
  snapshots: Snapshots,
  id: string,
  name: NodeDocument,
): Promise<{text: string; problems: readonly Problem[]; command: string | undefined}> {
  const pieces: Buffer[] = []
  for (let offset = 0; ; ) {
    const {base64, end, problems, command} = await snapshots.piece(id, name, offset, reader)
    pieces.push(Buffer.from(base64, 'base64'))
    offset += pieces.at(-1)?.length ?? 0
    if (end) return {text: gunzipSync(Buffer.concat(pieces)).toString(), problems, command}
  }
}

const COUNTING = 'echo run >> "$(dirname "$0")/runs"; '
const runsIn = async (folder: string): Promise<number> => (await readFile(join(folder, 'runs'), 'utf8')).split('run').length - 1

describe('a read of the node', () => {
  test.each<{name: string; script: string; text: string; says: RegExp | undefined}>([
    {name: 'ends well', script: 'echo create x hash:ip', text: 'create x hash:ip\n', says: undefined},
    {name: 'prints nothing', script: 'exit 0', text: '', says: undefined},
    {
      name: 'fails',
      script: 'echo half; echo why >&2; exit 1',
      text: 'half\n',
      says: /^ipset save: it ended with exit code 1: why$/,
    },
    {name: 'hangs', script: 'echo half; exec sleep 600', text: 'half\n', says: /^ipset save: it did not end within 1 s/},
    {name: 'is killed', script: 'echo half; kill -9 $$', text: 'half\n', says: /^ipset save: it was ended by SIGKILL$/},
    {name: 'prints garbage', script: "printf '\\377\\000\\n'", text: '\ufffd\0\n', says: undefined},
    {
      name: 'is too old',
      script: 'echo "ipset v6: Kernel and userspace incompatible: settype" >&2; exit 1',
      text: '',
      says: /older than what a newer program put into the kernel/,
    },
  ])('of a tool that $name keeps what it printed, and says what went wrong', async ({script, text, says}) => {
    await using _tools = await fakeTools({ipset: script})
    using open = openSnapshots({limits: {toolMs: 1000}})
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    const read = await whole(open.snapshots, id, 'ipset-save.txt')
    expect(read).toMatchObject({text, command: 'ipset save'})
    if (says) expect(read.problems).toMatchObject([{code: 'TOOL_FAILED', message: expect.stringMatching(says)}])
    else expect(read.problems).toEqual([])
    expect(open.reads).toMatchObject([{documents: ['ipset-save.txt'], problems: read.problems.map(({message}) => message)}])
  })

  test('one tool that hangs does not hold up what the others say', async () => {
    await using _tools = await fakeTools({ipset: 'exec sleep 600', 'iptables-nft-save': 'echo "*filter"', conntrack: 'echo 42'})
    using open = openSnapshots()
    const {id} = await open.snapshots.open(['ipset-save.txt', 'iptables-nft-save.txt', 'conntrack-count.txt'])
    expect(await whole(open.snapshots, id, 'iptables-nft-save.txt')).toMatchObject({text: '*filter\n', problems: []})
    expect(await whole(open.snapshots, id, 'conntrack-count.txt')).toMatchObject({text: '42\n', command: 'conntrack -C'})
  })

  test('the legacy tool is not run where there are no legacy tables, and is where there are', async () => {
    await using tools = await fakeTools({'iptables-legacy-save': `${COUNTING} echo legacy`})
    for (const legacyTables of ['', '\n']) {
      using open = openSnapshots({legacyTables})
      expect((await open.snapshots.open(['iptables-legacy-save.txt'])).documents).toEqual([])
    }
    await expect(runsIn(tools.folder)).rejects.toThrow('ENOENT')
    using open = openSnapshots({legacyTables: 'filter\n'})
    const {id} = await open.snapshots.open(['iptables-legacy-save.txt'])
    expect(await whole(open.snapshots, id, 'iptables-legacy-save.txt')).toMatchObject({text: 'legacy\n'})
  })

  test('where iptables-nft-save is called iptables-save, that one is run, if it is of nft', async () => {
    const script = (kind: string) => `case $1 in --version) echo "iptables-save v1.8.10 (${kind})";; *) echo "*filter";; esac`
    await using tools = await fakeTools({'iptables-save': script('nf_tables')})
    process.env['PATH'] = `${tools.folder}:/bin/nowhere`
    await using _sh = await fakeTools({})
    process.env['PATH'] = tools.folder
    using open = openSnapshots()
    const nft = await open.snapshots.open(['iptables-nft-save.txt'])
    expect(await whole(open.snapshots, nft.id, 'iptables-nft-save.txt')).toMatchObject({
      text: '*filter\n',
      command: 'iptables-save -c',
    })
    await using legacy = await fakeTools({'iptables-save': script('legacy')})
    process.env['PATH'] = legacy.folder
    using other = openSnapshots()
    const none = await other.snapshots.open(['iptables-nft-save.txt'])
    expect(await whole(other.snapshots, none.id, 'iptables-nft-save.txt')).toMatchObject({
      text: '',
      problems: [{message: 'iptables-nft-save -c: iptables-nft-save is not installed'}],
    })
  })

  test('versions are told of what is there and of what is not', async () => {
    await using _tools = await fakeTools({
      'iptables-nft-save': 'echo "iptables-nft-save v1.8.9 (nf_tables)"',
      ipset: 'echo "ipset v7.17, protocol version: 7"',
      conntrack: 'exit 9',
    })
    using open = openSnapshots()
    const {id} = await open.snapshots.open(['versions.txt'])
    const {text, problems} = await whole(open.snapshots, id, 'versions.txt')
    expect(text).toMatch(/^npm-agent: 1\.2\.3\nnode: v\d+/)
    expect(text).toContain('ipset version: ipset v7.17, protocol version: 7\n')
    expect(text).toContain('conntrack --version: it ended with exit code 9\n')
    expect(text).toMatch(/uname -a: Linux /)
    expect(problems).toEqual([])
  })

  test('it is seen in which back end Azure NPM is, also when its name lies across two pieces', async () => {
    await using _tools = await fakeTools({
      'iptables-nft-save': 'echo "*filter"',
      'iptables-legacy-save': 'printf ":AZURE-"; sleep 0.2; printf "NPM - [0:0]\\n"',
    })
    using open = openSnapshots({legacyTables: 'filter'})
    await open.snapshots.open(['iptables-nft-save.txt', 'iptables-legacy-save.txt'])
    await expect.poll(() => open.reads).toMatchObject([{backend: 'legacy'}])
  })
})

describe('several readers', () => {
  test('who ask at once share one run, and the first to close does not take it from the other', async () => {
    await using tools = await fakeTools({ipset: `${COUNTING} sleep 0.3; echo sets`, conntrack: 'echo 1'})
    using open = openSnapshots()
    const {snapshots} = open
    const [one, two] = await Promise.all([
      snapshots.open(['ipset-save.txt', 'conntrack-count.txt']),
      snapshots.open(['conntrack-count.txt', 'ipset-save.txt']),
    ])
    const part = await snapshots.open(['ipset-save.txt'])
    expect([two.id, part.id]).toEqual([one.id, one.id])
    expect(part.documents).toEqual(['ipset-save.txt'])
    snapshots.close(one.id)
    snapshots.close(part.id)
    expect(await whole(snapshots, two.id, 'ipset-save.txt')).toMatchObject({text: 'sets\n'})
    expect(await runsIn(tools.folder)).toBe(1)
    snapshots.close(two.id)
    await expect(whole(snapshots, two.id, 'ipset-save.txt')).rejects.toMatchObject({refusal: {code: 'NO_SNAPSHOT'}})
    const later = await snapshots.open(['ipset-save.txt'])
    await whole(snapshots, later.id, 'ipset-save.txt')
    expect(await runsIn(tools.folder)).toBe(2)
  })

  test('nobody shares a run that began long ago: what has changed since then would be missing', async () => {
    await using tools = await fakeTools({ipset: `${COUNTING} exec sleep 600`})
    using open = openSnapshots({limits: {sharedReadMs: 50}})
    const first = await open.snapshots.open(['ipset-save.txt'])
    await expect.poll(() => runsIn(tools.folder)).toBe(1)
    await expect.poll(async () => (await open.snapshots.open(['ipset-save.txt'])).id !== first.id).toBe(true)
    open.snapshots.leave(first.id)
    open.snapshots.close(first.id)
    await expect.poll(() => runsIn(tools.folder)).toBe(2)
  })

  test('who ask one after the other for what hangs, start it once, and keep nobody from the rest', async () => {
    await using tools = await fakeTools({
      ipset: `${COUNTING} exec sleep 600`,
      'iptables-nft-save': 'echo "*filter"',
      conntrack: 'echo 42',
    })
    using open = openSnapshots({limits: {sharedReadMs: -1}})
    const asked = ['ipset-save.txt', 'ipset-list.txt', 'iptables-nft-save.txt', 'conntrack-count.txt'] as const
    for (let reads = 0; reads < 6; reads++) {
      const {id} = await open.snapshots.open(asked)
      expect(await whole(open.snapshots, id, 'iptables-nft-save.txt')).toMatchObject({text: '*filter\n', problems: []})
      expect(await whole(open.snapshots, id, 'conntrack-count.txt')).toMatchObject({text: '42\n', problems: []})
    }
    expect(await runsIn(tools.folder)).toBe(1)
  })

  test('who have waited for as long as a tool may run are told so', async () => {
    await using _tools = await fakeTools({ipset: 'exec sleep 600'})
    using hanging = openSnapshots()
    const {id: first} = await hanging.snapshots.open(['ipset-save.txt'])
    using open = openSnapshots({limits: {toolMs: 300}})
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    const {problems} = await whole(open.snapshots, id, 'ipset-save.txt')
    expect(problems).toMatchObject([{message: 'ipset save: it was not started: other reads of the same took 0.3 s'}])
    hanging.snapshots.close(first)
  })

  test('who ask for too many different reads are told to wait', async () => {
    await using _tools = await fakeTools({
      ipset: 'exec sleep 600',
      conntrack: 'exec sleep 600',
      'iptables-nft-save': 'exec sleep 600',
    })
    using open = openSnapshots({limits: {reads: 2, readQueueMs: 100}})
    await open.snapshots.open(['ipset-save.txt'])
    await open.snapshots.open(['conntrack-count.txt'])
    await expect(open.snapshots.open(['iptables-nft-save.txt'])).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}})
  })

  test('who come while as many reads are under way as may wait for their turn', async () => {
    await using _tools = await fakeTools({ipset: 'sleep 0.3; echo sets', conntrack: 'echo 1'})
    using open = openSnapshots({limits: {reads: 1}})
    await open.snapshots.open(['ipset-save.txt'])
    const {id} = await open.snapshots.open(['conntrack-count.txt'])
    expect(await whole(open.snapshots, id, 'conntrack-count.txt')).toMatchObject({text: '1\n'})
  })

  test('the last one who leaves ends the tool', async () => {
    await using tools = await fakeTools({ipset: 'echo $$ > "$(dirname "$0")/pid"; echo first; exec sleep 600'})
    using open = openSnapshots()
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    const pid = async () => Number(await readFile(join(tools.folder, 'pid'), 'utf8').catch(() => '0'))
    await expect.poll(pid).toBeGreaterThan(0)
    const tool = await pid()
    const waiting = open.snapshots.piece(id, 'ipset-save.txt', 1_000_000, reader)
    open.snapshots.close(id)
    await expect(waiting).rejects.toMatchObject({refusal: {code: 'NO_SNAPSHOT'}})
    await expect.poll(() => isRunning(tool)).toBe(false)
  })
})

describeFrozen('a tool that cannot be killed', () => {
  test('takes its own documents away, and no slot', async () => {
    await using freezer = await openFreezer()
    await using _tools = await fakeTools({
      ipset: `echo half; ${freezer.enter}; echo never`,
      'iptables-nft-save': 'echo "*filter"',
      conntrack: 'echo 42',
    })
    using open = openSnapshots({limits: {toolMs: 500, reads: 1, sharedReadMs: -1}})
    const asked = ['ipset-save.txt', 'ipset-list.txt', 'iptables-nft-save.txt', 'conntrack-count.txt', 'versions.txt'] as const
    const readAll = async () => {
      const {id} = await open.snapshots.open(asked)
      const texts = await Promise.all(asked.map(name => whole(open.snapshots, id, name)))
      return texts.map(({text, problems}) => ({text, says: problems.map(({message}) => message).join()}))
    }
    const [sets, list, rules, count] = await readAll()
    expect([sets, list]).toContainEqual({
      text: 'half\n',
      says: expect.stringMatching(
        /^ipset (save|list -t): it did not end within 0.5 s and could not be stopped: process \d+ is still there$/,
      ),
    })
    for (let reads = 0; reads < 3; reads++) {
      const [again, , ...others] = await readAll()
      expect(again?.text).toBe('')
      expect(again?.says).toMatch(/^ipset save: an earlier ipset could not be stopped: process \d+ is still there$/)
      expect(others.slice(0, 2)).toEqual([rules, count])
      expect(others[2]?.text).toMatch(/ipset version: an earlier ipset could not be stopped/)
    }
    expect([rules, count]).toEqual([
      {text: '*filter\n', says: ''},
      {text: '42\n', says: ''},
    ])
    // The first read runs it for a save or a list, and for its version.
    expect((await freezer.processes()).length).toBeLessThanOrEqual(2)
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('places for snapshots', () => {
  /** Opens one that nobody else shares, and lets its read end. */
  async function openOwn(snapshots: Snapshots, owner?: string): Promise<string> {
    const {id} = await snapshots.open(['conntrack-count.txt'], owner)
    await whole(snapshots, id, 'conntrack-count.txt')
    return id
  }
  const isHeld = (snapshots: Snapshots, id: string) =>
    snapshots.piece(id, 'conntrack-count.txt', 0, reader).then(
      () => true,
      () => false,
    )

  test('are shared out: one owner has few, and gets another when it has closed one', async () => {
    await using _tools = await fakeTools({conntrack: 'echo 1'})
    using open = openSnapshots({limits: {snapshotsOfToken: 2}})
    const {snapshots} = open
    const first = await openOwn(snapshots, 'a')
    await openOwn(snapshots, 'a')
    await expect(openOwn(snapshots, 'a')).rejects.toMatchObject({
      refusal: {code: 'TOO_MANY', message: '2 dumps of this node are open for this token'},
    })
    await openOwn(snapshots, 'b')
    snapshots.close(first, 'a')
    await openOwn(snapshots, 'a')
    for (let index = 0; index < 5; index++) await openOwn(snapshots)
  })

  test('are shared out also among those who ask for many at once', async () => {
    await using _tools = await fakeTools({conntrack: 'echo 1', ipset: 'echo 1', 'iptables-nft-save': 'echo 1'})
    using open = openSnapshots({limits: {snapshotsOfToken: 2}})
    const documents: NodeDocument[] = ['conntrack-count.txt', 'ipset-save.txt', 'iptables-nft-save.txt', 'versions.txt']
    const outcomes = await Promise.allSettled(documents.map(document => open.snapshots.open([document], 'a')))
    expect(outcomes.filter(({status}) => status === 'fulfilled')).toHaveLength(2)
  })

  test.each<{name: string; taken: (string | undefined)[]; comes: string | undefined; loses: number | undefined}>([
    {name: 'who has most loses the oldest', taken: ['b', 'a', 'a', 'a'], comes: 'c', loses: 1},
    {name: 'also to who has fewer', taken: ['b', 'a', 'a', 'a'], comes: 'b', loses: 1},
    {name: 'where all have one, the one that was not used for longest goes', taken: ['a', 'b', 'c'], comes: 'd', loses: 0},
    {name: 'root gets one, too', taken: ['a', 'b', 'c'], comes: undefined, loses: 0},
    {name: 'that of root stays', taken: [undefined, 'a', 'b'], comes: 'c', loses: 1},
    {name: 'nobody loses one to who has as many', taken: ['a', 'a', 'b', 'b'], comes: 'a', loses: undefined},
  ])('when all are taken, $name', async ({taken, comes, loses}) => {
    await using _tools = await fakeTools({conntrack: 'echo 1'})
    using open = openSnapshots({limits: {snapshots: taken.length, snapshotsOfToken: 5}})
    const ids: string[] = []
    for (const owner of taken) ids.push(await openOwn(open.snapshots, owner))
    if (loses === undefined) {
      await expect(openOwn(open.snapshots, comes)).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}})
      return
    }
    await openOwn(open.snapshots, comes)
    for (const [index, id] of ids.entries()) expect(await isHeld(open.snapshots, id)).toBe(index !== loses)
  })

  test('that several share are not taken from them', async () => {
    await using _tools = await fakeTools({conntrack: 'sleep 0.3; echo 1'})
    using open = openSnapshots({limits: {snapshots: 1}})
    const [first, second] = await Promise.all(['a', 'b'].map(owner => open.snapshots.open(['conntrack-count.txt'], owner)))
    expect(first?.id).toBe(second?.id)
    await whole(open.snapshots, first?.id ?? '', 'conntrack-count.txt')
    await expect(openOwn(open.snapshots, 'c')).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}})
    open.snapshots.leave(first?.id ?? '', 'a')
    await openOwn(open.snapshots, 'c')
  })

  test('are made by who has most where memory is short', async () => {
    await using _tools = await fakeTools({ipset: 'head -c 600000 /dev/urandom | od -An -v -tx1'})
    using open = openSnapshots({limits: {snapshotBytes: 2_500_000}})
    const ids: string[] = []
    for (const owner of ['a', 'a', 'b']) {
      const {id} = await open.snapshots.open(['ipset-save.txt'], owner)
      ids.push(id)
      await whole(open.snapshots, id, 'ipset-save.txt')
    }
    await expect(whole(open.snapshots, ids[0] ?? '', 'ipset-save.txt')).rejects.toMatchObject({refusal: {code: 'NO_SNAPSHOT'}})
    expect(await whole(open.snapshots, ids[2] ?? '', 'ipset-save.txt')).toMatchObject({problems: []})
  })
})

describe('memory', () => {
  test('a read that is larger than what may be held is cut, whole as gzip, and said to be', async () => {
    await using _tools = await fakeTools({ipset: 'head -c 3000000 /dev/urandom | od -An -v -tx1'})
    using open = openSnapshots({limits: {snapshotBytes: 600_000}})
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    const {text, problems} = await whole(open.snapshots, id, 'ipset-save.txt')
    expect(problems).toMatchObject([{code: 'TRUNCATED_FILE', next: expect.stringContaining('--local')}])
    expect(text.length).toBeGreaterThan(500_000)
    expect(text.length).toBeLessThan(3_000_000)
    expect(open.snapshots.bufferedBytes).toBeLessThan(2_000_000)
    open.snapshots.close(id)
    expect(open.snapshots.bufferedBytes).toBe(0)
  })

  test('room is made by what nobody holds open any more, the least used first', async () => {
    await using _tools = await fakeTools({ipset: 'head -c 600000 /dev/urandom | od -An -v -tx1', conntrack: 'echo 1'})
    using open = openSnapshots({limits: {snapshotBytes: 2_500_000}})
    const {snapshots} = open
    const ids: string[] = []
    for (let read = 0; read < 4; read++) {
      const {id} = await snapshots.open(['ipset-save.txt'])
      await whole(snapshots, id, 'ipset-save.txt')
      snapshots.leave(id)
      ids.push(id)
    }
    expect(snapshots.bufferedBytes).toBeLessThan(2_500_000)
    const isHeld = (id: string) =>
      snapshots.piece(id, 'ipset-save.txt', 0, reader).then(
        () => true,
        () => false,
      )
    expect([await isHeld(ids[0] ?? ''), await isHeld(ids[3] ?? '')]).toEqual([false, true])
  })

  test('what nobody reads from any more is dropped after its time', async () => {
    await using _tools = await fakeTools({ipset: 'echo sets'})
    using open = openSnapshots({limits: {snapshotMs: 100}})
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    await whole(open.snapshots, id, 'ipset-save.txt')
    await expect.poll(() => open.snapshots.bufferedBytes).toBe(0)
    await expect(whole(open.snapshots, id, 'ipset-save.txt')).rejects.toMatchObject({
      refusal: {code: 'NO_SNAPSHOT', next: expect.stringContaining('Run the command again')},
    })
  })

  test('a reader who waits for a slow tool keeps the read alive', async () => {
    await using _tools = await fakeTools({ipset: 'sleep 0.5; echo sets'})
    using open = openSnapshots({limits: {snapshotMs: 100}})
    const {id} = await open.snapshots.open(['ipset-save.txt'])
    expect(await whole(open.snapshots, id, 'ipset-save.txt')).toMatchObject({text: 'sets\n'})
  })
})
