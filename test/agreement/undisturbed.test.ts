import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Connector, openConnector, type Pair} from '../support/kernel/connections/connector.ts'
import {type Namespace, openNamespace} from '../support/kernel/namespace.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {connect} from '../support/kernel/packets/wires.ts'
import {type Backend, backends} from '../support/kernel/tools.ts'
import {alwaysAllowed, loaded, marketPods, marketPorts, type Repair, repairs} from '../support/linux/market.ts'
import {planFor} from '../support/plan/plan.ts'
import {WriterLab} from '../support/writer/lab.ts'
import type {WriterProcess} from '../support/writer/process.ts'

/*
 * New connections are opened all the time while a node is repaired and taken back. Those that the node allows before and behind must all
 * stand, at the first SYN, and of those that it denies before and behind none may. Which these are is measured on the node, in both states.
 */

/** What is opened at least, of all kinds of repair and both back ends together. More with OPENED_CONNECTIONS=1000000. */
const LEAST = Number(process.env['OPENED_CONNECTIONS'] ?? 100_000)
const LEAST_OF_ONE = Math.ceil(LEAST / (repairs.length * backends.length))

const pairs: readonly Pair[] = marketPods.flatMap((_, from) =>
  marketPods.flatMap((_, to) => (from === to ? [] : marketPorts.map((port): Pair => [from, to, port]))),
)
const shown = ([from, to, port]: Pair): string => `${marketPods[from]?.name} -> ${marketPods[to]?.name} tcp/${port}`

/** How it is planned: without Azure NPM by the shortest way, and beside it by the way that needs no walks. */
const ways = [
  {mostWalks: 64, surroundings: {hasNpmPages: false, hasNpmProcess: false}},
  {mostWalks: 0, surroundings: {hasNpmPages: true, hasNpmProcess: true}},
] as const

let opened = 0

describePackets('while a node is repaired and taken back', () => {
  // Most of the time is the kernel's, which waits until nobody uses what is changed: both at once take little longer than one.
  describe.concurrent.each(backends)('%s', backend => {
    let market: Market | undefined
    beforeAll(async () => {
      market = await openMarket(backend)
    })
    afterAll(() => market?.[Symbol.asyncDispose]())

    test.each(repairs)('nobody is disturbed: $what', {concurrent: false}, async repair => {
      const {allowed, denied, wrong} = await repairUnderWay(market as Market, repair)
      expect(wrong).toEqual([])
      // Otherwise nothing would be proven.
      expect([allowed > 0, denied > 0]).toEqual([true, true])
      opened += allowed + denied
    })
  })

  test(`they were ${LEAST} connections at least`, () => {
    expect(opened).toBeGreaterThanOrEqual(LEAST)
  })
})

interface Market extends AsyncDisposable {
  readonly lab: WriterLab
  readonly connector: Connector
  readonly writer: WriterProcess
}

/** The node as a router, with pods around it that answer. */
async function openMarket(backend: Backend): Promise<Market> {
  await using stack = new AsyncDisposableStack()
  const lab = stack.use(await WriterLab.open(backend))
  const pods: {namespace: Namespace; address: string}[] = []
  for (const {ip} of marketPods) pods.push({namespace: stack.use(await openNamespace()), address: ip})
  await connect(lab.namespace, '10.80.1.1', pods)
  await Promise.all(pods.map(({namespace, address}) => namespace.run('ip', ['addr', 'add', `${address}/32`, 'dev', 'eth0'])))
  // Closed connections are forgotten at once: there are many, and the kernel remembers so many in all namespaces together.
  await lab.namespace.run('sh', ['-c', 'echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close'])
  const connector = stack.use(
    await openConnector({
      places: pods.map(({namespace: {name}, address}) => ({namespace: name, address})),
      ports: marketPorts,
      last: alwaysAllowed,
    }),
  )
  const writer = stack.use(await lab.writer())
  const owned = stack.move()
  return {lab, connector, writer, [Symbol.asyncDispose]: () => owned.disposeAsync()}
}

async function repairUnderWay({lab, connector, writer}: Market, {lines, objects}: Repair): Promise<Opened> {
  await lab.load(loaded(lines))
  const there = await lab.read()
  const plans = ways.map(way => planFor(there.state, {kind: 'policies', cluster: objects}, way))
  const [shortest, walkless] = await Promise.all(plans.map(async plan => lab.keep(await plan)))
  const repair = async (plan = '') =>
    expect((await writer.tell({does: 'apply', plan})).result).toMatchObject({outcome: 'applied', state: 'after'})
  const takeBack = async () =>
    expect((await writer.tell({does: 'rollback'})).result).toMatchObject({outcome: 'rolledBack', state: 'after'})
  const before = await connector.look(pairs)
  await repair(shortest)
  const behind = await connector.look(pairs)
  const allowed = pairs.filter((_, at) => before[at] && behind[at])
  const denied = pairs.filter((_, at) => !before[at] && !behind[at])
  const opened: Opened = {allowed: 0, denied: 0, wrong: []}
  while (opened.allowed + opened.denied < LEAST_OF_ONE && opened.wrong.length === 0) {
    const stream = await connector.during({allowed, denied}, async () => {
      await takeBack()
      await repair(walkless)
      await takeBack()
      await repair(shortest)
    })
    opened.allowed += stream.allowed
    opened.denied += stream.denied
    opened.wrong.push(...stream.wrong.map(([from, to, port, reason]) => `${shown([from, to, port])}: ${reason}`))
  }
  if (opened.wrong.length > 0)
    for (const plan of plans) {
      const steps = (await plan).operations.map(({step, line}) => `${step} ${line}`)
      opened.wrong.push(`on the way of or back from\n${steps.join('\n')}`)
    }
  await takeBack()
  expect((await lab.read()).digest).toBe(there.digest)
  return opened
}

interface Opened {
  allowed: number
  denied: number
  readonly wrong: string[]
}
