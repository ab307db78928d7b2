import {setTimeout as sleep} from 'node:timers/promises'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import type {ClusterNode} from './cluster-node.ts'
import type {Cluster} from './real-cluster.ts'

export interface ProgramNodesOptions {
  readonly compile?: Partial<CompileOptions>
  /** All by default. */
  readonly nodes?: readonly ClusterNode[]
}

/**
 * Stands in for Azure NPM, once: loads on each node what the cluster's policies, pods and namespaces compile to now, in place
 * of what it loaded before. What happens in the cluster afterwards changes nothing there. In between a node lets all through.
 *
 * @returns what was loaded
 * @throws execa's error when the node's ipset or iptables refuses it
 */
export async function programNodes(cluster: Cluster, options: ProgramNodesOptions = {}): Promise<LinuxProgram> {
  const program = await compileNow(cluster, options)
  await Promise.all((options.nodes ?? cluster.nodes).map(node => load(node, program)))
  return program
}

async function compileNow(cluster: Cluster, options: ProgramNodesOptions): Promise<LinuxProgram> {
  const {stdout} = await cluster.kubectl(['get', 'pods,namespaces,networkpolicies,nodes', '--all-namespaces', '--output', 'json'])
  const {objects} = readClusterObjects(JSON.parse(stdout))
  return compile(objects, {scheme: 'sha256', semantics: 'npm', ...options.compile})
}

const LOOK_MS = 2000

/**
 * Loads the nodes again whenever the cluster asks for something else than what they were loaded with. What somebody changes on a node
 * by hand stays until then.
 */
export async function keepProgrammed(cluster: Cluster, loaded: LinuxProgram, signal: AbortSignal): Promise<void> {
  const textOf = (program: LinuxProgram) =>
    text([...printIpsetRestore(program), ...printIptablesRestore(program, {forwardIndex: 1})])
  let known = textOf(loaded)
  while (!signal.aborted) {
    await sleep(LOOK_MS, undefined, {signal}).catch(() => {})
    // While the API server is away nothing changes.
    const program = await compileNow(cluster, {}).catch(() => undefined)
    if (!program || signal.aborted || textOf(program) === known) continue
    // What a node refuses it refuses again, so it is told once. A cluster to play with goes on.
    await Promise.all(
      cluster.nodes.map(node =>
        load(node, program).catch((error: unknown) => {
          if (!signal.aborted) refusedBy(node, error)
        }),
      ),
    )
    known = textOf(program)
  }
}

function refusedBy({name}: ClusterNode, error: unknown): void {
  const reason = error instanceof Error ? error.message.slice(0, 500) : String(error)
  console.error(`${name} refused what the policies ask for now, and holds a part of it until they change: ${reason}`)
}

/** Removes from a node what `programNodes`, or Azure NPM itself, has put there. */
export async function clearNode(node: ClusterNode): Promise<void> {
  const {stdout: rules} = await node.run(`iptables-${node.backend}-save`, ['-t', 'filter'])
  const lines = rules.split('\n')
  const chains = lines.flatMap(line => /^:(AZURE-NPM\S*) /.exec(line)?.[1] ?? [])
  const jumps = lines.filter(line => /^-A (?!AZURE-NPM).* -j AZURE-NPM/.test(line)).map(line => line.replace('-A', '-D'))
  const removal = ['*filter', ...jumps, ...chains.map(chain => `-F ${chain}`), ...chains.map(chain => `-X ${chain}`), 'COMMIT']
  if (chains.length > 0) await restoreRules(node, removal)
  const {stdout: names} = await node.run('ipset', ['list', '-name'])
  const sets = names.split('\n').filter(name => name.startsWith('azure-npm-'))
  // A set that a list holds cannot be destroyed.
  const destruction = ['flush', 'destroy'].flatMap(verb => sets.map(set => `${verb} ${set}`))
  await node.run('ipset', ['restore'], {input: text(destruction)})
}

async function load(node: ClusterNode, program: LinuxProgram): Promise<void> {
  await clearNode(node)
  await node.run('ipset', ['restore'], {input: text(printIpsetRestore(program))})
  await restoreRules(node, printIptablesRestore(program, {forwardIndex: await jumpIndex(node)}))
}

/** Behind KUBE-SERVICES, as Azure NPM does by default. */
async function jumpIndex(node: ClusterNode): Promise<number> {
  const {stdout} = await node.run(`iptables-${node.backend}`, ['-w', '60', '-S', 'FORWARD'])
  const rules = stdout.split('\n').filter(line => line.startsWith('-A '))
  const services = rules.findIndex(rule => rule.endsWith(' -j KUBE-SERVICES'))
  // Positions count from 1; without KUBE-SERVICES it is the first rule.
  return services + 2
}

/** kube-proxy writes rules too, so one waits for the other. */
async function restoreRules(node: ClusterNode, lines: Iterable<string>): Promise<void> {
  await node.run(`iptables-${node.backend}-restore`, ['-w', '60', '-T', 'filter', '--noflush'], {input: text(lines)})
}

const text = (lines: Iterable<string>): string => [...lines].map(line => `${line}\n`).join('')
