import {describe, expect, test} from 'vitest'
import type {Drift} from '../../../core/contract/drift.ts'
import type {PolicyList} from '../../../core/contract/policies.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
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
