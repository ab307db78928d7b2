import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, openSync, readFileSync} from 'node:fs'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {type Access, openAccess} from './access.ts'
import {addressesOf} from './addresses.ts'
import {type ApiClient, isReady} from './api-client.ts'
import {binaryFolder, kubectlProgram} from './binaries.ts'
import {buildBoxes} from './box.ts'
import {type ClusterNodeSpec, writeClusterFiles} from './cluster-files.ts'
import {type ClusterNode, clusterNode} from './cluster-node.ts'
import {lastLines} from './component.ts'
import {findInit} from './processes.ts'
import {clusterBinaries} from './requirements.ts'
import {type RunningPod, runningPod} from './running-pod.ts'
import {openStateFolder} from './state-folder.ts'
import {switches} from './switches.ts'
import {testUsers, type User} from './users.ts'
import {until} from './wait.ts'
import {takeNumber} from './wire.ts'

export interface ClusterOptions {
  /** Two by default: `node1` with the nft back end and `node2` with the legacy one. */
  readonly nodes?: readonly ClusterNodeSpec[]
  /** Docker archives that every node gets before its kubelet starts. `BOX` is always there. */
  readonly images?: readonly string[]
  readonly apiServerFlags?: readonly string[]
  readonly users?: readonly User[]
}

/**
 * A real cluster on this machine: every node has a kubelet, containerd, kube-proxy and pods whose packets cross its own
 * FORWARD chain. Nobody enforces NetworkPolicies; see program-nodes.ts.
 */
export interface Cluster extends Access, AsyncDisposable {
  readonly nodes: readonly ClusterNode[]
  /** This machine's address as pods see it, which is outside of the cluster for them. */
  readonly machine: string
  /** @throws RangeError when there is no such node */
  node(name: string): ClusterNode
  /** A running pod. @throws Error when it is not there or does not run */
  pod(namespace: string, name: string): Promise<RunningPod>
  /** Kills the API server; it refuses connections from then on. Pods go on. */
  stopApiServer(): Promise<void>
  /** Starts it again; done when it is ready. */
  startApiServer(): Promise<void>
  restartApiServer(): Promise<void>
  /** Gives all nodes an image, a docker archive. */
  importImage(archive: string): Promise<void>
  /** Waits until all nodes are Ready, or as many as given. */
  nodesReady(): Promise<void>
}

const twoNodes: readonly ClusterNodeSpec[] = [
  {name: 'node1', backend: 'nft'},
  {name: 'node2', backend: 'legacy'},
]
const SCRIPT = fileURLToPath(new URL('cluster.sh', import.meta.url))

/**
 * Starts a real cluster, as root, to be held with `await using`: ten seconds and 0.8 GB. The first one on a machine builds the
 * programs. All of it ends with this process, however that ends.
 *
 * @throws Error with what did not come up, and the end of its log
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const {nodes: specs = twoNodes, images = [], apiServerFlags = [], users = testUsers} = options
  const programs = await binaryFolder(clusterBinaries)
  await using stack = new AsyncDisposableStack()
  const {path: folder} = stack.use(await openStateFolder())
  const number = await takeNumber()
  await writeFile(join(folder, 'number'), String(number))
  const addresses = addressesOf(
    number,
    specs.map(({name}) => name),
  )
  for (const each of ['commands', 'off', 'stopped', 'pid', 'log', 'images']) await mkdir(join(folder, each))
  const archives = [...(await buildBoxes(join(folder, 'images'))), ...images]
  await writeFile(join(folder, 'images.txt'), archives.map(each => `${each}\n`).join(''))
  const {tokens, caFile} = await writeClusterFiles({folder, programs, addresses, specs, apiServerFlags, users})
  // They would only complain as long as nobody answers them.
  const waiting = [
    'kube-controller-manager',
    'kube-scheduler',
    ...specs.flatMap(({name}) => [`kubelet-${name}`, `kube-proxy-${name}`]),
  ]
  for (const each of waiting) await writeFile(join(folder, 'off', each), '')

  const holder = hold(folder)
  stack.defer(() => end(holder))
  const failure = (): string | undefined => failureOf(folder, holder)
  const findProcess = (what: string, words: readonly string[]): Promise<number> =>
    until(`${what} has a first process`, () => findInit(['bash', SCRIPT, folder, ...words]), {failure})
  const init = await findProcess('the cluster', [])
  await writeFile(join(folder, 'init'), String(init))

  const url = `https://${addresses.apiServer}:6443`
  const apiServerReady = () => until('the API server is ready', () => isReady(url), {failure})
  await apiServerReady()
  const access = await openAccess({url, caFile, folder, tokens, kubectl: await kubectlProgram()})
  stack.use(access.api)
  const programSwitches = switches(folder, failure)
  await Promise.all(waiting.map(name => programSwitches.start(name)))
  const nodes = await Promise.all(
    addresses.nodes.map(async (node, index) => {
      const backend = specs[index]?.backend ?? 'nft'
      return clusterNode(node, backend, await findProcess(node.name, [node.name]), programSwitches)
    }),
  )

  const nodesReady = async (): Promise<void> => {
    for (const {name, ip} of nodes) {
      await until(`${name} is Ready`, () => isNodeReady(access.api, name), {failure})
      await until(`kube-proxy of ${name} has written its rules`, () => answers(`http://${ip}:10256/healthz`), {failure})
    }
  }
  await nodesReady()
  // Without it no pod is accepted.
  const account = '/api/v1/namespaces/default/serviceaccounts/default'
  await until('the default service account is there', () => access.api.request('GET', account), {failure})

  function node(name: string): ClusterNode {
    const found = nodes.find(each => each.name === name)
    if (found === undefined) throw new RangeError(`no node ${name} here; there are ${nodes.map(({name}) => name).join(', ')}`)
    return found
  }
  const stopApiServer = (): Promise<void> => programSwitches.stop('kube-apiserver', init)
  const startApiServer = async (): Promise<void> => {
    await programSwitches.start('kube-apiserver')
    await apiServerReady()
  }
  const held = stack.move()
  return {
    ...access,
    nodes,
    machine: addresses.machine,
    node,
    pod: (namespace, name) => runningPod(access.api, node, namespace, name),
    stopApiServer,
    startApiServer,
    async restartApiServer() {
      await stopApiServer()
      await startApiServer()
    },
    async importImage(archive) {
      await Promise.all(nodes.map(each => each.importImage(archive)))
    },
    nodesReady,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Starts the process that holds the cluster; it dies with this one, and everything with it. */
function hold(folder: string): ChildProcess {
  const log = openSync(clusterLog(folder), 'a')
  const network = openSync('/proc/self/ns/net', 'r')
  const own = ['--pid', '--mount', '--net', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc']
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...own, 'bash', SCRIPT, folder], {
    stdio: ['ignore', log, log, network],
    // Ctrl-C is for us; the cluster goes when we have tidied up.
    detached: true,
  })
  closeSync(log)
  closeSync(network)
  return holder
}

const clusterLog = (folder: string): string => join(folder, 'log/cluster.log')

async function end(holder: ChildProcess): Promise<void> {
  if (hasEnded(holder)) return
  holder.kill('SIGKILL')
  await once(holder, 'exit')
}

const hasEnded = ({exitCode, signalCode}: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** A program that ended once may have been too early; cluster.sh starts it again. */
const MOST_ENDS = 3

function failureOf(folder: string, holder: ChildProcess): string | undefined {
  if (hasEnded(holder)) return `the cluster has ended: ${lastLines(clusterLog(folder))}`
  const text = readFileSync(clusterLog(folder), 'utf8')
  const node = /^node (\S+) has ended$/m.exec(text)?.[1]
  if (node !== undefined) return `${node} has ended: ${lastLines(clusterLog(folder))}`
  // 137: killed, as by `stop`.
  const ends = Map.groupBy(text.matchAll(/^(\S+) ended with (?!137$)\d+$/gm), ([, name = '']) => name)
  const [name] = [...ends].find(([, times]) => times.length >= MOST_ENDS) ?? []
  return name === undefined ? undefined : `${name} does not run: ${lastLines(join(folder, 'log', `${name}.log`))}`
}

interface NodeObject {
  readonly status: {readonly conditions?: readonly {readonly type: string; readonly status: string}[]}
}

async function isNodeReady(api: ApiClient, name: string): Promise<boolean> {
  const {status} = await api.request<NodeObject>('GET', `/api/v1/nodes/${name}`)
  return status.conditions?.some(({type, status}) => type === 'Ready' && status === 'True') ?? false
}

const answers = async (url: string): Promise<boolean> => (await fetch(url)).ok
