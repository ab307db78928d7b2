import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Metrics, metricsSchema} from '../../../core/contract/metrics.ts'
import {agentFamilies} from '../../../core/metrics/agent-families.ts'
import {FakeReviews} from '../../support/agent/fake-reviews.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {NodeLab, policy, valuesAt} from '../../support/metrics/node-lab.ts'

const toDb = policy('to-db', 'db', 'web')
const all = {setCounts: true, compare: true}

/** A value by its name and labels as an exposition has them; undefined without that series. */
const valueOf = ({families}: Metrics, name: string, labels: Record<string, string> = {}) =>
  families
    .flatMap(({samples}) => samples)
    .find(sample => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    ?.value

describeKernel('metrics for a client', () => {
  let lab: NodeLab
  beforeAll(async () => {
    lab = await NodeLab.open()
    await lab.program(toDb)
  })
  afterAll(() => lab?.[Symbol.asyncDispose]())

  test('have at the first time what a scraper has later: both pages, the comparison and the verification', async () => {
    await using agent = await lab.agent({isServing: false})
    await using client = await agent.connect()
    await lab.allowed(3)
    await lab.dropped(2)
    const metrics = metricsSchema.parse(await client.ask('metrics', all))
    const names = new Set(metrics.families.map(({name}) => name))
    const missing = Object.values(agentFamilies)
      .map(({name}) => name)
      .filter(name => !names.has(name))
    expect(missing).toEqual([])
    expect(valueOf(metrics, 'npm_agent_clean')).toBe(1)
    expect(valueOf(metrics, 'npm_agent_verify_result', {result: 'proven'})).toBe(1)
    expect(valueOf(metrics, 'npm_agent_drops_total')).toBe(2)
    expect(valueOf(metrics, 'npm_agent_policy_packets_total', {policy: 'shop/to-db', verdict: 'allow'})).toBe(3)
    // Of Azure NPM's two pages.
    expect([...names]).toEqual(expect.arrayContaining(['npm_add_policy_exec_time', 'npm_pods_watched', 'npm_ipset_counts']))
    expect(metrics.families.find(({name}) => name === 'npm_pods_watched')?.source).toBe('npm')
    expect(agent.metricsPort).toBeUndefined()
  })

  test('compare again when something has changed, but not where nobody wants it', async () => {
    await using agent = await lab.agent()
    await using client = await agent.connect()
    const before = metricsSchema.parse(await client.ask('metrics', {...all, compare: false}))
    expect(before.families.map(({name}) => name)).not.toContain('npm_agent_differences')
    expect(before.absent.map(({name}) => name)).toContain('npm_agent_differences')
    expect(valueOf(metricsSchema.parse(await client.ask('metrics', all)), 'npm_agent_clean')).toBe(1)
    const {namespace} = lab.writing
    const {stdout: list} = await namespace.run('ipset', ['save'])
    const member = list.split('\n').find(line => line.endsWith(' 10.60.0.2')) ?? ''
    await namespace.run('ipset', ['restore'], {stdin: `${member.replace('add', 'del')}\n`})
    const broken = metricsSchema.parse(await client.ask('metrics', all))
    expect(valueOf(broken, 'npm_agent_clean')).toBe(0)
    expect(valueOf(broken, 'npm_agent_verify_result', {result: 'counterexamples'})).toBe(1)
    // The scraper shares what was found.
    expect((await valuesAt(agent.metricsPort)).get('npm_agent_clean')).toBe(0)
    await namespace.run('ipset', ['restore'], {stdin: `${member}\n`})
    expect(valueOf(metricsSchema.parse(await client.ask('metrics', all)), 'npm_agent_clean')).toBe(1)
  })

  test('have no series of sets where nobody wants them, and scrapers have what they are given', async () => {
    await using agent = await lab.agent({metrics: {auth: 'none', hasSetCounts: false}, limits: {sharedScrapeMs: 60_000}})
    await using client = await agent.connect()
    const few = metricsSchema.parse(await client.ask('metrics', {setCounts: false, compare: false}))
    expect(few.families.map(({name}) => name)).not.toContain('npm_ipset_counts')
    expect(few.absent.find(({name}) => name === 'npm_ipset_counts')?.reason).toBe('switched off by --no-ipset-counts')
    const many = metricsSchema.parse(await client.ask('metrics', {setCounts: true, compare: false}))
    expect(many.families.map(({name}) => name)).toContain('npm_ipset_counts')
    const again = metricsSchema.parse(await client.ask('metrics', {setCounts: false, compare: false}))
    expect(again.families.map(({name}) => name)).not.toContain('npm_ipset_counts')
    expect(again.absent.map(({name}) => name)).toContain('npm_ipset_counts')
    expect([...(await valuesAt(agent.metricsPort)).keys()].filter(key => key.startsWith('npm_ipset_counts'))).toEqual([])
  })

  test.each([
    ['NPM Lite', {lite: true}, 'proven'],
    ['too many kinds of pods for all to be judged', {limits: {verifiedPairs: 2}}, 'unknown'],
  ])('are verified with %s, too', async (_, options, result) => {
    await using agent = await lab.agent(options)
    await using client = await agent.connect()
    const metrics = metricsSchema.parse(await client.ask('metrics', all))
    const results = metrics.families.find(({name}) => name === 'npm_agent_verify_result')?.samples
    expect(results?.filter(({value}) => value === 1).map(({labels}) => labels['result'])).toEqual([result])
  })

  test('are counted once, however many ask at once', async () => {
    await using agent = await lab.agent({metrics: {auth: 'none', hasSetCounts: false}})
    const clients = [await agent.connect(), await agent.connect(), await agent.connect()]
    const before = valueOf(metricsSchema.parse(await clients[0]?.ask('metrics', all)), 'npm_agent_drops_total')
    await lab.dropped(4)
    const answers = await Promise.all([
      ...clients.map((client, index) => client.ask('metrics', {setCounts: index === 0, compare: index === 1})),
      valuesAt(agent.metricsPort),
    ])
    expect(answers.length).toBe(4)
    const after = metricsSchema.parse(await clients[0]?.ask('metrics', all))
    expect(valueOf(after, 'npm_agent_drops_total')).toBe(Number(before) + 4)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })

  test('are for who may read dumps', async () => {
    const reviews = new FakeReviews()
    await using agent = await lab.agent({reviews, limits: {deniedRightMs: 1}})
    await using client = await agent.connect()
    reviews.rights.delete('dumps')
    await expect(client.ask('metrics', all)).rejects.toMatchObject({refusal: {code: 'FORBIDDEN'}})
  })

  test('of a node that cannot be read are refused, with the reason', async () => {
    const run = async (command: string, args: readonly string[]) => ({
      command: [command, ...args].join(' '),
      end: 'missing' as const,
      failure: `${command} is not installed`,
      durationMs: 0,
      stdout: new Uint8Array(),
    })
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      await using agent = await lab.agent({run, npmPort: 1})
      await using client = await agent.connect()
      await expect(client.ask('metrics', {...all, compare: false})).rejects.toMatchObject({
        refusal: {code: 'READ_FAILED', message: expect.stringContaining('nothing of this node could be read')},
      })
    } finally {
      process.env['PATH'] = path
    }
  })

  test('need an input as agreed', async () => {
    await using agent = await lab.agent()
    await using client = await agent.connect()
    await expect(client.ask('metrics', {setCounts: 'yes'})).rejects.toMatchObject({message: expect.stringContaining('setCounts')})
  })
})
