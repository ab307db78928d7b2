import {readFile} from 'node:fs/promises'
import {describe, expect, test} from 'vitest'
import {run} from '../../../agent/node/run.ts'
import type {Drift} from '../../../core/contract/drift.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {decodeText} from '../../../core/text/decode.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {openAgent} from '../../support/agent/open-agent.ts'

const DRIFTED = 'test/fixtures/drifted'

async function readDrifted() {
  const documents = await Promise.all(
    ['cluster.json', 'iptables-save.txt', 'ipset-save.txt'].map(async name => ({
      name,
      folder: 'drifted',
      text: decodeText(await readFile(`${DRIFTED}/${name}`)),
    })),
  )
  const [dump] = (await readDump(documents)).nodes
  if (!dump?.cluster) throw new Error('the fixture has no cluster objects')
  return {dump: dump.with({node: 'bakery-1'}), cluster: dump.cluster}
}

/** Tools of a node that is as the fixture. */
const here = process.cwd()
const TOOLS = {
  'iptables-nft-save': `cat ${here}/${DRIFTED}/iptables-save.txt`,
  'iptables-legacy-save': 'exit 0',
  ipset: `case $1 in save) cat ${here}/${DRIFTED}/ipset-save.txt;; *) exit 1;; esac`,
}

describe('diff by the agent', () => {
  test('says the same as a comparison of the dump elsewhere', async () => {
    const {dump, cluster} = await readDrifted()
    await using _tools = await fakeTools(TOOLS)
    await using agent = await openAgent({run, watch: new FakeWatch(cluster)})
    await using client = await agent.connect()
    const drift = await client.ask<Drift>('diff', {})
    const expected = compareNode(cluster, dump)
    expect(expected.items).not.toEqual([])
    expect(drift.items.map(({name, change, effect}) => ({name, change, effect}))).toEqual(
      expected.items.map(({name, change, effect}) => ({name, change, effect})),
    )
    expect(drift).toMatchObject({kind: 'Drift', node: 'bakery-1', clean: false})
    expect(drift.problems.map(({code}) => code)).toEqual(['UNRESOLVED_NAME'])
  })

  test('says how old its knowledge is when the API server is away', async () => {
    const {cluster} = await readDrifted()
    const watch = new FakeWatch(cluster)
    watch.state = 'stale'
    watch.failure = 'connect ECONNREFUSED'
    await using _tools = await fakeTools(TOOLS)
    await using agent = await openAgent({run, watch})
    agent.reviews.fault = async () => {
      throw new Error('away')
    }
    await using root = await agent.connectAsRoot()
    expect((await root.ask<Drift>('diff')).problems).toContainEqual(
      expect.objectContaining({code: 'OLD_OBJECTS', message: expect.stringContaining('are those of 2026-11-27T08:00:00.000Z')}),
    )
    const {'cluster.json': json} = await root.read('cluster.json')
    expect(json?.problems).toMatchObject([{code: 'OLD_OBJECTS', message: expect.stringContaining('ECONNREFUSED')}])
    expect((JSON.parse(json?.text ?? '') as {items: unknown[]}).items.length).toBe(
      cluster.pods.length + cluster.namespaces.length + cluster.policies.length,
    )
  })

  test.each<{name: string; change: (watch: FakeWatch) => void; says: RegExp}>([
    {
      name: 'has not read the cluster yet',
      change: watch => {
        watch.state = 'starting'
        watch.asOf = undefined
        watch.failure = 'pods is forbidden'
      },
      says: /has not yet read the objects of the cluster: pods is forbidden/,
    },
    {
      name: 'does not watch',
      change: watch => {
        watch.state = 'off'
      },
      says: /does not watch the cluster/,
    },
  ])('is refused while the agent $name', async ({change, says}) => {
    const watch = new FakeWatch()
    change(watch)
    await using agent = await openAgent({watch})
    await using client = await agent.connect()
    await expect(client.ask('diff')).rejects.toMatchObject({
      refusal: {code: 'NO_KNOWLEDGE', message: expect.stringMatching(says)},
    })
  })

  test('waits for the first lists of an agent that has just started, but not for long', async () => {
    const watch = new FakeWatch()
    watch.state = 'starting'
    watch.asOf = undefined
    await using agent = await openAgent({watch, limits: {firstListsMs: 60_000}})
    await using client = await agent.connect()
    const asked = [client.ask<Drift>('diff'), client.read('cluster.json')] as const
    // A change that brings nothing is not what it waits for.
    await expect.poll(() => watch.listening).toBeGreaterThan(2)
    watch.tell()
    watch.state = 'live'
    watch.asOf = '2026-11-27T08:00:00.000Z'
    watch.tell()
    const [drift, {'cluster.json': json}] = await Promise.all(asked)
    expect([...drift.problems, ...(json?.problems ?? [])].map(({code}) => code)).not.toContain('OLD_OBJECTS')

    const never = new FakeWatch()
    never.state = 'starting'
    never.asOf = undefined
    await using other = await openAgent({watch: never, limits: {firstListsMs: 50}})
    await using impatient = await other.connect()
    await expect(impatient.ask('diff')).rejects.toMatchObject({refusal: {code: 'NO_KNOWLEDGE'}})
  })

  test('is refused when the rules could be read only in part: all else would seem to be missing', async () => {
    const {cluster} = await readDrifted()
    await using _tools = await fakeTools({...TOOLS, 'iptables-nft-save': 'echo "*filter"; echo broken >&2; exit 1'})
    await using agent = await openAgent({run, watch: new FakeWatch(cluster)})
    await using client = await agent.connect()
    await expect(client.ask('diff')).rejects.toMatchObject({
      refusal: {code: 'READ_FAILED', message: expect.stringMatching(/rules could not be read: .*exit code 1: broken/)},
    })
  })

  test('compares the rules when only the sets could not be read, and says so', async () => {
    const {cluster} = await readDrifted()
    await using _tools = await fakeTools({...TOOLS, ipset: 'echo gone >&2; exit 1'})
    await using agent = await openAgent({run, watch: new FakeWatch(cluster)})
    await using client = await agent.connect()
    const drift = await client.ask<Drift>('diff')
    expect(drift.problems).toContainEqual(expect.objectContaining({message: 'ipset save: it ended with exit code 1: gone'}))
    expect(drift.items.filter(({kind}) => kind === 'set' || kind === 'member')).toEqual([])
  })

  test('waits for a tool that takes longer than a read is kept for clients who do not come back', async () => {
    const {dump, cluster} = await readDrifted()
    await using _tools = await fakeTools({...TOOLS, ipset: `sleep 1; ${TOOLS.ipset}`})
    await using agent = await openAgent({run, watch: new FakeWatch(cluster), limits: {snapshotMs: 100}})
    await using client = await agent.connect()
    const drift = await client.ask<Drift>('diff')
    expect(drift.items.map(({name}) => name)).toEqual(compareNode(cluster, dump).items.map(({name}) => name))
  })

  test('of more than the agent compares is left to the plugin', async () => {
    const {cluster} = await readDrifted()
    await using _tools = await fakeTools(TOOLS)
    await using agent = await openAgent({run, watch: new FakeWatch(cluster), limits: {diffBytes: 1000}})
    await using client = await agent.connect()
    await expect(client.ask('diff')).rejects.toMatchObject({
      refusal: {code: 'READ_FAILED', next: expect.stringContaining('kubectl npm diff --from')},
    })
  })

  test('of thousands of differences lists the most harmful ones, and counts the others', async () => {
    const {dump, cluster} = await readDrifted()
    await using _tools = await fakeTools(TOOLS)
    await using agent = await openAgent({run, watch: new FakeWatch(cluster), limits: {differences: 1}})
    await using client = await agent.connect()
    const drift = await client.ask<Drift>('diff')
    const all = compareNode(cluster, dump).items
    expect(drift.items).toHaveLength(1)
    expect(drift.items[0]).toMatchObject({name: all[0]?.name})
    expect(drift.causes.flatMap(({items}) => items)).toEqual([0])
    expect(drift.notes[0]).toMatch(new RegExp(`^${all.length - 1} more differences are not listed`))
  })

  test('at once for several is one comparison, and one read', async () => {
    const {cluster} = await readDrifted()
    await using tools = await fakeTools({
      ...TOOLS,
      'iptables-nft-save': `echo run >> "$(dirname "$0")/runs"; sleep 0.2; ${TOOLS['iptables-nft-save']}`,
    })
    await using agent = await openAgent({run, watch: new FakeWatch(cluster)})
    await using one = await agent.connect()
    await using two = await agent.connect()
    await expect.poll(() => agent.log.some(line => line.includes('The tools of this node'))).toBe(true)
    const before = (await readFile(`${tools.folder}/runs`, 'utf8')).length
    const [first, second] = await Promise.all([one.ask('diff'), two.ask('diff')])
    expect(first).toEqual(second)
    expect((await readFile(`${tools.folder}/runs`, 'utf8')).length - before).toBe('run\n'.length)
  })
})
