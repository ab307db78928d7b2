import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {topSampleSchema} from '../../../core/contract/top.ts'
import {runCli, screen} from '../../support/plugin/run-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'
import {busyNode, liveNode, nightEvents} from '../../support/top/live-events.ts'

const golden = (name: string) => `../../golden/top-${name}.txt`

let folder: TemporaryFolder
const file = (name: string) => join(folder.path, name)
const lines = (events: readonly object[]): string => events.map(event => `${JSON.stringify(event)}\n`).join('')

beforeAll(async () => {
  folder = await temporaryFolder()
  await writeFile(file('night.jsonl'), lines(nightEvents()))
  await writeFile(file('one.jsonl'), lines(busyNode('aks-1')))
})

afterAll(() => folder[Symbol.asyncDispose]())

describe('without a terminal', () => {
  test('nodes are a plain table, and those that are lost are told behind it', async () => {
    const result = await runCli(['top', '--from', file('night.jsonl')])
    await expect(screen(result)).toMatchFileSnapshot(golden('once-nodes'))
    expect(result.exitCode).toBe(2)
  })

  test('of one node the policies are a plain table', async () => {
    const result = await runCli(['top', '--from', file('one.jsonl'), '--once'])
    await expect(screen(result)).toMatchFileSnapshot(golden('once-policies'))
  })

  test('that no policy is programmed is said where all rules are known, and nowhere else', async () => {
    const rules = [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ':AZURE-NPM - [0:0]',
      '[0:0] -A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
    ]
    await writeFile(file('iptables-save.txt'), [...rules, 'COMMIT', ''].join('\n'))
    const whole = await runCli(['top', '--from', file('iptables-save.txt')])
    expect(whole.stdout).toContain('No policy is programmed on this node.')
    await writeFile(file('iptables-save.txt'), [...rules, ''].join('\n'))
    const cut = await runCli(['top', '--from', file('iptables-save.txt')])
    expect(cut.stdout).toContain('Which policies are programmed is not known: the rules of the node are not whole.')
    expect(cut.stdout).not.toContain('No policy is programmed')
  })

  test('the table is sorted by what is asked for', async () => {
    const {stdout} = await runCli(['top', '--from', file('night.jsonl'), '--sort-by', 'new'])
    expect(stdout.match(/^aks\S+/gm)?.[0]).toBe('aks-pool2-27182818-vmss00000a')
    const refused = await runCli(['top', '--from', file('night.jsonl'), '--sort-by', 'pods'])
    expect(refused.stderr).toContain('--sort-by pods: this table has no such column')
    expect(refused.exitCode).toBe(2)
  })
})

describe('as JSON', () => {
  test('each sample is a document, one to a line, with rates from the second one on', async () => {
    const {stdout} = await runCli(['top', '--from', file('one.jsonl'), '-o', 'json'])
    const samples = stdout
      .trimEnd()
      .split('\n')
      .map(line => topSampleSchema.parse(JSON.parse(line)))
    expect(samples).toHaveLength(61)
    expect(samples[0]).toMatchObject({dropsPerSecond: null, newConnectionsPerSecond: null})
    expect(samples[1]).toMatchObject({dropsPerSecond: 0, newConnectionsPerSecond: 102})
    expect(samples.at(-1)?.policies?.[1]).toMatchObject({
      policy: 'shop/db-from-api',
      drops: 397,
      newConnections: 500 + 60 * 12 + 7,
      dropsPerSecond: 12,
    })
  })

  test('with --once each node is one document', async () => {
    const {stdout, exitCode} = await runCli(['top', '--from', file('night.jsonl'), '-o', 'json', '--once'])
    const nodes = stdout
      .trimEnd()
      .split('\n')
      .map(line => topSampleSchema.parse(JSON.parse(line)))
    expect(nodes).toHaveLength(5)
    expect(nodes.find(({node}) => node.endsWith('3'))?.failure?.message).toContain('connection refused')
    expect(exitCode).toBe(2)
  })

  test('YAML is a stream of the same documents', async () => {
    const {stdout} = await runCli(['top', '--from', file('one.jsonl'), '-o', 'yaml', '--once'])
    expect(stdout).toMatch(/^---\napiVersion: kubectl-npm\/v1\nkind: TopSample\nnode: aks-1\n/)
  })
})

test('in ASCII it is drawn with such characters only, printed once, too', async () => {
  const drawn = await runCli(['top', '--from', file('night.jsonl'), '--once'])
  const ascii = await runCli(['top', '--from', file('night.jsonl'), '--once', '--ascii'])
  expect(drawn.stdout).toContain(' · ')
  expect(ascii.stdout).toBe(drawn.stdout.replaceAll('·', '|'))
})

describe('a recording', () => {
  test('is recorded again as it was', async () => {
    await runCli(['top', '--from', file('one.jsonl'), '-o', 'json', '--record', file('again.jsonl')])
    const {stdout} = await runCli(['top', '--from', file('again.jsonl'), '-o', 'json'])
    const first = await runCli(['top', '--from', file('one.jsonl'), '-o', 'json'])
    expect(stdout).toBe(first.stdout)
  })

  test.each([
    ['a line that is something else', `${lines([liveNode('a', 0)])}{"kind": "LiveSample"}\n`, ':2: this line is no document'],
    ['a line that is no JSON', `${lines([liveNode('a', 0)])}{"kind\n`, ':2: this line is no document'],
  ])('%s is refused with its place', async (_, text, message) => {
    await writeFile(file('broken.jsonl'), text)
    const {stderr, exitCode} = await runCli(['top', '--from', file('broken.jsonl')])
    expect(stderr).toContain(message)
    expect(exitCode).toBe(2)
  })

  test('a last line that was cut off is left out', async () => {
    await writeFile(file('cut.jsonl'), lines(busyNode('aks-1')).slice(0, -20))
    const {exitCode} = await runCli(['top', '--from', file('cut.jsonl')])
    expect(exitCode).toBe(0)
  })

  test.each(['table', 'json'])('that holds no whole sample is no answer (%s)', async output => {
    await writeFile(file('empty.jsonl'), '{"apiVersion":"kubectl-npm/v1","kind":"LiveNode"')
    const {stderr, exitCode} = await runCli(['top', '--from', file('empty.jsonl'), '--once', '-o', output])
    expect(stderr).toContain('no node has answered')
    expect(exitCode).toBe(2)
  })

  test('that cannot be written ends the screen with the reason', async () => {
    const {stderr, exitCode} = await runCli(['top', '--from', file('one.jsonl'), '-o', 'json', '--record', '/proc/none/file'])
    expect(stderr).toContain('/proc/none/file')
    expect(stderr).toContain('Choose another file for --record.')
    expect(exitCode).toBe(2)
  })
})

test.each(['0', '10ms', '1d', '11m'])('--interval %s is refused', async interval => {
  const {stderr, exitCode} = await runCli(['top', '--from', file('one.jsonl'), '--interval', interval])
  expect(stderr).toContain(`--interval ${interval}`)
  expect(exitCode).toBe(2)
})
