import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {type FindOptions, findDenied} from '../../../core/flows/find-denied.ts'
import {isClean, listDenied} from '../../../core/flows/list-denied.ts'
import {parseConnections} from '../../../core/flows/parse-connections.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const [WEB, DB, JOB, OUTSIDE, N1] = ['10.0.1.1', '10.0.2.1', '10.0.1.9', '203.0.113.9', '10.9.0.1']

interface Entry {
  readonly protocol?: 'tcp' | 'udp'
  readonly state?: string
  readonly from: string
  readonly fromPort?: number
  readonly to: string
  readonly port: number
  /** Behind a service. */
  readonly pod?: {readonly address: string; readonly port: number}
  readonly flag?: string
}

function line({protocol = 'tcp', state = 'ESTABLISHED', from, fromPort = 40000, to, port, pod, flag = ''}: Entry): string {
  const {address, port: behind} = pod ?? {address: to, port}
  const head = protocol === 'tcp' ? `tcp      6 1000 ${state}` : 'udp      17 100'
  return `ipv4     2 ${head} src=${from} dst=${to} sport=${fromPort} dport=${port} ${flag} src=${address} dst=${from} sport=${behind} dport=${fromPort} mark=0 use=1\n`
}

async function nodeOf(
  cluster: ClusterObjects | null = shop,
  lines: Parameters<typeof shopNodes>[0] = {n1: shopLines},
): Promise<NodeState> {
  return (await shopNodes(lines, cluster))[0] as NodeState
}

const found = (node: NodeState, entries: readonly Entry[], options?: FindOptions) =>
  findDenied(node, parseConnections(entries.map(line)).connections, options)

test('a connection that no policy allows is found with its pods and the rule; one that is allowed is not', async () => {
  const {denied, counts} = found(await nodeOf(), [
    {from: WEB, to: DB, port: 5432},
    {from: JOB, to: DB, port: 5432},
    {from: WEB, to: DB, port: 80},
    {from: WEB, to: JOB, port: 80},
    {from: JOB, to: OUTSIDE, port: 443},
  ])
  expect(denied.map(({flow}) => flow)).toMatchObject([
    {protocol: 'tcp', source: JOB, sourcePort: 40000, destination: DB, destinationPort: 5432, from: 'ops/job', to: 'shop/db'},
    {source: WEB, destination: DB, destinationPort: 80, from: 'shop/web', to: 'shop/db'},
    {source: WEB, destination: JOB, from: 'shop/web', to: 'ops/job'},
  ])
  expect(denied[0]?.flow.reason).toContain('shop/db-from-web')
  expect(denied[2]?.flow.reason).toContain('shop/web-to-db')
  expect(counts).toEqual({connections: 5, judged: 5, denied: 3, unanswered: 0, unknown: 0})
})

test('behind a service the pod and its port are judged, and the service is named', async () => {
  const service = {to: '10.200.0.7', port: 80}
  const {denied} = found(await nodeOf(), [
    {from: WEB, ...service, pod: {address: DB, port: 5432}},
    {from: WEB, ...service, pod: {address: JOB, port: 8080}},
    {from: JOB, ...service, pod: {address: DB, port: 5432}},
  ])
  expect(denied.map(({flow}) => flow)).toMatchObject([
    {source: WEB, destination: JOB, destinationPort: 8080, service: '10.200.0.7:80'},
    {source: JOB, destination: DB, destinationPort: 5432, service: '10.200.0.7:80'},
  ])
})

test('what the node itself sends or receives is left aside', async () => {
  const entries = [
    {from: N1, to: DB, port: 80},
    {from: DB, to: N1, port: 10250},
    {from: '127.0.0.1', to: DB, port: 80},
  ]
  expect(found(await nodeOf(), entries).counts).toMatchObject({judged: 0, denied: 0, unknown: 0})
})

test('what nobody answered does not go on, and what is over neither', async () => {
  const {counts} = found(await nodeOf(), [
    {protocol: 'udp', from: JOB, to: DB, port: 53, flag: '[UNREPLIED]'},
    {state: 'SYN_SENT', from: JOB, to: DB, port: 80, flag: '[UNREPLIED]'},
    {state: 'TIME_WAIT', from: JOB, to: DB, port: 80},
    {state: 'CLOSE', from: JOB, to: DB, port: 80},
    {state: 'CLOSE_WAIT', from: JOB, to: DB, port: 80},
    {protocol: 'udp', from: JOB, to: DB, port: 53},
  ])
  expect(counts).toEqual({connections: 6, judged: 2, denied: 2, unanswered: 2, unknown: 0})
})

describe('where no object tells the addresses of nodes', () => {
  test('an end that may be the node itself makes it unknown, and one in the sets of pods does not', async () => {
    const {denied, counts, unknown} = found(await nodeOf(null), [
      {from: JOB, to: DB, port: 80},
      {from: N1, to: DB, port: 80},
      {from: OUTSIDE, to: DB, port: 80},
    ])
    expect(denied.map(({flow}) => flow.source)).toEqual([JOB, OUTSIDE])
    expect(counts).toMatchObject({unknown: 1})
    expect(unknown[0]?.reason).toContain(N1)
  })

  test('the addresses that the node was asked for decide', async () => {
    const options = {ownAddresses: new Set([N1])}
    const {denied, counts} = found(
      await nodeOf(null),
      [
        {from: N1, to: DB, port: 80},
        {from: '10.9.0.7', to: DB, port: 80},
      ],
      options,
    )
    expect(denied.map(({flow}) => flow.source)).toEqual(['10.9.0.7'])
    expect(counts).toMatchObject({unknown: 0})
  })
})

test('rules that ask for the port of the sender are asked with it', async () => {
  const {rules, sets} = shopLines
  const at = rules.findIndex(each => each.startsWith('-A FORWARD'))
  const foreign = rules.toSpliced(at, 0, '-A FORWARD -p tcp -m tcp --sport 1000:2000 -j ACCEPT')
  const node = await nodeOf(shop, {n1: {rules: foreign, sets}})
  const {denied, counts} = found(node, [
    {from: JOB, fromPort: 1500, to: DB, port: 80},
    {from: JOB, fromPort: 2500, to: DB, port: 80},
  ])
  expect(denied.map(({flow}) => flow.sourcePort)).toEqual([2500])
  expect(counts).toMatchObject({unknown: 0})
})

test('what a rule of another program drops is denied by no policy', async () => {
  const {rules, sets} = shopLines
  const at = rules.findIndex(each => each.startsWith('-A FORWARD'))
  const node = await nodeOf(shop, {n1: {rules: rules.toSpliced(at, 0, `-A FORWARD -s ${JOB}/32 -j DROP`), sets}})
  expect(found(node, [{from: JOB, to: DB, port: 80}]).counts).toMatchObject({judged: 1, denied: 0})
})

test('what rules let pass by the mark of a service is not denied', async () => {
  const {rules, sets} = shopLines
  const at = rules.findIndex(each => each.startsWith('-A FORWARD'))
  const nat = [
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    `-A PREROUTING -d 10.200.0.7/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x4000/0x4000`,
    `-A PREROUTING -d 10.200.0.7/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${DB}:5432`,
    'COMMIT',
  ]
  const marked = rules.toSpliced(at, 0, '-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT')
  const node = await nodeOf(shop, {n1: {rules: [...nat, ...marked], sets}})
  const {denied} = found(node, [
    {from: JOB, to: '10.200.0.7', port: 80, pod: {address: DB, port: 5432}},
    {from: JOB, to: DB, port: 5432},
  ])
  expect(denied.map(({flow}) => flow.service)).toEqual([undefined])
})

describe('a list', () => {
  const document = (name: string, text: string) => ({name: `dump/${name}`, folder: 'dump', text: [text]})
  const documents = (connections?: string) => [
    document('rules.txt', `${shopLines.rules.join('\n')}\n`),
    document('sets.txt', `${shopLines.sets.join('\n')}\n`),
    ...(connections === undefined ? [] : [document('ct.txt', connections)]),
  ]
  const listed = async (connections?: string) => listDenied((await readDump(documents(connections))).nodes, [])

  test('is made of a file that lies beside the rules', async () => {
    const list = await listed(line({from: JOB, to: DB, port: 80}))
    expect(list).toMatchObject({items: [{source: JOB}], nodes: [{denied: 1, unread: 0}], failures: []})
    expect(isClean(list)).toBe(false)
    expect(isClean(await listed(line({from: WEB, to: DB, port: 5432})))).toBe(true)
  })

  test('without connections is unknown, and so is one with damaged lines', async () => {
    const without = await listed()
    expect(without).toMatchObject({nodes: [], failures: [{next: expect.stringContaining('conntrack -L -o extended')}]})
    expect(isClean(without)).toBeUndefined()
    const damaged = await listed(`${line({from: WEB, to: DB, port: 5432})}ipv4 2 tcp 6 9 ESTABLISHED src=1.2.3.4\n`)
    expect(damaged).toMatchObject({nodes: [{unread: 1, problems: [{code: 'UNKNOWN_LINE', line: 2}]}]})
    expect(isClean(damaged)).toBeUndefined()
  })
})
