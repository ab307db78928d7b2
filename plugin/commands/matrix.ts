import {Flags} from '@oclif/core'
import {API_VERSION} from '../../core/contract/version.ts'
import type {NodeDump} from '../../core/dump/model.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {compareMatrices, parsePorts} from '../../core/matrix/compare-matrices.ts'
import {type MatrixInput, matrixEnds, probes} from '../../core/matrix/matrix.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {resolveEndpoint} from '../../core/trace/endpoints.ts'
import {knownPods} from '../../core/trace/nodes.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {matrixChanges, matrixCsv, matrixMarkdown, matrixTable} from '../print/matrix.ts'
import {openSource} from '../source/open-source.ts'

export default class Matrix extends Verb {
  static override summary = 'Shows which pods may talk to which, for all pairs'
  static override description =
    "Walks the node's rules for every pair of pods and one outside address; with cluster objects alone it evaluates the " +
    'policies. --diff shows what changes with another dump, or when policies from a file are added.'
  static override examples = [
    '<%= config.bin %> matrix --ports 80,53/udp --from dump/',
    '<%= config.bin %> matrix --ports 5432 --from cluster.json --diff new-policy.yaml',
    '<%= config.bin %> matrix --ports 80 -n shop --from dump/ -o csv',
  ]
  static override flags = {
    ...sourceFlags,
    ports: Flags.string({summary: 'Ports to probe: 80,53/udp,7400/sctp', required: true, helpValue: 'PORTS'}),
    namespace: Flags.string({char: 'n', summary: 'Only pods of this namespace as receivers and senders', helpValue: 'NAMESPACE'}),
    diff: Flags.string({
      summary: 'Compare with this dump, or with the cluster as this file would change it; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    output: Flags.string({
      char: 'o',
      summary: 'Output format',
      options: ['table', 'json', 'yaml', 'csv', 'markdown'],
      default: 'table',
    }),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Matrix)
    const source = await openSource(flags, this.signal)
    const dump = nodeOf(source.dumps, flags.node)
    const ports = parsePorts(flags.ports)
    const {input, problems} = inputOf(dump, ports, flags.namespace, [...source.problems, ...dump.problems])
    const paint = this.paint(flags.color)
    if (flags.diff) {
      const other = await openSource({...flags, from: flags.diff, local: false}, this.signal)
      const changed = nodeOf(other.dumps, undefined)
      const diff = compareMatrices(input, otherInput(input, changed))
      const all = [...problems, ...other.problems, ...changed.problems]
      const document = {apiVersion: API_VERSION, kind: 'MatrixDiff', ...diff, problems: all}
      if (flags.output === 'json') await this.print(jsonLines(document))
      else if (flags.output === 'yaml') await this.print(await yamlLines(document))
      else await this.print(matrixChanges(diff, paint))
      await this.report(all)
      this.exit(diff.opens.length + diff.closes.length + diff.unknown.length > 0 ? exitCodes.no : exitCodes.done)
    }
    const names = ports.map(({protocol, port}) => `${protocol}/${port}`)
    const ends = input.ends.map(({name}) => name)
    const document = {
      apiVersion: API_VERSION,
      kind: 'Matrix',
      node: dump.node,
      walked: dump.save !== undefined,
      probes: probes(input),
      problems,
    }
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else if (flags.output === 'csv') await this.print(matrixCsv(probes(input), ends, paint))
    else if (flags.output === 'markdown') await this.print(matrixMarkdown(probes(input), ends, names, paint))
    else await this.print(matrixTable(probes(input), ends, names, paint))
    await this.report(problems)
  }
}

function nodeOf(dumps: readonly NodeDump[], node: readonly string[] | undefined): NodeDump {
  const named = node === undefined ? dumps : dumps.filter(dump => node.includes(dump.node))
  const [dump] = named
  if (!dump)
    throw new InputError(
      `--node ${node?.join(', ')}: the input holds no such node`,
      `It holds: ${dumps.map(each => each.node).join(', ')}`,
    )
  if (named.length > 1)
    throw new InputError(
      `the input holds ${named.length} nodes: ${named.map(each => each.node).join(', ')}`,
      'Say which one with --node NAME.',
    )
  return dump
}

function inputOf(
  dump: NodeDump,
  ports: MatrixInput['ports'],
  namespace: string | undefined,
  problems: Problem[],
): {input: MatrixInput; problems: Problem[]} {
  const known = knownPods([dump])
  if (known.pods.length === 0)
    throw new InputError(
      'no pods are known',
      'Give the cluster objects with --from: kubectl get pods,namespaces,networkpolicies -A -o json',
      problems,
    )
  if (!dump.save && !dump.cluster)
    throw new InputError('neither rules nor policies are known', 'Give a dump or the cluster objects with --from.', problems)
  const pods = namespace === undefined ? known.pods : known.pods.filter(pod => pod.metadata.namespace === namespace)
  const ends = matrixEnds(pods, resolveEndpoint('external', known))
  return {input: {ends, ports, ...(dump.save && {dump}), ...(dump.cluster && {cluster: dump.cluster})}, problems}
}

/** The same pods and ports on the other input. A file with policies alone changes the cluster: same names are replaced. */
function otherInput(input: MatrixInput, changed: NodeDump): MatrixInput {
  if (changed.save) return {...input, dump: changed, ...(changed.cluster && {cluster: changed.cluster})}
  const {cluster} = changed
  if (!cluster)
    throw new InputError(
      '--diff: neither rules nor policies were found there',
      'Give a dump, cluster objects, or a file with policies.',
    )
  if (cluster.pods.length > 0) return {ends: input.ends, ports: input.ports, cluster}
  if (!input.cluster) throw new InputError('--diff with policies alone needs the cluster objects', 'Give them with --from.')
  return {ends: input.ends, ports: input.ports, cluster: merged(input.cluster, cluster)}
}

function merged(base: ClusterObjects, added: ClusterObjects): ClusterObjects {
  const key = ({metadata}: {metadata: {namespace?: string; name: string}}) =>
    `${metadata.namespace ?? 'default'}/${metadata.name}`
  const replaced = new Set(added.policies.map(key))
  return {...base, policies: [...base.policies.filter(policy => !replaced.has(key(policy))), ...added.policies]}
}
