import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {run} from '../../../agent/node/run.ts'
import {type WireSample, wireSampleSchema} from '../../../core/contract/live.ts'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {AgentRefusal, type Client} from '../../support/agent/client.ts'
import {NODE} from '../../support/agent/fake-reviews.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {type OpenAgentOptions, openAgent} from '../../support/agent/open-agent.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const rule = (packets: number, text: string) => `[${packets}:${packets * 100}] -A ${text}`
const save = (packets: number, more: readonly string[] = []) =>
  [
    '*filter',
    rule(packets, 'FORWARD -m conntrack --ctstate NEW -j AZURE-NPM'),
    rule(0, 'AZURE-NPM -j AZURE-NPM-INGRESS'),
    ...more.map(each => rule(0, each)),
    rule(2, 'AZURE-NPM-INGRESS -m mark --mark 0x400/0x400 -j DROP'),
    'COMMIT',
    '',
  ].join('\n')
const list = (entries: number) =>
  `Name: azure-npm-1\nType: hash:net\nNumber of entries: ${entries}\n\nName: other\nNumber of entries: 9\n`

/** Tools of a node that is as two files say, and that note each time they are run. */
async function openNode(limits: NonNullable<OpenAgentOptions['limits']> = {}, more: Pick<OpenAgentOptions, 'watch'> = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const file = (name: string) => join(folder.path, name)
  const set = async (rules: string, sets = list(3)) => {
    await writeFile(file('sets'), sets)
    await writeFile(file('rules'), rules)
  }
  stack.use(
    await fakeTools({
      'iptables-nft-save': `case $1 in --version) echo 'iptables-nft-save v1.8.9 (nf_tables)';; *) echo x >> ${file('reads')}; cat ${file('rules')};; esac`,
      'iptables-legacy-save': 'exit 1',
      ipset: `cat ${file('sets')}`,
    }),
  )
  await set(save(1))
  const agent = stack.use(await openAgent({run, ...more, limits: {liveShare: 1e6, liveSetsMs: 0, ...limits}}))
  const disposables = stack.move()
  return {agent, set, reads: file('reads'), [Symbol.asyncDispose]: () => disposables.disposeAsync()}
}

/** The samples of a subscription, one by one. */
function reading(client: Client, input: unknown) {
  const {events, id} = client.subscribe('samples', input)
  let taken = 0
  return {
    id,
    async next(): Promise<WireSample> {
      while (events.length <= taken) await client.someEvent()
      const event = events[taken++]
      if (event instanceof Error) throw event
      return wireSampleSchema.parse(event)
    },
  }
}

test('the first sample has all counts, the next ones what has changed', async () => {
  await using node = await openNode()
  await using client = await node.agent.connect()
  const stream = reading(client, {intervalMs: 200, detail: 'rules'})
  const first = await stream.next()
  expect(first).toMatchObject({
    counts: {isFull: true, rules: [0, 1, 100, 1, 0, 0, 2, 2, 200], sets: [['azure-npm-1', 3]], goneSets: []},
    summary: {
      newConnections: 1,
      drops: 2,
      dropBytes: 200,
      rules: 3,
      policies: 0,
      sets: 1,
      entries: 3,
      active: true,
      differences: null,
    },
    intervalMs: 200,
    skipped: 0,
  })
  await node.set(save(5), list(4))
  // Both files are written one after the other, and a sample may come between.
  const later = [await stream.next()]
  while (later.at(-1)?.summary.newConnections !== 5) later.push(await stream.next())
  expect(later.every(({structure, counts}) => structure === first.structure && counts?.isFull === false)).toBe(true)
  expect(later.flatMap(({counts}) => counts?.rules)).toEqual([0, 5, 500])
  expect(later.flatMap(({counts}) => counts?.sets)).toEqual([['azure-npm-1', 4]])
  await node.set(save(6, ['AZURE-NPM -p sctp -j RETURN']), '')
  let third = await stream.next()
  while (third.structure === first.structure) third = await stream.next()
  expect(third).toMatchObject({
    counts: {isFull: true, rules: [0, 6, 600, 1, 0, 0, 2, 0, 0, 3, 2, 200]},
    summary: {sets: 0, entries: 0},
  })
})

test('the release of Azure NPM and its start are those of its pod; of an image without a release, the form of its rules', async () => {
  const npm = (image: string, startedAt?: string): Pod => ({
    metadata: {name: 'azure-npm-1', namespace: 'kube-system', labels: {'k8s-app': 'azure-npm'}},
    spec: {nodeName: NODE, containers: [{image}]},
    status: {containerStatuses: [{...(startedAt !== undefined && {state: {running: {startedAt}}})}]},
  })
  const startedAt = '2026-11-20T08:00:00.000Z'
  const watch = new FakeWatch()
  watch.node = NODE
  watch.cluster.pods.push(npm('azure-npm:v1.6.48', startedAt))
  await using node = await openNode({}, {watch})
  await using client = await node.agent.connect()
  const stream = reading(client, {intervalMs: 200, detail: 'summary'})
  const {summary} = await stream.next()
  expect(summary.npm).toEqual({release: 'v1.6.48', startedAt, addPolicyMs: null, failures: null})
  expect(await client.ask('status')).toMatchObject({npm: {release: 'v1.6.48', startedAt}})
  watch.cluster.pods.splice(0, 1, npm('azure-npm:latest'))
  for (let last = summary; last.npm?.release !== 'v2'; last = (await stream.next()).summary)
    expect(last.npm?.release).toBe('v1.6.48')
  expect(await client.ask('status')).toMatchObject({npm: {release: null, startedAt: null}})
  watch.cluster.pods.length = 0
  let last = (await stream.next()).summary
  while (last.npm) last = (await stream.next()).summary
  expect(await client.ask('status')).not.toHaveProperty('npm')
})

test('who wants no more than a summary gets no counts, and several share one reader', async () => {
  await using node = await openNode()
  await using one = await node.agent.connect()
  await using other = await node.agent.connect()
  const streams = [
    reading(one, {intervalMs: 200, detail: 'summary'}),
    reading(other, {intervalMs: 200, detail: 'rules'}),
  ] as const
  const [ones, others]: [WireSample[], WireSample[]] = [[], []]
  for (let count = 0; count < 4; count++) {
    ones.push(await streams[0].next())
    others.push(await streams[1].next())
  }
  expect(ones.every(({counts}) => counts === undefined)).toBe(true)
  // The same moments: each was read once for both.
  const times = new Set(others.map(({at}) => at))
  expect(ones.filter(({at}) => times.has(at)).length).toBeGreaterThanOrEqual(3)
})

test('nothing is read while nobody watches', async () => {
  await using node = await openNode()
  const {readFile} = await import('node:fs/promises')
  const reads = async () => (await readFile(node.reads, 'utf8').catch(() => '')).length
  await sleep(300)
  expect(await reads()).toBe(0)
  {
    await using client = await node.agent.connect()
    const stream = reading(client, {intervalMs: 200, detail: 'summary'})
    await stream.next()
    client.socket.send(JSON.stringify({id: stream.id, method: 'subscription.stop'}))
    // The one that was under way, and the one that was due.
    await sleep(600)
    const stopped = await reads()
    await sleep(800)
    expect(await reads()).toBe(stopped)
    await reading(client, {intervalMs: 200, detail: 'summary'}).next()
    expect(await reads()).toBeGreaterThan(stopped)
  }
  expect(await reads()).toBeGreaterThan(0)
  // The one that was under way, and the one that was due when the client had left.
  await sleep(600)
  const after = await reads()
  await sleep(800)
  expect(await reads()).toBe(after)
})

test('where a read costs more than it may, the next ones come later, and the sample says when', async () => {
  await using node = await openNode({liveShare: 1e-6, liveBurstMs: 0, longestLiveMs: 7000})
  await using client = await node.agent.connect()
  expect(await reading(client, {intervalMs: 200, detail: 'summary'}).next()).toMatchObject({intervalMs: 7000})
})

test('the right is reviewed again while somebody watches', async () => {
  await using node = await openNode({goodReviewMs: 100, deniedRightMs: 1})
  await using client = await node.agent.connect()
  const stream = reading(client, {intervalMs: 200, detail: 'summary'})
  await stream.next()
  node.agent.reviews.rights.delete('dumps')
  await expect(
    (async () => {
      for (;;) await stream.next()
    })(),
  ).rejects.toMatchObject({refusal: {code: 'FORBIDDEN'}})
})

test('a node that cannot be read is told, and may be asked again', async () => {
  await using node = await openNode()
  await using client = await node.agent.connect()
  await node.set('')
  await using _broken = await fakeTools({'iptables-nft-save': 'echo no >&2; exit 3', ipset: 'exit 1'})
  const error = await reading(client, {intervalMs: 200, detail: 'rules'})
    .next()
    .catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(AgentRefusal)
  expect(error).toMatchObject({refusal: {code: 'READ_FAILED', message: expect.stringContaining('no')}})
})
