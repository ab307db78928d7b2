import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parse} from 'yaml'
import {monitoring} from './tools.ts'

interface Job {
  readonly job_name: string
  readonly kubernetes_sd_configs: readonly {readonly role: string}[]
  readonly relabel_configs: readonly {readonly target_label?: string}[]
}

/**
 * The configuration of a Prometheus with the jobs for agents of manifests/monitoring, each second. Discovery is from files, because Debian's Prometheus
 * is built without Kubernetes, and the port is that of the agent.
 *
 * @param folder that Prometheus gets, for files that the configuration names
 * @param token  without it over plain HTTP
 * @param options whether the lines are removed that drop a series for each set
 */
export async function agentScrapes(
  folder: string,
  port: number,
  token: string | undefined,
  {hasSetCounts = false}: {readonly hasSetCounts?: boolean} = {},
): Promise<object> {
  const discovered = {
    node: {
      targets: ['127.0.0.1:10250'],
      labels: {__meta_kubernetes_node_name: 'n1', __meta_kubernetes_node_label_kubernetes_io_os: 'linux'},
    },
    service: {
      targets: [`127.0.0.1:${port}`],
      labels: {__meta_kubernetes_namespace: 'kubectl-npm-node', __meta_kubernetes_service_name: 'npm-agent-metrics'},
    },
  }
  for (const [role, group] of Object.entries(discovered)) await writeFile(join(folder, `${role}.json`), JSON.stringify([group]))
  if (token !== undefined) await writeFile(join(folder, 'token'), token)
  const {scrape_configs: jobs} = parse(await readFile(join(monitoring, 'scrape-agent.yaml'), 'utf8')) as {scrape_configs: Job[]}
  const plain = {scheme: 'http', authorization: undefined, tls_config: undefined}
  return {
    global: {scrape_interval: '1s', scrape_timeout: '1s'},
    scrape_configs: jobs.map(({kubernetes_sd_configs: discovery, ...job}) => ({
      ...job,
      ...(token === undefined ? plain : {authorization: {credentials_file: 'token'}}),
      relabel_configs: job.relabel_configs.map(each =>
        each.target_label === '__address__' ? {...each, replacement: `$1:${port}`} : each,
      ),
      ...(hasSetCounts && {metric_relabel_configs: undefined}),
      file_sd_configs: [{files: discovery.map(({role}) => `${role}.json`)}],
    })),
  }
}
