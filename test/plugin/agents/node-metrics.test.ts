import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {procedureRights} from '../../../core/contract/agent.ts'
import {metricsListSchema, metricsSchema} from '../../../core/contract/metrics.ts'
import {documentProcedures, type FakeAgent, type FakeAgentOptions, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

const bakery = (file: string) => readFileSync(fixture(`captures/v2-base36-nft/${file}`), 'utf8')

const gauge = (name: string, value: number, source = 'own') => ({
  name,
  type: 'gauge',
  unit: 'count',
  help: 'What it is.',
  source,
  samples: [{name, labels: {}, value}],
})
/** What an agent answers; it does not know what the cluster calls its node. */
const metrics = (drops: number) => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'Metrics',
  node: '?',
  families: [gauge('npm_agent_drops_total', drops, 'kernel'), gauge('npm_num_policies', 3, 'kernel')],
  absent: [{name: 'npm_agent_verify_result', reason: 'no value before the first verification'}],
  incomplete: [],
  problems: [],
})
const newer = (drops: number): Partial<FakeAgentOptions> => ({procedures: {metrics: () => metrics(drops)}})
const older = (node: string): Partial<FakeAgentOptions> => ({
  hello: {procedures: Object.keys(procedureRights).filter(name => name !== 'metrics')},
  procedures: documentProcedures(node, {
    'iptables-nft-save.txt': bakery('iptables-save.txt'),
    'ipset-save.txt': bakery('ipset-save.txt'),
  }),
})

async function run(agents: Readonly<Record<string, Partial<FakeAgentOptions>>>, args: readonly string[]) {
  await using stack = new AsyncDisposableStack()
  const opened = new Map<string, FakeAgent>()
  for (const [node, options] of Object.entries(agents)) opened.set(node, stack.use(await startFakeAgent({node, ...options})))
  const ports = Object.fromEntries([...opened].map(([node, {port}]) => [node, port]))
  const api = stack.use(await startFakeApiServer({agents: ports}))
  const result = await runCli(['metrics', ...args], {env: api.env})
  return {...result, calls: (node: string) => opened.get(node)?.calls ?? []}
}

test('of one node are what its agent has, under the name that the cluster has for it', async () => {
  const inputs: unknown[] = []
  const asked = {procedures: {metrics: (input: unknown) => (inputs.push(input), metrics(7))}}
  const {stdout, exitCode, calls} = await run({'aks-1': asked, 'aks-2': newer(1)}, [
    '--node',
    'aks-1',
    '-o',
    'json',
    '--no-compare',
  ])
  expect(metricsSchema.parse(JSON.parse(stdout))).toEqual({...metrics(7), node: 'aks-1'})
  expect(inputs).toEqual([{setCounts: true, compare: false}])
  expect(calls('aks-1')).toEqual(['hello', 'metrics'])
  expect(calls('aks-2')).toEqual([])
  expect(exitCode).toBe(0)
})

test('of several nodes are one page, each series with its node', async () => {
  const {stdout, exitCode} = await run({'aks-1': newer(7), 'aks-2': newer(1)}, ['-o', 'prometheus', '--no-ipset-counts'])
  expect(stdout.split('\n').filter(line => line.startsWith('npm_agent'))).toEqual([
    'npm_agent_drops_total{node="aks-1"} 7',
    'npm_agent_drops_total{node="aks-2"} 1',
  ])
  expect(exitCode).toBe(0)
})

test('of an agent that is too old to be asked are made here, and a failed one is named', async () => {
  const broken = {
    procedures: {
      metrics: () => {
        throw new Error('nothing of this node could be read')
      },
    },
  }
  const {stdout, stderr, exitCode, calls} = await run({'aks-1': newer(7), 'aks-2': older('aks-2'), 'aks-3': broken}, [
    '-o',
    'json',
  ])
  const {items, failures} = metricsListSchema.parse(JSON.parse(stdout))
  expect(items.map(({node}) => node)).toEqual(['aks-1', 'aks-2'])
  const names = items[1]?.families.map(({name}) => name)
  expect(names).toContain('npm_num_ipsets')
  expect(names).not.toContain('npm_agent_info')
  expect(calls('aks-2')).toContain('openSnapshot')
  expect(failures).toMatchObject([{node: 'aks-3', message: expect.stringContaining('nothing of this node could be read')}])
  expect([stderr.includes('Error:'), exitCode]).toEqual([false, 2])
})

test('of nodes with NPM Lite are made here: which pods it reads is said by who asks', async () => {
  const lite = {
    procedures: {
      ...documentProcedures('aks-1', {'iptables-nft-save.txt': bakery('iptables-save.txt')}),
      metrics: () => metrics(7),
    },
  }
  const {calls, exitCode} = await run({'aks-1': lite}, ['--lite', '-o', 'json'])
  expect(calls('aks-1')).not.toContain('metrics')
  expect(exitCode).toBe(0)
})

test('a metric from a source that this version does not know is told all the same', async () => {
  const later = {...metrics(1), families: [gauge('npm_agent_flux', 3, 'flux')]}
  const {stdout, exitCode} = await run({'aks-1': {procedures: {metrics: () => later}}}, ['-o', 'prometheus'])
  expect(stdout).toContain('npm_agent_flux 3\n')
  expect(exitCode).toBe(0)
})
