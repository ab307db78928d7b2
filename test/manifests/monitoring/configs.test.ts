import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {parse, stringify} from 'yaml'
import {describeWhere} from '../../support/describe-where.ts'
import {missingTools, monitoring, runTool} from '../../support/monitoring/tools.ts'

interface Job {
  readonly job_name: string
  readonly metrics_path: string
  readonly kubernetes_sd_configs: readonly {readonly role: string}[]
}

/** What discovery knows of a target before it is relabelled. */
type Discovered = Readonly<Record<string, string>>

const read = async (name: string): Promise<unknown> => parse(await readFile(join(monitoring, name), 'utf8'))

const linux = 'linux'
const node = (name: string, address: string, os = linux): Discovered => ({
  __address__: address,
  __meta_kubernetes_node_name: name,
  __meta_kubernetes_node_label_kubernetes_io_os: os,
})
const service = (namespace: string, name: string, port: number): Discovered => ({
  __address__: `${name}.${namespace}.svc:${port}`,
  __meta_kubernetes_namespace: namespace,
  __meta_kubernetes_service_name: name,
})

/** A small cluster, by the role that discovers it. Addresses of nodes are those of the kubelet. */
const cluster: Readonly<Record<string, readonly Discovered[]>> = {
  node: [node('n1', '10.0.0.1:10250'), node('w1', '10.0.0.2:10250', 'windows'), node('n3', '10.0.0.3')],
  service: [
    service('kube-system', 'npm-metrics-cluster-service', 9000),
    service('kube-system', 'kube-dns', 53),
    service('shop', 'npm-metrics-cluster-service', 9000),
  ],
}

/** The configuration with discovery from a file: Debian's Prometheus is built without Kubernetes. */
const withFiles = (jobs: readonly Job[]): object => ({
  scrape_configs: jobs.map(({kubernetes_sd_configs: discovery, ...job}) => ({
    ...job,
    file_sd_configs: [{files: discovery.map(({role}) => `${role}.json`)}],
  })),
})

interface Found {
  readonly discoveredLabels: Discovered
  readonly labels: Discovered
}

/** The targets that are left of a job, as `URL node os`. */
function targets(output: string): string[] {
  const found = JSON.parse(output) as Found[]
  return found
    .filter(({labels}) => Object.keys(labels ?? {}).length > 0)
    .map(({labels}) => `${labels.__scheme__}://${labels.__address__}${labels.__metrics_path__} ${labels.node} ${labels.os}`)
    .toSorted()
}

describeWhere(missingTools(), 'scrape configurations', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scrape-'))
    for (const [role, found] of Object.entries(cluster)) {
      const groups = found.map(({__address__: address, ...labels}) => ({targets: [address], labels}))
      await writeFile(join(folder, `${role}.json`), JSON.stringify(groups))
    }
    const {scrape_configs: jobs} = (await read('scrape-npm.yaml')) as {scrape_configs: Job[]}
    await writeFile(join(folder, 'scrape-npm.yaml'), stringify(withFiles(jobs), {aliasDuplicateObjects: false}))
  })
  afterAll(() => rm(folder, {recursive: true}))

  test('promtool takes them', () => {
    expect(runTool('promtool', ['check', 'config', 'scrape-npm.yaml'], folder)).toMatchObject({isGood: true})
  })

  test.each([
    {
      job: 'azure-npm-node-metrics',
      is: [
        'http://10.0.0.1:10091/node-metrics n1 linux',
        'http://10.0.0.2:10091/node-metrics w1 windows',
        'http://10.0.0.3:10091/node-metrics n3 linux',
      ],
    },
    {
      job: 'azure-npm-cluster-metrics',
      is: ['http://npm-metrics-cluster-service.kube-system.svc:9000/cluster-metrics undefined undefined'],
    },
    {
      job: 'azure-npm-cluster-metrics-per-node',
      is: [
        'http://10.0.0.1:10091/cluster-metrics n1 linux',
        'http://10.0.0.2:10091/cluster-metrics w1 windows',
        'http://10.0.0.3:10091/cluster-metrics n3 linux',
      ],
    },
  ])('$job reads its targets and no others', async ({job, is}) => {
    // promtool waits the whole time for what discovery may still find.
    await expect
      .poll(() =>
        targets(runTool('promtool', ['check', 'service-discovery', '--timeout=2s', 'scrape-npm.yaml', job], folder).output),
      )
      .toEqual(is)
  })
})

describeWhere(missingTools(), 'the example for Alertmanager', () => {
  test('amtool takes it', () => {
    expect(runTool('amtool', ['check-config', 'alertmanager.yaml'])).toMatchObject({isGood: true})
  })

  test.each([
    {labels: ['addon=azure-npm', 'severity=critical'], to: 'on-call,network'},
    {labels: ['addon=azure-npm', 'severity=warning'], to: 'network'},
    {labels: ['severity=critical'], to: 'everything-else'},
  ])('$labels go to $to', ({labels, to}) => {
    const {output} = runTool('amtool', ['config', 'routes', 'test', '--config.file=alertmanager.yaml', ...labels])
    expect(output.trim()).toBe(to)
  })
})

test.each([
  {kind: 'basic', advanced: 'false'},
  {kind: 'advanced', advanced: 'true'},
])("Azure Monitor's ConfigMap for the $kind metrics", async ({kind, advanced}) => {
  const {metadata, data} = (await read(`azure-monitor-${kind}.yaml`)) as {
    metadata: object
    data: Readonly<Record<string, string>>
  }
  expect(metadata).toEqual({name: 'container-azm-ms-agentconfig', namespace: 'kube-system'})
  expect(data['schema-version']).toBe('v1')
  const [table, ...settings] = (data.integrations ?? '').split('\n').map(line => line.trim())
  expect(table).toBe('[integrations.azure_network_policy_manager]')
  expect(settings).toEqual(['collect_basic_metrics = true', `collect_advanced_metrics = ${advanced}`])
})
