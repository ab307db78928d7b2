import {join} from 'node:path'
import {type Access, openAccess, writeUsers} from './access.ts'
import {isReady} from './api-client.ts'
import {type Binary, binaryFolder, kubectlProgram} from './binaries.ts'
import {type Component, startComponent} from './component.ts'
import {freePort} from './ports.ts'
import {commonServerFlags, etcdFlags, flags, writeServerFiles} from './server-flags.ts'
import {openStateFolder} from './state-folder.ts'
import {testUsers, type User} from './users.ts'
import {until} from './wait.ts'

export interface ControlPlaneOptions {
  /** Flags of kube-apiserver besides ours; a flag that we set too counts as given here. */
  readonly apiServerFlags?: readonly string[]
  /** Controllers to run, by their names: `workloadControllers`, or others. None by default, and then no controller manager. */
  readonly controllers?: readonly string[]
  /** Runs kube-scheduler, which binds pods to nodes, those of DaemonSets included. */
  readonly scheduler?: boolean
  readonly users?: readonly User[]
}

/**
 * etcd and kube-apiserver on loopback: everything about objects, tokens, rights and the audit log is real. There are no nodes,
 * and without controllers nothing follows from what is stored: no `default` service account, so pods must name one that is there.
 */
export interface ControlPlane extends Access, AsyncDisposable {
  /** The API server's own certificate and key (PEM), as good for a kubelet's stand-in: nobody checks whose a kubelet's is. */
  readonly certificate: {readonly certFile: string; readonly keyFile: string}
  /** Kills the API server; it refuses connections from then on. etcd goes on. */
  stopServer(): Promise<void>
  /** Starts it on the same etcd and port; done when it is ready. */
  startServer(): Promise<void>
  /** Both: what a crash of the API server is to its clients. */
  restart(): Promise<void>
}

/** What DaemonSets, service accounts, cascading deletion and aggregated roles need. */
export const workloadControllers: readonly string[] = [
  'daemonset-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'clusterrole-aggregation-controller',
]

const SERVER_PROGRAMS: readonly Binary[] = ['etcd', 'kube-apiserver']

/**
 * Starts a control plane in a temporary folder, to be held with `await using`. It takes four seconds and 320 MB. The first one
 * on a machine builds the programs. All of it ends with this process, however that ends.
 *
 * @throws Error with the last words of the program that failed
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const {apiServerFlags = [], controllers = [], scheduler = false, users = testUsers} = options
  const programs = await binaryFolder([
    ...SERVER_PROGRAMS,
    ...(controllers.length > 0 ? (['kube-controller-manager'] as const) : []),
    ...(scheduler ? (['kube-scheduler'] as const) : []),
  ])
  await using stack = new AsyncDisposableStack()
  const {path: folder} = stack.use(await openStateFolder())
  const start = async (name: Binary, args: readonly string[]): Promise<Component> =>
    startComponent(name, join(programs, name), args, join(folder, `${name}.log`))

  await writeServerFiles(folder)
  const tokens = await writeUsers(folder, users)
  const etcdUrl = `http://127.0.0.1:${await freePort()}`
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`

  const etcd = await start('etcd', etcdFlags(join(folder, 'etcd'), etcdUrl))
  stack.defer(() => etcd.kill())
  let server = await start('kube-apiserver', serverFlags())
  stack.defer(() => server.kill())

  function serverFlags(): string[] {
    const own = flags({
      'etcd-servers': etcdUrl,
      'bind-address': '127.0.0.1',
      'secure-port': port,
      // It makes itself a certificate there, which is also its CA's.
      'cert-dir': join(folder, 'certificates'),
      'service-cluster-ip-range': '10.0.0.0/24',
      'endpoint-reconciler-type': 'none',
    })
    return [...own, ...commonServerFlags(folder), ...apiServerFlags]
  }

  const ready = () => until('the API server is ready', () => isReady(url), {failure: () => etcd.end() ?? server.end()})
  await ready()

  const certificate = {certFile: join(folder, 'certificates/apiserver.crt'), keyFile: join(folder, 'certificates/apiserver.key')}
  const access = await openAccess({url, caFile: certificate.certFile, folder, tokens, kubectl: await kubectlProgram()})
  stack.use(access.api)

  const shared = flags({kubeconfig: access.kubeconfig, 'leader-elect': false, 'secure-port': 0})
  if (controllers.length > 0) {
    const manager = await start('kube-controller-manager', [...shared, ...flags({controllers: controllers.join(',')})])
    stack.defer(() => manager.kill())
  }
  if (scheduler) {
    const started = await start('kube-scheduler', shared)
    stack.defer(() => started.kill())
  }

  const stopServer = (): Promise<void> => server.kill()
  const startServer = async (): Promise<void> => {
    server = await start('kube-apiserver', serverFlags())
    await ready()
  }
  const held = stack.move()
  return {
    ...access,
    certificate,
    stopServer,
    startServer,
    async restart() {
      await stopServer()
      await startServer()
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
