import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {RELAY_PORT} from '../../../core/contract/agent.ts'
import {RELAY_LABEL} from '../../../core/contract/pod-labels.ts'
import type {ApiClient} from './api-client.ts'
import {binaryFolder} from './binaries.ts'
import {startComponent} from './component.ts'
import type {ControlPlane} from './control-plane.ts'
import {kwokConfig} from './kwok-config.ts'
import {freePort} from './ports.ts'
import {flags} from './server-flags.ts'
import {until} from './wait.ts'

export interface KwokOptions {
  /** How many. */
  readonly nodes: number
  /**
   * Where port-forwards to the relay of a node end: a port of 127.0.0.1, the same for all or one for each. Who listens there is
   * up to the test. When that one ends a connection, kwok does not tell the other side.
   */
  readonly agentPort: (node: string, index: number) => number
}

/** Nodes that do not exist, each with a relay's pod that says it runs. */
export interface Kwok extends AsyncDisposable {
  readonly nodes: readonly SimulatedNode[]
}

export interface SimulatedNode {
  readonly name: string
  /** Its relay, in `RELAY.namespace`. */
  readonly pod: string
}

/** What a relay's pod looks like to the plugin. */
const RELAY = {
  namespace: 'kubectl-npm',
  account: 'npm-relay',
  labels: {[RELAY_LABEL.key]: RELAY_LABEL.value},
  port: RELAY_PORT,
}
const LABEL = 'npm.kubectl.io/simulated'

/**
 * Starts kwok on a control plane and makes nodes `sim-1`, `sim-2`, … with a relay's pod each, all running. It takes some
 * seconds for 250. The namespace and the account are made if they are not there.
 *
 * @throws Error with kwok's last words when it fails
 */
export async function startKwok(cluster: ControlPlane, {nodes: count, agentPort}: KwokOptions): Promise<Kwok> {
  const programs = await binaryFolder(['kwok'])
  const nodes = Array.from({length: count}, (_, index) => ({name: `sim-${index + 1}`, pod: `npm-relay-sim-${index + 1}`}))
  const config = join(cluster.folder, 'kwok.yaml')
  const forwards = nodes.map(({name, pod}, index) => ({
    namespace: RELAY.namespace,
    pod,
    port: RELAY.port,
    targetPort: agentPort(name, index),
  }))
  await writeFile(config, kwokConfig(forwards))
  await prepare(cluster.api)
  // In the order of their names, all at once: as many as the client has connections.
  await Promise.all(nodes.map(node => create(cluster.api, node)))

  const port = await freePort()
  const own = flags({
    kubeconfig: cluster.kubeconfig,
    config,
    'manage-nodes-with-label-selector': LABEL,
    'node-ip': '127.0.0.1',
    'node-port': port,
    'server-address': `127.0.0.1:${port}`,
    'tls-cert-file': cluster.certificate.certFile,
    'tls-private-key-file': cluster.certificate.keyFile,
    // Nobody watches for nodes that are late.
    'node-lease-duration-seconds': 0,
  })
  const log = join(cluster.folder, 'kwok.log')
  await using stack = new AsyncDisposableStack()
  const kwok = await startComponent('kwok', join(programs, 'kwok'), own, log)
  stack.defer(() => kwok.kill())
  const waiting = `/api/v1/namespaces/${RELAY.namespace}/pods?fieldSelector=status.phase!%3DRunning&limit=1`
  const doAllRun = async () => (await cluster.api.request<{items: unknown[]}>('GET', waiting)).items.length === 0
  await until(`${count} pods run`, doAllRun, {failure: () => kwok.end()})
  const held = stack.move()
  return {nodes, [Symbol.asyncDispose]: () => held.disposeAsync()}
}

async function prepare(api: ApiClient): Promise<void> {
  const {namespace, account} = RELAY
  await createMissing(api, '/api/v1/namespaces', {metadata: {name: namespace}})
  await createMissing(api, `/api/v1/namespaces/${namespace}/serviceaccounts`, {metadata: {name: account}})
}

async function createMissing(api: ApiClient, path: string, object: {metadata: {name: string}}): Promise<void> {
  const isThere = await api.request('GET', `${path}/${object.metadata.name}`).then(
    () => true,
    () => false,
  )
  if (!isThere) await api.request('POST', path, object)
}

async function create(api: ApiClient, {name, pod}: SimulatedNode): Promise<void> {
  await api.request('POST', '/api/v1/nodes', {metadata: {name, labels: {'kubernetes.io/os': 'linux', [LABEL]: 'true'}}})
  await api.request('POST', `/api/v1/namespaces/${RELAY.namespace}/pods`, {
    metadata: {name: pod, labels: RELAY.labels},
    spec: {
      nodeName: name,
      serviceAccountName: RELAY.account,
      containers: [{name: 'relay', image: 'simulated'}],
    },
  })
}
