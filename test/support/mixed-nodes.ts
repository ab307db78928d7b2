import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {compile} from '../../core/linux/compile/compile.ts'
import type {CompileOptions} from '../../core/policy/program.ts'
import {linesOf} from './node-of.ts'
import {type HnsState, programmedState} from './windows/programmed-node.ts'

/** The names of the two nodes. */
export interface MixedNames {
  readonly linux: string
  readonly windows: string
}

/** The documents of a dump with a Linux node and a Windows one, as Azure NPM programs them, by path. */
export function mixedDump(
  cluster: ClusterObjects,
  {linux, windows}: MixedNames,
  options: Pick<CompileOptions, 'semantics'> = {semantics: 'npm'},
  state: HnsState = programmedState(cluster, windows, options, {hasWireServer: true}),
): Map<string, string> {
  const {rules, sets} = linesOf(compile(cluster, {scheme: 'sha256', ...options}))
  const items = [
    ...cluster.namespaces.map(each => ({kind: 'Namespace', ...each})),
    ...cluster.nodes.map(each => ({kind: 'Node', ...each})),
    ...cluster.pods.map(each => ({kind: 'Pod', ...each})),
    ...cluster.policies.map(each => ({kind: 'NetworkPolicy', ...each})),
  ]
  return new Map([
    ['cluster.json', JSON.stringify({apiVersion: 'v1', kind: 'List', items})],
    [`nodes/${linux}/iptables-save.txt`, `${rules.join('\n')}\n`],
    [`nodes/${linux}/ipset-save.txt`, `${sets.join('\n')}\n`],
    [`nodes/${windows}/hns-networks.json`, JSON.stringify([state.network])],
    [`nodes/${windows}/hns-endpoints.json`, JSON.stringify(state.endpoints)],
  ])
}

/** The same, read. */
export async function mixedNodes(...dump: Parameters<typeof mixedDump>): Promise<NodeState[]> {
  const documents = [...mixedDump(...dump)].map(([path, text]): DumpDocument => {
    const kinds: Readonly<Record<string, DumpDocument['kind']>> = {ipt: 'iptables-save', ips: 'ipset-save'}
    const file = path.slice(path.lastIndexOf('/') + 1)
    const kind = kinds[file.slice(0, 3)]
    return {
      name: `dump/${path}`,
      folder: path.includes('/') ? `dump/${path.slice(0, path.lastIndexOf('/'))}` : 'dump',
      text: [text],
      ...(kind && {kind}),
    }
  })
  return (await readDump(documents)).nodes
}
