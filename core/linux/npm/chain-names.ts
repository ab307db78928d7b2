import type {Direction} from '../../names/kernel-name.ts'

/**
 * The names of Azure NPM's chains in the filter table, and of other programs' chains that it depends on. The names of
 * policies' own chains are in policy-chain.ts. Source: sections 4 and 8.2 of NPM's data plane.
 */

/** The built-in chain for packets that the node forwards. It holds Azure NPM's jump. */
export const FORWARD_CHAIN = 'FORWARD'
/** kube-proxy's chain. Azure NPM's jump follows the jump to it, unless PlaceAzureChainFirst is set. */
export const SERVICES_CHAIN = 'KUBE-SERVICES'

/** The entry chain. Its name is the prefix of all other names. */
export const NPM_CHAIN = 'AZURE-NPM'
/** Accepts a packet that both directions allow. */
export const ACCEPT_CHAIN = 'AZURE-NPM-ACCEPT'
/** The chain of each direction. In v2 it holds the jumps to policies' chains. */
export const directionChains: Readonly<Record<Direction, string>> = {Ingress: 'AZURE-NPM-INGRESS', Egress: 'AZURE-NPM-EGRESS'}

/** v2: marks a packet that an ingress policy allows, and jumps to the egress chain. */
export const INGRESS_ALLOW_CHAIN = 'AZURE-NPM-INGRESS-ALLOW-MARK'

/** v1: the chains for rules of policies. `ports` has rules with ports or for any peer, `peers` rules with peers only. */
export const v1RuleChains: Readonly<Record<Direction, {readonly ports: string; readonly peers: string; readonly drops: string}>> =
  {
    Ingress: {ports: 'AZURE-NPM-INGRESS-PORT', peers: 'AZURE-NPM-INGRESS-FROM', drops: 'AZURE-NPM-INGRESS-DROPS'},
    Egress: {ports: 'AZURE-NPM-EGRESS-PORT', peers: 'AZURE-NPM-EGRESS-TO', drops: 'AZURE-NPM-EGRESS-DROPS'},
  }

/** A chain of the oldest v1 releases. Their rules are not modelled. */
const TARGET_SETS_CHAIN = 'AZURE-NPM-TARGET-SETS'

/** All chains of Azure NPM, of both generations, except policies' own. */
export const npmBaseChains: readonly string[] = [
  NPM_CHAIN,
  ACCEPT_CHAIN,
  INGRESS_ALLOW_CHAIN,
  ...Object.values(directionChains),
  ...Object.values(v1RuleChains).flatMap(chains => Object.values(chains)),
  TARGET_SETS_CHAIN,
]

/** Whether a chain shows a node of Kubernetes: one of Azure NPM, or of kubelet and kube-proxy. */
export const isKubernetesChain = (chain: string): boolean => isNpmChain(chain) || isKubeletChain(chain)

/** The prefix of all chains of kubelet and kube-proxy. */
const KUBERNETES_PREFIX = 'KUBE-'
/**
 * Chains that kube-proxy and kubelet make in mangle, then in nat, then in filter, and look for: when one is gone, somebody has flushed
 * the table. Source: `Monitor` in pkg/util/iptables of Kubernetes.
 */
export const PROXY_CANARY = 'KUBE-PROXY-CANARY'
export const KUBELET_CANARY = 'KUBE-KUBELET-CANARY'
/** kube-proxy's chain of the filter table for load balancers. It is written together with the nat table. */
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL'

/** Whether a chain is one of kubelet or kube-proxy, which run on every node of Kubernetes. */
export const isKubeletChain = (chain: string): boolean => chain.startsWith(KUBERNETES_PREFIX)

/** Whether a chain belongs to Azure NPM. Policies' own chains do. */
export const isNpmChain = (chain: string): boolean => chain === NPM_CHAIN || chain.startsWith(`${NPM_CHAIN}-`)

/** v2's chains of a direction: the one with the jumps, and policies' own. The suffixes of v1's chains are in upper case. */
const V2_RULE_CHAIN = new RegExp(`^(?:${Object.values(directionChains).join('|')})(?:-[0-9a-z]+)?$`)

/** Whether a chain may hold rules or jumps of v2's policies. v1 uses two of these names for chains without such rules. */
export const isV2RuleChain = (chain: string): boolean => V2_RULE_CHAIN.test(chain)
