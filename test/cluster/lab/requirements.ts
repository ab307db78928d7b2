import {spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {type Binary, findProgram, missingBinaries} from './binaries.ts'
import {CNI_PLUGINS} from './node-files.ts'
import {stateRoot} from './state-folder.ts'

/** What control planes may run. */
export const controlPlaneBinaries: readonly Binary[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']

/** What a control plane with simulated nodes runs. */
export const kwokBinaries: readonly Binary[] = [...controlPlaneBinaries, 'kwok']

/** What a real cluster runs. */
export const clusterBinaries: readonly Binary[] = [...controlPlaneBinaries, 'kubelet', 'kube-proxy']

const controlPlaneTools = ['bash', 'flock', 'setpriv']
const clusterTools = [
  ...controlPlaneTools,
  'unshare',
  'nsenter',
  'mount',
  'ip',
  'containerd',
  'ctr',
  'runc',
  'conntrack',
  'ipset',
  'iptables-nft',
  'iptables-legacy',
  'busybox',
  'tar',
]

/** Says why no control plane can be started here; undefined when it can, perhaps after its programs were built. */
export const missingForControlPlane = once(
  () => notLinux() ?? missingTool(controlPlaneTools) ?? missingBinaries(controlPlaneBinaries),
)

/** The same for a control plane with kwok (kwok.ts). */
export const missingForKwok = once(() => missingForControlPlane() ?? missingBinaries(kwokBinaries))

/** Says why no real cluster can be started here; undefined when it can, perhaps after its programs were built. */
export const missingForCluster = once(
  () =>
    notLinux() ??
    (process.getuid?.() === 0 ? undefined : 'not root') ??
    missingTool(clusterTools) ??
    missingPieces() ??
    missingRights() ??
    missingBinaries(clusterBinaries),
)

function once(find: () => string | undefined): () => string | undefined {
  let found: {readonly reason: string | undefined} | undefined
  return () => {
    found ??= {reason: find()}
    return found.reason
  }
}

const notLinux = (): string | undefined => (process.platform === 'linux' ? undefined : `this is ${process.platform}, not Linux`)

const NEXT = 'see scripts/install-tools.sh'

/** The first tool that is on none of the folders of PATH, as a reason. */
function missingTool(tools: readonly string[]): string | undefined {
  const missing = tools.find(tool => findProgram(tool) === undefined)
  return missing && `${missing} is not installed; ${NEXT}`
}

function missingPieces(): string | undefined {
  if (!existsSync(join(CNI_PLUGINS, 'ptp')))
    return `${CNI_PLUGINS}/ptp is not there (Debian: containernetworking-plugins); ${NEXT}`
  if (!existsSync('/etc/alternatives/iptables'))
    return "/etc/alternatives/iptables is not there: the back ends are chosen in Debian's way"
  if (!existsSync('/sys/fs/cgroup/memory')) return 'the control groups are not version 1: that is all that was tried'
  const busybox = readFileSync(findProgram('busybox') ?? '')
  // The loader's path, in a program that has one.
  if (busybox.includes('/ld-linux') || busybox.includes('/ld-musl'))
    return `busybox is not a static one (Debian: busybox-static); ${NEXT}`
}

/** Tries what a node does first: namespaces, and an overlay where the state folder will be. */
function missingRights(): string | undefined {
  const folder = mkdtempSync(join(stateRoot(), 'kubectl-npm-trial-'))
  try {
    const mounts =
      'mkdir upper work && mount -t tmpfs tmpfs /run && mount -t overlay etc -o lowerdir=/etc,upperdir=upper,workdir=work /etc'
    const namespaces = ['--pid', '--mount', '--net', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc']
    const {status, stderr} = spawnSync('unshare', [...namespaces, 'sh', '-ec', mounts], {cwd: folder, encoding: 'utf8'})
    if (status !== 0) return `namespaces with mounts of their own cannot be made here: ${stderr.trim()}`
  } finally {
    rmSync(folder, {recursive: true})
  }
}
