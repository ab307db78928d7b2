import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {mixedDump} from '../../support/mixed-nodes.ts'
import {fixture, runCli, screen} from '../../support/plugin/run-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'
import {hnsCluster, WINDOWS_NODE} from '../../support/windows/hns-cluster.ts'
import {hnsText} from '../../support/windows/hns-dump.ts'
import {programmedState} from '../../support/windows/programmed-node.ts'

/** What people read of a Windows node, from the files that they took there with PowerShell. */

const files = (...names: readonly string[]) => names.flatMap(name => ['--from', fixture(`hns/${name}`)])
const node = files('networks.json', 'endpoints.json', 'cluster.json', 'policies.json')
const rulesAndObjects = files('networks.json', 'cluster.json', 'policies.json')
const DENIED = ['trace', 'shop/web-1', 'shop/db-1', '--port', '5432']

test.each([
  {name: 'translate', args: ['translate', ...node]},
  {name: 'trace', args: [...DENIED, ...node]},
  {name: 'diff', args: ['diff', ...node]},
  {name: 'resolve', args: ['resolve', 'azure-acl-shop-cidrs', ...node]},
  {name: 'verify', args: ['verify', ...node]},
])('$name of a Windows node reads as it did', async ({name, args}) => {
  await expect(screen(await runCli(args))).toMatchFileSnapshot(`../../golden/${name}-windows.txt`)
})

test('diff of a Windows node that lost a policy says what that opens, and how Azure NPM makes it anew', async () => {
  await using folder = await temporaryFolder()
  const state = JSON.parse(hnsText('endpoints.json'))
  for (const endpoint of state.endpoints)
    endpoint.Policies = endpoint.Policies.filter(
      (each: {Settings?: {Id?: string}}) => each.Settings?.Id !== 'azure-acl-shop-api-to-db',
    )
  const path = join(folder.path, 'endpoints.json')
  await writeFile(path, JSON.stringify(state))
  const result = await runCli(['diff', '--from', path, ...rulesAndObjects])
  expect(result.exitCode).toBe(1)
  await expect(screen(result)).toMatchFileSnapshot('../../golden/diff-windows-broken.txt')
  const listed = await runCli(['policies', '--from', path, ...rulesAndObjects])
  await expect(screen(listed)).toMatchFileSnapshot('../../golden/policies-windows-missing.txt')
})

test('a packet to a pod of another node is not known where its policies are enforced there only', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'policy.json')
  const spec = {podSelector: {}, policyTypes: ['Ingress']}
  const metadata = {namespace: 'lab', name: 'nobody'}
  await writeFile(path, JSON.stringify({apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec}))
  await expect(
    screen(await runCli(['trace', 'ops/mon-1', 'lab/job-1', '--port', '80', '--from', path, ...node])),
  ).toMatchFileSnapshot('../../golden/trace-windows-elsewhere.txt')
})

describe('a dump with nodes of both systems', () => {
  const LAB: NetworkPolicy = {
    metadata: {namespace: 'lab', name: 'team'},
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{from: [{namespaceSelector: {matchLabels: {team: 'green'}}}]}],
    },
  }

  test.each([
    {name: 'trace-mixed', args: ['trace', 'ops/mon-1', 'lab/job-1', '--port', '80']},
    {name: 'trace-mixed-back', args: ['trace', 'lab/job-1', 'ops/mon-1', '--port', '80']},
    {name: 'policies-mixed', args: ['policies']},
    {name: 'verify-mixed', args: ['verify', '--against', 'program']},
    {name: 'top-mixed', args: ['top', '--once']},
  ])('$name reads as it did', async ({name, args}) => {
    await using folder = await temporaryFolder()
    const given = (JSON.parse(hnsText('policies.json')) as {items: NetworkPolicy[]}).items
    const dump = mixedDump(hnsCluster([...given, LAB]), {linux: 'akslinux-1', windows: WINDOWS_NODE})
    for (const [path, text] of dump) {
      const at = join(folder.path, path)
      await mkdir(dirname(at), {recursive: true})
      await writeFile(at, text)
    }
    const result = await runCli([...args, '--from', folder.path])
    await expect(screen(result).replaceAll(folder.path, 'dump')).toMatchFileSnapshot(`../../golden/${name}.txt`)
  })
})

test('verify says on what a verdict rests that is not documented', async () => {
  await using folder = await temporaryFolder()
  const cluster = hnsCluster((JSON.parse(hnsText('policies.json')) as {items: NetworkPolicy[]}).items)
  const {network, endpoints} = programmedState(cluster, WINDOWS_NODE)
  for (const {Settings} of network.Policies) if (Settings['Name'] === 'nslabel-team:blue') Settings['Values'] = ''
  const at = ['networks.json', 'endpoints.json'].map(name => join(folder.path, name))
  await writeFile(at[0] ?? '', JSON.stringify([network]))
  await writeFile(at[1] ?? '', JSON.stringify(endpoints))
  const result = await runCli(['verify', ...at.flatMap(path => ['--from', path]), ...files('cluster.json', 'policies.json')])
  expect(result.exitCode).toBe(1)
  await expect(screen(result)).toMatchFileSnapshot('../../golden/verify-windows-unsure.txt')
})

test('verify of a Windows node tells what is broken from what Azure NPM does otherwise', async () => {
  await using folder = await temporaryFolder()
  const refused = JSON.parse(hnsText('refused.json')) as {name: string; policy: NetworkPolicy}[]
  const unlike = ['except-cidr', 'ns-selector-notin-egress'].map((name, index): NetworkPolicy => {
    const {policy} = refused.find(each => each.name === name) ?? {}
    if (!policy) throw new Error(`no policy ${name}`)
    // Each selects its own pod.
    const app = index === 0 ? 'web' : 'api'
    return {...policy, metadata: {...policy.metadata, name}, spec: {...policy.spec, podSelector: {matchLabels: {app}}}}
  })
  const cluster = hnsCluster([...(JSON.parse(hnsText('policies.json')) as {items: NetworkPolicy[]}).items, ...unlike])
  const {network, endpoints} = programmedState(cluster, WINDOWS_NODE, {}, {hasWireServer: true})
  for (const endpoint of endpoints)
    endpoint.Policies = endpoint.Policies.filter(({Settings}) => Settings['LocalPorts'] !== '5432')
  const paths = await Promise.all(
    [...[network, endpoints, unlike].entries()].map(async ([index, value]) => {
      const path = join(folder.path, `${index}.json`)
      await writeFile(path, JSON.stringify(value))
      return ['--from', path]
    }),
  )
  const result = await runCli(['verify', ...paths.flat(), ...files('cluster.json', 'policies.json')])
  expect(result.exitCode).toBe(1)
  await expect(screen(result)).toMatchFileSnapshot('../../golden/verify-windows-broken.txt')
})

test('a policy that Windows cannot express is the reason of a packet that passes', async () => {
  await using folder = await temporaryFolder()
  const [{policy}] = JSON.parse(hnsText('refused.json'))
  const path = join(folder.path, 'refused-policy.json')
  await writeFile(path, JSON.stringify(policy))
  await expect(
    screen(await runCli(['trace', 'shop/db-1', 'shop/web-1', '--port', '8080', '--from', path, ...files('cluster.json')])),
  ).toMatchFileSnapshot('../../golden/trace-windows-refused.txt')
})
