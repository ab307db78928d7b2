import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import type {Drift} from '../../../core/contract/drift.ts'
import type {WireSample} from '../../../core/contract/live.ts'
import {type PolicyList, policyChangeSchema} from '../../../core/contract/policies.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import {countsSince} from '../../../core/live/live-counts.ts'
import {structureDigest} from '../../../core/live/structure-digest.ts'
import {kernelSummary} from '../../../core/live/summary.ts'
import {sha256} from '../../../plugin/live/node-snapshots.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {documentsOf, NODES, type NodeName, startBakery} from '../../support/plugin/bakery-dump.ts'
import {documentProcedures, Refused} from '../../support/plugin/fake-agent.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** Policies of a cluster: agents compare their own nodes, and what these count is read from all of them. */

async function driftOf(node: NodeName): Promise<Drift> {
  const documents = Object.entries(documentsOf(node)).map(([name, text]) => ({name, folder: '', text: [text]}))
  const [state] = (await readDump(documents)).nodes
  if (!state) throw new Error('no node')
  return diffNode(state.with({node}), {isLite: false}, [])
}

const proceduresOf = async (node: NodeName) => {
  const drift = await driftOf(node)
  return {procedures: {...documentProcedures(node, documentsOf(node), 100_000), diff: () => drift}}
}

describe('policies of a cluster', () => {
  test('are what a dump of the same nodes says', async () => {
    await using bakery = await startBakery({
      agents: {'aks-oven-0': await proceduresOf('aks-oven-0'), 'aks-oven-1': await proceduresOf('aks-oven-1')},
    })
    const live = await runCli(['policies', '-o', 'json'], {env: bakery.api.env})
    const kept = await runCli(['policies', '-o', 'json', '--from', fixture('two-nodes')])
    const [one, other] = [live, kept].map(({stdout}) => JSON.parse(stdout) as PolicyList)
    expect(one?.items).toEqual(other?.items)
    expect(one?.nodes).toEqual([...NODES])
    expect([live.exitCode, kept.exitCode]).toEqual([1, 1])
    for (const node of NODES) expect(bakery.agents[node].calls).toContain('diff')
  })

  test('leave out a node that cannot be compared, and tell it beside the answer', async () => {
    const procedures = {
      ...documentProcedures('aks-oven-1', documentsOf('aks-oven-1'), 100_000),
      diff: () => {
        throw new Refused({code: 'NO_KNOWLEDGE', message: 'the agent does not know the cluster yet', next: 'Wait for it.'})
      },
    }
    await using bakery = await startBakery({
      agents: {'aks-oven-0': await proceduresOf('aks-oven-0'), 'aks-oven-1': {procedures}},
    })
    const {stdout, stderr, exitCode} = await runCli(['policies', '-n', 'storefront', '-o', 'json'], {env: bakery.api.env})
    const {items, nodes, failures} = JSON.parse(stdout) as PolicyList
    expect(nodes).toEqual(['aks-oven-0'])
    expect(failures.map(({node}) => node)).toEqual(['aks-oven-1'])
    expect(items.map(({states: [worst], nodes: {all}}) => [worst?.state, all])).toEqual([
      ['in force', 1],
      ['in force', 1],
      ['in force', 1],
    ])
    expect(stderr).toContain('the agent does not know the cluster yet')
    expect(exitCode).toBe(2)
  })
})

/** Each second each rule of a node counts this much. */
const PER_SECOND = 5

/** What an agent tells of its counters, as fast as it is listened to. */
async function* samplesOf(node: NodeName): AsyncGenerator<WireSample> {
  const text = documentsOf(node)['iptables-nft-save.txt'] ?? ''
  let told: Parameters<typeof countsSince>[0]
  for (let second = 1; second < 100; second++) {
    const hits = text.replaceAll(/^\[\d+:\d+\] /gm, `[${second * PER_SECOND}:${second * 300}] `)
    const counted = {counters: readRuleCounters([hits], told?.counters), sets: new Map([['azure-npm-1', 3]])}
    yield {
      at: new Date(Date.UTC(2026, 10, 30, 0, 0, second)).toISOString(),
      structure: structureDigest(counted.counters.structure, sha256),
      summary: {...kernelSummary(counted), connections: null, differences: null, npm: null},
      counts: countsSince(told, counted),
      readMs: 1,
      intervalMs: 1000,
      skipped: 0,
    }
    told = counted
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test('policies --watch adds up what all nodes of a cluster count in a second, until Ctrl-C', async () => {
  const watched = async (node: NodeName) => {
    const {procedures} = await proceduresOf(node)
    return {procedures: {...procedures, samples: () => samplesOf(node)}}
  }
  await using bakery = await startBakery({
    agents: {'aks-oven-0': await watched('aks-oven-0'), 'aks-oven-1': await watched('aks-oven-1')},
  })
  const watching = execa(process.execPath, [kubectlNpm, 'policies', '--watch', '-n', 'storefront', '-o', 'json'], {
    reject: false,
    lines: true,
    env: {...bakery.api.env, NO_COLOR: '1'},
    timeout: 60_000,
  })
  const rates = new Map<string, {readonly newConnections: number | null; readonly drops: number | null}>()
  for await (const line of watching) {
    const {item} = policyChangeSchema.parse(JSON.parse(line))
    // Of one node alone it is half of that: the other has not come yet.
    if (item.rates && (item.rates.newConnections ?? 0) + (item.rates.drops ?? 0) > 0)
      rates.set(`${item.name} ${item.rules?.most}`, item.rates)
    if ([...rates.values()].some(({drops}) => drops === 2 * PER_SECOND)) watching.kill('SIGINT')
  }
  const {exitCode, signal} = await watching
  // Three rules that allow and one that drops, on two nodes.
  expect(rates.get('till 4')).toEqual({newConnections: 2 * 3 * PER_SECOND, drops: 2 * PER_SECOND})
  expect(signal ?? exitCode).toBe(130)
})
