import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type KeyFiles, makeAuthority} from '../../support/pki.ts'
import {places, writeUsers} from './access.ts'
import type {Addresses} from './addresses.ts'
import {kubeconfigText} from './kubeconfig.ts'
import {type Backend, writeNodeFiles} from './node-files.ts'
import {commonServerFlags, etcdFlags, flags, writeServerFiles} from './server-flags.ts'
import {admin, type User} from './users.ts'

export interface ClusterNodeSpec {
  readonly name: string
  readonly backend: Backend
}

export interface ClusterFilesOptions {
  /** The cluster's state folder. */
  readonly folder: string
  /** The folder with the programs. */
  readonly programs: string
  readonly addresses: Addresses
  readonly specs: readonly ClusterNodeSpec[]
  readonly apiServerFlags: readonly string[]
  readonly users: readonly User[]
}

const SCHEDULER = 'system:kube-scheduler'
const PROXY = 'system:kube-proxy'
const kubeletUser = (node: string): string => `system:node:${node}`
const ETCD = 'http://127.0.0.1:2379'

/**
 * Writes all that cluster.sh and the programs read: keys, kubeconfigs, configuration, command lines.
 *
 * @returns tokens by user's name, those of the cluster's own programs among them; and the authority's certificate
 */
export async function writeClusterFiles(
  options: ClusterFilesOptions,
): Promise<{tokens: ReadonlyMap<string, string>; caFile: string}> {
  const {folder, programs, addresses, specs} = options
  const keys = join(folder, 'keys')
  await mkdir(keys)
  const authority = await makeAuthority(keys)
  const caFile = authority.certFile
  const ca = await readFile(caFile, 'utf8')
  const serverIps = [addresses.apiServer, addresses.kubernetes, '127.0.0.1']
  const server = await authority.issue('kube-apiserver', {name: 'CN=kube-apiserver', ips: serverIps})
  const kubeletClient = await authority.issue('kubelet-client', {name: 'O=system:masters, CN=kube-apiserver-kubelet-client'})

  const kubelets = specs.map(({name}) => ({name: kubeletUser(name), groups: ['system:nodes']}))
  const tokens = await writeUsers(folder, [...options.users, {name: SCHEDULER}, {name: PROXY}, ...kubelets])
  await writeServerFiles(folder)
  const kubeconfigFor = async (user: string): Promise<string> => {
    const file = join(keys, `${user}.kubeconfig`)
    const content = kubeconfigText({url: `https://${addresses.apiServer}:6443`, ca, user, token: tokens.get(user) ?? ''})
    await writeFile(file, content, {mode: 0o600})
    return file
  }

  const commands = new Map<string, readonly string[]>([
    ['etcd', [join(programs, 'etcd'), ...etcdFlags(join(folder, 'etcd'), ETCD)]],
    ['kube-apiserver', [join(programs, 'kube-apiserver'), ...serverFlags(options, caFile, server, kubeletClient)]],
    [
      'kube-controller-manager',
      [join(programs, 'kube-controller-manager'), ...managerFlags(folder, caFile, await kubeconfigFor(admin.name))],
    ],
    [
      'kube-scheduler',
      [join(programs, 'kube-scheduler'), ...flags({kubeconfig: await kubeconfigFor(SCHEDULER), 'leader-elect': false})],
    ],
  ])
  const proxyKubeconfig = await kubeconfigFor(PROXY)
  for (const [index, node] of addresses.nodes.entries()) {
    const certificate = await authority.issue(node.name, {name: `CN=${node.name}`, ips: [node.ip]})
    const kubeletKubeconfig = await kubeconfigFor(kubeletUser(node.name))
    const backend = specs[index]?.backend ?? 'nft'
    const own = {state: folder, programs, addresses, node, backend, caFile, certificate, kubeletKubeconfig, proxyKubeconfig}
    for (const [name, command] of await writeNodeFiles(own)) commands.set(name, command)
  }
  for (const [name, command] of commands) await writeLines(join(folder, 'commands', name), command)
  const {number, apiServer, machine} = addresses
  await writeLines(join(folder, 'network'), [`${number} ${apiServer} ${machine}`])
  await writeLines(
    join(folder, 'nodes'),
    addresses.nodes.map(({name, ip, pods}) => `${name} ${ip} ${pods}`),
  )
  return {tokens, caFile}
}

const writeLines = (file: string, lines: readonly string[]): Promise<void> =>
  writeFile(file, lines.map(line => `${line}\n`).join(''))

function serverFlags(
  {folder, addresses, apiServerFlags}: ClusterFilesOptions,
  caFile: string,
  server: KeyFiles,
  kubeletClient: KeyFiles,
): string[] {
  const own = flags({
    'etcd-servers': ETCD,
    'secure-port': 6443,
    'advertise-address': addresses.apiServer,
    'service-cluster-ip-range': addresses.services,
    'tls-cert-file': server.certFile,
    'tls-private-key-file': server.keyFile,
    'client-ca-file': caFile,
    'kubelet-certificate-authority': caFile,
    'kubelet-client-certificate': kubeletClient.certFile,
    'kubelet-client-key': kubeletClient.keyFile,
  })
  return [...own, ...commonServerFlags(folder), ...apiServerFlags]
}

/** As admin: accounts of their own for all controllers would take some seconds more. */
const managerFlags = (folder: string, caFile: string, kubeconfig: string): string[] =>
  flags({
    kubeconfig,
    'leader-elect': false,
    'root-ca-file': caFile,
    'service-account-private-key-file': places(folder).signingKey,
    // A stopped kubelet is noticed in 11 s; by default it would be 50.
    'node-monitor-period': '1s',
    'node-monitor-grace-period': '20s',
  })
