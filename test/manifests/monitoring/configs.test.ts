import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {parse, stringify} from 'yaml'
import {describeWhere} from '../../support/describe-where.ts'
import {missingTools, monitoring, runTool} from '../../support/monitoring/tools.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

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
    service('kubectl-npm-node', 'npm-agent-metrics', 10292),
    service('kubectl-npm', 'npm-agent-metrics', 10292),
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

/** The targets that are left of a job, as `URL node os`, with the job's name before them where relabelling gives it. */
function targets(output: string, withJob = false): string[] {
  const found = JSON.parse(output) as Found[]
  return found
    .filter(({labels}) => Object.keys(labels ?? {}).length > 0)
    .map(
      ({labels}) =>
        `${withJob ? `${labels.job} ` : ''}${labels.__scheme__}://${labels.__address__}${labels.__metrics_path__} ${labels.node} ${labels.os}`,
    )
    .toSorted()
}

const files = ['scrape-npm.yaml', 'scrape-agent.yaml']

describeWhere(missingTools(), 'scrape configurations', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scrape-'))
    for (const [role, found] of Object.entries(cluster)) {
      const groups = found.map(({__address__: address, ...labels}) => ({targets: [address], labels}))
      await writeFile(join(folder, `${role}.json`), JSON.stringify(groups))
    }
    for (const file of files) {
      const {scrape_configs: jobs} = (await read(file)) as {scrape_configs: Job[]}
      await writeFile(join(folder, file), stringify(withFiles(jobs), {aliasDuplicateObjects: false}))
    }
  })
  afterAll(() => rm(folder, {recursive: true}))

  test.each(files)('promtool takes %s', file => {
    expect(runTool('promtool', ['check', 'config', '--syntax-only', file], folder)).toMatchObject({isGood: true})
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
    {
      job: 'npm-agent-node-metrics',
      is: ['https://10.0.0.1:10292/node-metrics n1 linux', 'https://10.0.0.3:10292/node-metrics n3 linux'],
    },
    {
      job: 'npm-agent-cluster-metrics-per-node',
      is: ['https://10.0.0.1:10292/cluster-metrics n1 linux', 'https://10.0.0.3:10292/cluster-metrics n3 linux'],
    },
    {
      job: 'npm-agent-cluster-metrics',
      is: ['https://npm-agent-metrics.kubectl-npm-node.svc:10292/cluster-metrics undefined undefined'],
    },
  ])('$job reads its targets and no others', async ({job, is}) => {
    const file = job.startsWith('npm-agent') ? 'scrape-agent.yaml' : 'scrape-npm.yaml'
    // promtool waits the whole time for what discovery may still find.
    await expect
      .poll(() => targets(runTool('promtool', ['check', 'service-discovery', '--timeout=2s', file, job], folder).output))
      .toEqual(is)
  })
})

/** Keys as Prometheus spells them. The operator writes the relabelings into its configuration so. */
const asPrometheus = (relabeling: object): object =>
  Object.fromEntries(
    Object.entries(relabeling).map(([key, value]) => [key.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), value]),
  )

interface Endpoint {
  readonly path: string
  readonly scheme?: string
  readonly relabelings: readonly object[]
}

interface Monitor {
  readonly kind: string
  readonly spec: {readonly podMetricsEndpoints?: readonly Endpoint[]; readonly endpoints?: readonly Endpoint[]}
}

describeWhere(missingTools(), 'monitors of the operator', () => {
  const pod = (name: string, ip: string, os: string, isInit = false): object => ({
    targets: [ip],
    labels: {
      __meta_kubernetes_pod_host_ip: ip,
      __meta_kubernetes_pod_node_name: name,
      __meta_kubernetes_node_label_kubernetes_io_os: os,
      __meta_kubernetes_pod_container_init: `${isInit}`,
    },
  })
  const endpoint = {targets: ['10.0.0.1:10091'], labels: {__meta_kubernetes_pod_node_name: 'n1'}}
  const agentEndpoint = {targets: ['10.0.0.1:10292'], labels: {__meta_kubernetes_pod_node_name: 'n1'}}

  test.each([
    {
      file: 'pod-monitor.yaml',
      found: [pod('n1', '10.0.0.1', 'linux'), pod('n1', '10.0.0.1', 'linux', true), pod('w1', '10.0.0.2', 'windows')],
      jobs: [
        [
          'azure-npm-node-metrics http://10.0.0.1:10091/node-metrics n1 linux',
          'azure-npm-node-metrics http://10.0.0.2:10091/node-metrics w1 windows',
        ],
        [
          'azure-npm-cluster-metrics-per-node http://10.0.0.1:10091/cluster-metrics n1 linux',
          'azure-npm-cluster-metrics-per-node http://10.0.0.2:10091/cluster-metrics w1 windows',
        ],
      ],
    },
    {
      file: 'service-monitor.yaml',
      found: [endpoint],
      jobs: [['azure-npm-cluster-metrics http://10.0.0.1:10091/cluster-metrics n1 undefined']],
    },
    {
      file: 'agent-pod-monitor.yaml',
      found: [agentEndpoint],
      jobs: [
        ['npm-agent-node-metrics https://10.0.0.1:10292/node-metrics n1 linux'],
        ['npm-agent-cluster-metrics-per-node https://10.0.0.1:10292/cluster-metrics n1 linux'],
      ],
    },
    {
      file: 'agent-service-monitor.yaml',
      found: [agentEndpoint],
      jobs: [['npm-agent-cluster-metrics-per-node https://10.0.0.1:10292/cluster-metrics n1 linux']],
    },
  ])('$file leads to the jobs that the rules know', async ({file, found, jobs}) => {
    const {spec} = (await read(file)) as Monitor
    const endpoints = spec.podMetricsEndpoints ?? spec.endpoints ?? []
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'found.json'), JSON.stringify(found))
    const config = {
      scrape_configs: endpoints.map(({path, scheme = 'http', relabelings}, index) => ({
        job_name: `${index}`,
        metrics_path: path,
        scheme,
        file_sd_configs: [{files: ['found.json']}],
        relabel_configs: relabelings.map(asPrometheus),
      })),
    }
    await writeFile(join(folder.path, 'config.yaml'), stringify(config, {aliasDuplicateObjects: false}))
    for (const [index, is] of jobs.entries())
      await expect
        .poll(() => {
          const args = ['check', 'service-discovery', '--timeout=2s', 'config.yaml', `${index}`]
          return targets(runTool('promtool', args, folder.path).output, true)
        })
        .toEqual(is)
    expect(endpoints).toHaveLength(jobs.length)
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

test('the Service of agents is what the job looks for, and leads to their port', async () => {
  const {metadata, spec} = (await read('agent-service.yaml')) as {
    metadata: {name: string; namespace: string}
    spec: {selector: object; ports: {port: number; targetPort: string}[]}
  }
  expect(metadata).toMatchObject({name: 'npm-agent-metrics', namespace: 'kubectl-npm-node'})
  expect(spec.selector).toEqual({'app.kubernetes.io/name': 'npm-agent'})
  expect(spec.ports).toMatchObject([{port: 10292, targetPort: 'metrics'}])
})
