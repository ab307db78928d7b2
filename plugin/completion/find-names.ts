import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {CommandLine, VerbShape} from './command-line.ts'
import {configKinds, type FindNames, type NameKind, type SourceKind, type Suggestion} from './names.ts'

/**
 * Looks for names where the verb itself would: in the files that the command line names, or in the cluster.
 *
 * @param signal ends the search; what is not found by then is not found
 */
export function findNames({flags, typed}: CommandLine, verb: VerbShape, signal: AbortSignal): FindNames {
  const find: FindNames = async (kinds, prefix) => {
    const cluster = clusterFlags(flags)
    const inConfig = configKinds.filter(kind => kinds.includes(kind))
    if (inConfig.length > 0) {
      const {findInConfig} = await import('./config-names.ts')
      return (await Promise.all(inConfig.map(kind => findInConfig(kind, cluster)))).flat()
    }
    const nodes = typed.kind === 'value' && typed.flag === 'node' ? [] : (flags.get('node') ?? [])
    const files = [...(flags.get('from') ?? []), ...(flags.get('filename') ?? [])]
    // Standard input is for the command to come.
    const readable = files.filter(path => path !== '-')
    if (readable.length > 0) {
      const {namesIn, readForNames} = await import('./dump-names.ts')
      const {readFiles} = await import('../source/read-files.ts')
      const {dumps, isSmall} = await readForNames((await readFiles(readable)).documents)
      const chosen = nodes.length === 0 ? dumps : dumps.filter(({node}) => nodes.includes(node))
      return once(kinds.flatMap(kind => namesIn({dumps: chosen, isSmall}, kind, prefix)))
    }
    const {hasKubeconfig} = await import('../kubernetes/kubeconfig.ts')
    const isElsewhere = files.length > 0 || flags.has('local') || verb.flags['kubeconfig'] === undefined
    if (isElsewhere || !hasKubeconfig(cluster)) return []
    const {findInCluster} = await import('./cluster-names.ts')
    return once(await findInCluster(kinds.filter(isSourceKind), prefix, cluster, nodes, signal))
  }
  return (kinds, prefix) => Promise.race([find(kinds, prefix), ended(signal)])
}

const isSourceKind = (kind: NameKind): kind is SourceKind => !(configKinds as readonly string[]).includes(kind)

/** The same set is on many nodes. */
const once = (all: readonly Suggestion[]): Suggestion[] => [...new Map(all.map(each => [each.text, each])).values()]

const ended = (signal: AbortSignal): Promise<never[]> =>
  new Promise(resolve => {
    signal.addEventListener('abort', () => resolve([]), {once: true})
  })

function clusterFlags(flags: CommandLine['flags']): ClusterFlags {
  const last = (name: string) => flags.get(name)?.at(-1)
  return {
    kubeconfig: last('kubeconfig'),
    context: last('context'),
    cluster: last('cluster'),
    user: last('user'),
    as: last('as'),
    'as-group': flags.get('as-group'),
    'as-uid': last('as-uid'),
    via: wayOf(last('via') ?? process.env['KUBECTL_NPM_VIA']),
    'agent-namespace': last('agent-namespace') ?? 'kubectl-npm',
  }
}

const wayOf = (text: string | undefined): ClusterFlags['via'] => (text === 'kubectl' || text === 'library' ? text : undefined)
