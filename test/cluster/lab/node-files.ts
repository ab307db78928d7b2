import {mkdir, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {stringify} from 'yaml'
import type {KeyFiles} from '../../support/pki.ts'
import type {Addresses, NodeAddresses} from './addresses.ts'
import {PAUSE} from './box.ts'
import {flags} from './server-flags.ts'

/** Which of its two back ends a node's own iptables programs use. */
export type Backend = 'nft' | 'legacy'

export interface NodeFilesOptions {
  readonly state: string
  readonly addresses: Addresses
  readonly node: NodeAddresses
  readonly backend: Backend
  readonly caFile: string
  /** The kubelet's own, by which the API server knows it. */
  readonly certificate: KeyFiles
  readonly kubeletKubeconfig: string
  readonly proxyKubeconfig: string
  /** The folder with the programs. */
  readonly programs: string
}

/** Where Debian's containernetworking-plugins has them. */
export const CNI_PLUGINS = '/usr/lib/cni'

/**
 * What a kubelet would set for the whole machine. The node sees files with these values in their place, so it finds nothing
 * to set.
 */
const sysctls: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
}

/** Writes all that a node reads, into its own folder; returns the command lines of its programs, by name. */
export async function writeNodeFiles(options: NodeFilesOptions): Promise<ReadonlyMap<string, readonly string[]>> {
  const {state, node, programs} = options
  const folder = join(state, node.name)
  for (const each of ['etc/upper/alternatives', 'etc/work', 'var/upper', 'var/work', 'containerd', 'kubelet', 'net.d'])
    await mkdir(join(folder, each), {recursive: true})
  for (const [name, value] of Object.entries(sysctls)) {
    await mkdir(join(folder, 'sysctl', name, '..'), {recursive: true})
    await writeFile(join(folder, 'sysctl', name), `${value}\n`)
  }
  await chooseBackend(join(folder, 'etc/upper/alternatives'), options.backend)
  await writeFile(join(folder, 'resolv.conf'), '# no name server beside the cluster\n')
  await writeFile(join(folder, 'net.d/ptp.conflist'), JSON.stringify(network(node)))
  await writeFile(join(folder, 'containerd.toml'), containerdConfig(join(folder, 'net.d')))
  await writeFile(join(folder, 'kubelet.yaml'), stringify(kubeletConfig(options, folder)))
  await writeFile(join(folder, 'kube-proxy.yaml'), stringify(proxyConfig(options)))
  const kubelet = {
    config: join(folder, 'kubelet.yaml'),
    kubeconfig: options.kubeletKubeconfig,
    'node-ip': node.ip,
    'hostname-override': node.name,
  }
  return new Map([
    [`containerd-${node.name}`, ['containerd', '--config', join(folder, 'containerd.toml')]],
    [`kubelet-${node.name}`, [join(programs, 'kubelet'), ...flags(kubelet)]],
    [`kube-proxy-${node.name}`, [join(programs, 'kube-proxy'), ...flags({config: join(folder, 'kube-proxy.yaml')})]],
  ])
}

/** As `update-alternatives` would set them. */
async function chooseBackend(folder: string, backend: Backend): Promise<void> {
  for (const name of ['iptables', 'ip6tables'])
    for (const verb of ['', '-save', '-restore'])
      await symlink(`/usr/sbin/${name}-${backend}${verb}`, join(folder, `${name}${verb}`))
}

/** One veth per pod, routed, no bridge and no masquerade. */
const network = ({pods}: NodeAddresses) => ({
  cniVersion: '0.4.0',
  name: 'ptp',
  plugins: [
    {type: 'ptp', ipMasq: false, ipam: {type: 'host-local', subnet: pods, routes: [{dst: '0.0.0.0/0'}]}},
    {type: 'portmap', capabilities: {portMappings: true}},
  ],
})

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE no pod would start. */
const containerdConfig = (networks: string): string => `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${CNI_PLUGINS}"
  conf_dir = "${networks}"
`

const kubeletConfig = ({addresses, node, caFile, certificate}: NodeFilesOptions, folder: string) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  failCgroupV1: false,
  cgroupDriver: 'cgroupfs',
  // Shared by two kubelets, each would take the other's pods for orphans.
  cgroupRoot: `/kube${addresses.number}/${node.name}`,
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: caFile}},
  authorization: {mode: 'Webhook'},
  tlsCertFile: certificate.certFile,
  tlsPrivateKeyFile: certificate.keyFile,
  clusterDNS: [addresses.dns],
  clusterDomain: 'cluster.local',
  // The machine's may be a link into its /run, which a node does not see.
  resolvConf: join(folder, 'resolv.conf'),
  failSwapOn: false,
  // The disk is the machine's, however full.
  evictionHard: {'memory.available': '50Mi', 'nodefs.available': '1%', 'nodefs.inodesFree': '0%', 'imagefs.available': '1%'},
  imageGCHighThresholdPercent: 100,
})

const proxyConfig = ({addresses, node, proxyKubeconfig}: NodeFilesOptions) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'iptables',
  clientConnection: {kubeconfig: proxyKubeconfig},
  hostnameOverride: node.name,
  clusterCIDR: addresses.pods,
  // Its size is the machine's, and cannot be written here.
  conntrack: {maxPerCore: 0},
})
