import {isWithoutNamespace, servicesIn} from '../../core/kubernetes/object-reference.ts'
import {parseIpv4} from '../../core/net/ipv4.ts'
import type {Further} from './read-cluster.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from './source-flags.ts'

/** Where names without a namespace are looked for, as the flags say it. */
export interface NameFlags extends SourceFlags {
  readonly namespace: string | undefined
  readonly 'all-namespaces': boolean
}

/**
 * The namespace of names without one: what a flag says, of a cluster the one that kubectl would take. Undefined for any.
 *
 * @param words those of the command line that name something
 * @throws InputError when the kubeconfig cannot be read
 */
export async function namespaceOfNames(flags: NameFlags, words: readonly string[]): Promise<string | undefined> {
  if (flags.namespace !== undefined || flags['all-namespaces'] || !isLive(flags)) return flags.namespace
  if (!words.some(word => parseIpv4(word) === undefined && isWithoutNamespace(word))) return undefined
  const {currentNamespace} = await import('../kubernetes/current-namespace.ts')
  return currentNamespace(clusterFlagsOf(flags))
}

/** Services that words name, which a cluster is asked for. */
export function namedServices(words: readonly string[], namespace: string | undefined): Further['services'] {
  const found = words.flatMap(word => servicesIn(word))
  if (found.length === 0) return undefined
  const named = found.flatMap(({name, namespace: own = namespace}) => (own === undefined ? [] : [{name, namespace: own}]))
  return named.length < found.length ? 'all' : named
}
