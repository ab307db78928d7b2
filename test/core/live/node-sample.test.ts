import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {liveNodeSchema, liveSampleSchema} from '../../../core/contract/live.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {liveNode} from '../../../core/live/live-node.ts'
import {emptyView, reduceLive} from '../../../core/live/live-view.ts'
import {nodeSample} from '../../../core/live/node-sample.ts'
import {policyFigures} from '../../../core/live/policy-figures.ts'
import {nodeNamed} from '../../support/dump-fixture.ts'

const options = {
  at: '2026-01-01T00:00:00.000Z',
  sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
}

async function viewOf(files: Readonly<Record<string, string>>) {
  const {nodes} = await readDump(Object.entries(files).map(([name, text]) => ({name, folder: 'n1', text: [text]})))
  const [node] = nodes
  if (!node) throw new Error('no node')
  const sample = liveSampleSchema.parse(nodeSample(node, options))
  const live = liveNodeSchema.parse(liveNode(node, options))
  const view = reduceLive(reduceLive(emptyView, live), sample).nodes.get(node.node)
  if (!view) throw new Error('nothing is seen')
  return {live, sample, figures: live.policies.map(policy => policyFigures(view, policy))}
}

test('a node of a dump has counted what its save says', async () => {
  const {rules, sets, file} = nodeNamed('real-npm/shop-sha256')
  const counted = rules.replaceAll(/^\[0:0\]/gm, '[2:100]')
  const page =
    'npm_add_policy_exec_time{had_error="false",quantile="0.5"} 3\nnpm_add_policy_exec_time{had_error="false",quantile="0.99"} NaN\nnpm_add_policy_exec_time_sum{had_error="false"} 3\nnpm_add_policy_exec_time_count{had_error="false"} 1\nnpm_linux_iptables_restore_failure_total{operation="create"} 4\n'
  const {live, sample, figures} = await viewOf({
    'iptables-save.txt': counted,
    'ipset-save.txt': sets,
    'npm-node-metrics.txt': page,
  })
  expect(file('cluster.yaml') ?? file('cluster.json')).toBeDefined()
  expect(sample.structure).toBe(live.structure)
  expect(sample.summary).toMatchObject({
    newConnections: 2,
    drops: 4,
    dropBytes: 200,
    active: true,
    policies: new Set(live.policies.map(({policy}) => policy)).size,
    rules: rules.match(/-A AZURE-NPM|-A FORWARD .*-j AZURE-NPM$/gm)?.length,
    entries: sets.match(/^add azure-npm-/gm)?.length,
    npm: {addPolicyMs: {p50: 3, p99: null}, failures: 4},
  })
  for (const [index, {rules: own}] of live.policies.entries())
    expect(figures[index]).toMatchObject({
      newConnections: own.filter(({action}) => action === 'allow').length * 2,
      drops: own.filter(({action}) => action === 'drop').length * 2,
      dropsPerSecond: null,
    })
})

test('the release and the start of Azure NPM are those of its pod; where nothing tells them, the form of its rules', async () => {
  const {rules, sets} = nodeNamed('real-npm/shop-sha256')
  const npm = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {name: 'azure-npm-1', namespace: 'kube-system', labels: {'k8s-app': 'azure-npm'}},
    spec: {nodeName: 'n1', hostNetwork: true, containers: [{name: 'azure-npm', image: 'a/azure-npm:v1.6.48'}]},
    status: {containerStatuses: [{state: {running: {startedAt: '2026-11-20T08:00:00Z'}}}]},
  }
  const document = (folder: string, name: string, text: string) => ({folder, name, text: [text]})
  const {nodes} = await readDump([
    document('n1', 'iptables-save.txt', rules),
    document('n1', 'ipset-save.txt', sets),
    document('n2', 'iptables-save.txt', rules),
    document('n2', 'npm-node-metrics.txt', 'npm_num_policies 3\n'),
    document('', 'cluster.json', JSON.stringify({apiVersion: 'v1', kind: 'List', items: [npm]})),
  ])
  const found = nodes.map(node => [node.node, nodeSample(node, options).summary.npm])
  expect(found).toEqual([
    ['n1', {release: 'v1.6.48', startedAt: '2026-11-20T08:00:00.000Z', addPolicyMs: null, failures: null}],
    ['n2', {release: 'v2', startedAt: null, addPolicyMs: {p50: null, p99: null}, failures: 0}],
  ])
})

test('a Windows node has policies and rules, and counts nothing: that is not zero', async () => {
  const hns = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/hns', name), 'utf8')
  const {live, sample, figures} = await viewOf({
    'hns-endpoints.json': hns('endpoints.json'),
    'hns-networks.json': hns('networks.json'),
  })
  expect(live.backend).toBe('hns')
  expect(live.policies.length).toBeGreaterThan(0)
  expect(sample.summary).toMatchObject({
    newConnections: null,
    drops: null,
    dropBytes: null,
    policies: new Set(live.policies.map(({policy}) => policy)).size,
  })
  expect(sample.summary.rules).toBeGreaterThan(0)
  for (const each of figures) expect(each).toMatchObject({newConnections: null, drops: null, bytes: null})
})
