import type {Direction} from '../../names/kernel-name.ts'

/**
 * The chains that Azure NPM has in the filter table, and those of others that it looks at. Names of policies' own chains are
 * in policy-chain.ts. Source: sections 4 and 8.2 of NPM's data plane.
 */

/** The kernel's chain for packets that the node passes on, where Azure NPM's jump stands. */
export const FORWARD_CHAIN = 'FORWARD'
/** kube-proxy's chain; the jump stands behind the one to it, unless Azure NPM is told to come first. */
export const SERVICES_CHAIN = 'KUBE-SERVICES'

/** Where packets enter; the prefix of all other names. */
export const NPM_CHAIN = 'AZURE-NPM'
/** Accepts a packet that both directions let pass. */
export const ACCEPT_CHAIN = 'AZURE-NPM-ACCEPT'
/** The chain of each direction. In v2 the jumps to policies' chains stand in it. */
export const directionChains: Readonly<Record<Direction, string>> = {Ingress: 'AZURE-NPM-INGRESS', Egress: 'AZURE-NPM-EGRESS'}

/** v2: marks a packet that an ingress policy allows, and goes on to egress. */
export const INGRESS_ALLOW_CHAIN = 'AZURE-NPM-INGRESS-ALLOW-MARK'

/** v1: the chains that hold rules of policies: those about ports or any peer, those about peers alone, and the drops. */
export const v1RuleChains: Readonly<Record<Direction, {readonly ports: string; readonly peers: string; readonly drops: string}>> =
  {
    Ingress: {ports: 'AZURE-NPM-INGRESS-PORT', peers: 'AZURE-NPM-INGRESS-FROM', drops: 'AZURE-NPM-INGRESS-DROPS'},
    Egress: {ports: 'AZURE-NPM-EGRESS-PORT', peers: 'AZURE-NPM-EGRESS-TO', drops: 'AZURE-NPM-EGRESS-DROPS'},
  }

/** Of the oldest releases of v1, whose rules are not known here. */
const TARGET_SETS_CHAIN = 'AZURE-NPM-TARGET-SETS'

/** Every chain of Azure NPM, of either generation, that is no policy's own. */
export const npmBaseChains: readonly string[] = [
  NPM_CHAIN,
  ACCEPT_CHAIN,
  INGRESS_ALLOW_CHAIN,
  ...Object.values(directionChains),
  ...Object.values(v1RuleChains).flatMap(chains => Object.values(chains)),
  TARGET_SETS_CHAIN,
]

/** Whether a chain is Azure NPM's, a policy's own among them. */
export const isNpmChain = (chain: string): boolean => chain === NPM_CHAIN || chain.startsWith(`${NPM_CHAIN}-`)

/** The chains of a direction of v2: the one with the jumps and those of policies, of which upper case letters tell v1's apart. */
const V2_RULE_CHAIN = new RegExp(`^(?:${Object.values(directionChains).join('|')})(?:-[0-9a-z]+)?$`)

/** Whether rules and jumps of v2's policies may stand in a chain; v1 has two of the names for chains without any. */
export const isV2RuleChain = (chain: string): boolean => V2_RULE_CHAIN.test(chain)
