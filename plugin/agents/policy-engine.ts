import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {metadataListShape, readAnswer} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {METADATA_LIST} from '../kubernetes/metadata-list.ts'

/** What enforces the NetworkPolicies of a cluster, as far as it can be told. */
export interface PolicyEngine {
  /** Names of the engines that are recognised; empty when none is, undefined when the person may not look. */
  readonly names: readonly string[] | undefined
}

const AZURE_NPM = 'Azure NPM'

/** By the DaemonSets that they run as. */
const ENGINES: readonly (readonly [RegExp, string])[] = [
  [/^azure-npm(?:-win)?$/, AZURE_NPM],
  [/^cilium$/, 'Cilium'],
  [/^(?:calico-node|canal)(?:-windows)?$/, 'Calico'],
  [/^antrea-agent$/, 'Antrea'],
  [/^kube-router$/, 'kube-router'],
  [/^weave-net$/, 'Weave Net'],
]
const DAEMON_SETS = '/apis/apps/v1/namespaces/kube-system/daemonsets'
const SEE = 'See them with: kubectl get daemonsets -n kube-system'

/**
 * Finds out which engines run. Without the right to list DaemonSets in kube-system nothing is known, and everything else
 * works.
 *
 * @throws InputError when the API server cannot be reached or does not know the person
 */
export async function readPolicyEngine(api: ClusterApi, signal: AbortSignal): Promise<PolicyEngine> {
  const {status, body} = await api.request('GET', DAEMON_SETS, {signal, accept: METADATA_LIST})
  if (status !== 200) return {names: undefined}
  const {items: sets} = readAnswer(`GET ${DAEMON_SETS}`, body, metadataListShape)
  const found = sets.map(({metadata: {name, labels}}) => (labels?.['k8s-app'] === 'azure-npm' ? 'azure-npm' : name))
  return {names: ENGINES.flatMap(([pattern, engine]) => (found.some(name => pattern.test(name)) ? [engine] : []))}
}

/** How others do it, and what that leaves of iptables. */
const MEANINGS: Readonly<Record<string, string>> = {
  Cilium: 'Cilium does it in eBPF programs, of which iptables and ipsets say nothing: see hubble observe.',
  Calico: 'Calico does it in chains and sets of its own, cali-…: see calicoctl.',
}

/**
 * Refuses a cluster that is known to have another engine and not Azure NPM: what its nodes hold could only mislead.
 *
 * @throws InputError
 */
export function requireNpm({names}: PolicyEngine): void {
  if (names === undefined || names.length === 0 || names.includes(AZURE_NPM)) return
  const meanings = names.flatMap(name => MEANINGS[name] ?? [])
  throw new InputError(
    `this cluster does not run Azure NPM: ${names.join(' and ')} enforces its NetworkPolicies`,
    [...meanings, `${SEE}. What an earlier Azure NPM left on a node can be read there with --local, or from a dump.`].join(' '),
  )
}

/** What the engines mean for answers that are given all the same. */
export function engineProblems({names}: PolicyEngine): Problem[] {
  if (names === undefined) return []
  if (names.length === 0)
    return [
      {
        code: 'NPM_ABSENT',
        message:
          'no DaemonSet azure-npm runs in kube-system: what is programmed on the nodes may be left over, and changes no more',
        next: SEE,
      },
    ]
  const others = names.filter(name => name !== AZURE_NPM).join(' and ')
  if (others === '') return []
  return [
    {
      code: 'OTHER_ENGINE',
      message: `${others} runs beside Azure NPM: a packet that Azure NPM's rules let through may be dropped all the same`,
      next: SEE,
    },
  ]
}
