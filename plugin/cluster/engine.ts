import {InputError} from '../../core/input-error.ts'
import type {ClusterApi} from './api.ts'

/** What enforces the NetworkPolicies of a cluster, as far as it can be told. */
export interface Engine {
  /** Names of the engines that are recognised; empty when none is, undefined when the person may not look. */
  readonly names: readonly string[] | undefined
  /** What that means for an answer, in sentences. */
  readonly notes: readonly string[]
}

const AZURE_NPM = 'Azure NPM'
/** By the DaemonSets that they run as in kube-system. */
const ENGINES: readonly (readonly [RegExp, string])[] = [
  [/^azure-npm/, AZURE_NPM],
  [/^cilium$/, 'Cilium'],
  [/^(?:calico-node|canal)$/, 'Calico'],
]
const PATH = '/apis/apps/v1/namespaces/kube-system/daemonsets'
const SEE = 'See them with: kubectl get daemonsets -n kube-system'

/** Looks at what runs in kube-system: rules of Azure NPM tell nothing on a cluster that another engine enforces. */
export async function readEngine(api: ClusterApi, signal: AbortSignal): Promise<Engine> {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const {status, body} = await api.request('GET', PATH, {signal, accept})
  // Without the right the verbs work; they only cannot say this.
  if (status !== 200) return {names: undefined, notes: []}
  const found = (JSON.parse(body) as {items: {metadata: {name: string}}[]}).items.map(({metadata}) => metadata.name)
  const names = ENGINES.flatMap(([pattern, engine]) => (found.some(name => pattern.test(name)) ? [engine] : []))
  return {names, notes: notesOf(names, found)}
}

function notesOf(names: readonly string[], found: readonly string[]): string[] {
  const others = names.filter(name => name !== AZURE_NPM).join(' and ')
  if (!names.includes(AZURE_NPM))
    return others === '' ? ['Azure NPM does not run in kube-system: what its rules say may be left over from before'] : []
  const notes = others === '' ? [] : [`${others} runs beside Azure NPM: packets may be judged by either`]
  // Azure CNI's overlay gives pods addresses that other nodes see; kubenet's go through a bridge.
  if (!found.includes('azure-cns') && found.includes('kubenet'))
    notes.push('the cluster uses kubenet: packets between pods of one node may not cross FORWARD')
  return notes
}

/** @throws InputError when it is known that another engine enforces the policies, and Azure NPM does not run */
export function demandNpm({names}: Engine): void {
  if (names === undefined || names.length === 0 || names.includes(AZURE_NPM)) return
  throw new InputError(
    `this cluster does not run Azure NPM: ${names.join(' and ')} enforces its policies${names.includes('Cilium') ? ' with eBPF, of which iptables tell nothing' : ''}`,
    `${SEE}\n  What is left on a node can be read all the same: on the node with --local, or from a dump with --from.`,
  )
}
