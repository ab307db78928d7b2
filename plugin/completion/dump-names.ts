import type {NodeState} from '../../core/dataplane/dataplane.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import {objectKey} from '../../core/kubernetes/objects.ts'
import type {NameKind, Suggestion} from './names.ts'

/** Nobody wants to wait for names while typing. As much as this is read in about a second. */
const MOST_CHARACTERS = 64 * 1024 * 1024
/** The same when rules are read for the names in them, and not only found. */
const MOST_TRANSLATED = 16 * 1024 * 1024

/** Dumps, and whether names in their rules are found soon enough. */
export interface NamedDumps {
  readonly dumps: readonly NodeState[]
  readonly isSmall: boolean
}

/** Reads documents for the names in them; none when they are large. */
export async function readForNames(documents: readonly DumpDocument[]): Promise<NamedDumps> {
  const size = documents.flatMap(({text}) => text).reduce((sum, {length}) => sum + length, 0)
  if (size > MOST_CHARACTERS) return {dumps: [], isSmall: false}
  return {dumps: (await readDump(documents)).nodes, isSmall: size <= MOST_TRANSLATED}
}

const texts = (all: Iterable<string>): Suggestion[] => [...new Set(all)].map(text => ({text}))

/** Names of one kind that dumps hold, each once. */
export function namesIn({dumps, isSmall}: NamedDumps, kind: NameKind, prefix: string): Suggestion[] {
  const translated = isSmall ? dumps : []
  const clusters = dumps.flatMap(({cluster, cache}) => [cluster ?? [], cache?.objects ?? []].flat())
  const pods = clusters.flatMap(cluster => cluster.pods)
  switch (kind) {
    case 'node':
    case 'clusterNode': {
      const nodes = dumps.flatMap(({node, completeness, sets}) =>
        (completeness.rules !== 'absent' || sets) && node !== 'unknown' ? [node] : [],
      )
      if (nodes.length > 0) return texts(nodes)
      const known = clusters.flatMap(cluster => cluster.nodes.map(({metadata}) => metadata.name))
      return texts([...known, ...pods.flatMap(({spec}) => spec?.nodeName ?? [])])
    }
    case 'namespace': {
      const known = clusters.flatMap(cluster => cluster.namespaces.map(({metadata}) => metadata.name))
      return texts([...known, ...pods.map(({metadata}) => metadata.namespace ?? 'default')])
    }
    case 'service':
      return texts(clusters.flatMap(cluster => (cluster.services ?? []).map(objectKey)))
    case 'pod':
      return texts(pods.map(objectKey))
    case 'policy': {
      const known = clusters.flatMap(cluster => cluster.policies.map(objectKey))
      const programmed = translated.flatMap(dump =>
        [...dump.translation().policyOfChain.values()].flatMap(name => name.split('|')),
      )
      return texts([...known, ...programmed])
    }
    case 'chain':
      return texts(dumps.flatMap(({ruleLists}) => ruleLists))
    case 'set':
      return translated.flatMap(dump => setNames(dump, prefix))
    default:
      return []
  }
}

/** Readable names; the kernel's only when one is being typed, since nobody looks for a set in a list of hashes. */
function setNames(dump: NodeState, prefix: string): Suggestion[] {
  const isHash = prefix.startsWith('azure-npm-')
  return [...dump.translation().sets()].flatMap(({set, name, names, meaning}) =>
    isHash ? [{text: set, about: name}] : names.map(text => ({text, about: meaning})),
  )
}
