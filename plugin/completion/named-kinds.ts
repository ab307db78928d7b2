import {kindOfWord, workloadOf} from '../../core/kubernetes/object-reference.ts'
import type {FindNames, SourceKind, Suggestion} from './names.ts'

/** Kinds that stand before a name, `svc/api`, with where their names come from. */
const sources = {
  node: 'clusterNode',
  namespace: 'namespace',
  policy: 'policy',
  pod: 'pod',
  service: 'service',
  // The names of pods hold those of what made them.
  deployment: 'pod',
  replicaset: 'pod',
  statefulset: 'pod',
  daemonset: 'pod',
  job: 'pod',
  cronjob: 'pod',
  replicationcontroller: 'pod',
} as const satisfies Readonly<Record<string, SourceKind>>

export type NamedKind = keyof typeof sources

/** What stands for an end of packets, and what can be described. */
export const endKinds: readonly NamedKind[] = [
  'node',
  'pod',
  'service',
  'deployment',
  'replicaset',
  'statefulset',
  'daemonset',
  'job',
  'cronjob',
  'replicationcontroller',
]
export const describedKinds: readonly NamedKind[] = [...endKinds, 'namespace', 'policy']

/**
 * What could stand behind a kind that was typed: `svc/api` for `svc/`.
 *
 * @param prefix    what was typed, with the kind as somebody writes it
 * @param namespace of `-n`; names of others are left out then
 * @returns undefined where no kind stands before a slash, and names without one are wanted
 */
export async function namesOfKind(
  kinds: readonly NamedKind[],
  prefix: string,
  namespace: string | undefined,
  find: FindNames,
): Promise<readonly Suggestion[] | undefined> {
  const slash = prefix.indexOf('/')
  const word = prefix.slice(0, Math.max(0, slash))
  const kind = kinds.find(each => each === kindOfWord(word))
  if (!kind) return undefined
  const found = await find([sources[kind]], prefix.slice(slash + 1))
  const texts = found.flatMap(({text}): string[] => {
    const [own, name] = text.split('/') as [string, string?]
    if (name === undefined) return [own]
    if (namespace !== undefined && own !== namespace) return []
    if (kind === 'policy') return [namespace === undefined ? text : name]
    if (kind === 'pod' || kind === 'service') return [name]
    return [workloadOf(name, kind as Exclude<NamedKind, 'node' | 'namespace' | 'policy'>)].filter(each => each !== undefined)
  })
  return [...new Set(texts)].map(text => ({text: `${word}/${text}`}))
}
