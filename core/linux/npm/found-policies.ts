import type {Direction} from '../../names/kernel-name.ts'
import type {Problem} from '../../problem/problem.ts'
import type {Rule} from '../iptables/model.ts'
import type {NpmChains} from './chains.ts'
import {policyChain, policyFitsChain} from './policy-chain.ts'
import type {PolicyJump} from './policy-jumps.ts'

/** One policy in one direction, found on a node but not yet translated. */
export interface FoundPolicy {
  /** `namespace/name`, or `unknown`. */
  readonly policy: string
  readonly direction: Direction
  readonly chain: string
  /** Absent if no jump leads to the chain. */
  readonly jump?: Rule
}

/**
 * Finds the policies that NPM v2 programmed: one for each jump, and one for each chain with rules that no jump leads to.
 *
 * @param known policies of the cluster objects, `namespace/name`. Their hashes name chains whose jumps have no comment.
 * @returns policies by name; `staleChains` are empty chains that no jump leads to; `unresolved` are chains without a name
 */
export function findPolicies(
  chains: NpmChains,
  jumps: readonly PolicyJump[],
  known: readonly string[],
): {policies: FoundPolicy[]; staleChains: string[]; unresolved: string[]; problems: Problem[]} {
  const byHash = (chain: string): string | undefined => {
    const shape = policyChain(chain)
    return shape && known.find(policy => policyFitsChain(policy, {name: chain, ...shape}))
  }
  const policies = new Map<string, FoundPolicy>()
  for (const {rule, chain, direction, policy = byHash(chain) ?? 'unknown'} of jumps) {
    const key = `${chain} ${policy} ${policy === 'unknown' ? rule.position : ''}`
    // Azure NPM may leave a second, equal jump when it adds a policy again. Packets reach the first one.
    if (!policies.has(key)) policies.set(key, {policy, direction, chain, jump: rule})
  }
  const reached = new Set(jumps.map(({chain}) => chain))
  const unreached = chains.policyChains.filter(chain => !reached.has(chain))
  for (const chain of unreached.filter(chain => !chains.isEmpty(chain))) {
    const direction = policyChain(chain)?.direction ?? 'Ingress'
    policies.set(chain, {policy: byHash(chain) ?? 'unknown', direction, chain})
  }
  const ranked = [...policies.values()].map(policy => ({policy, rank: rank(policy)}))
  const all = ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).map(({policy}) => policy)
  return {
    policies: all,
    staleChains: chains.isComplete ? unreached.filter(chain => chains.isEmpty(chain)) : [],
    unresolved: [...new Set(all.flatMap(({policy, chain}) => (policy === 'unknown' ? [chain] : [])))],
    problems: collisions(all, chains.table?.file),
  }
}

const rank = ({policy, direction, chain}: FoundPolicy): string =>
  `${policy === 'unknown' ? '\uffff' : policy} ${direction === 'Ingress' ? 0 : 1} ${chain}`

function collisions(policies: readonly FoundPolicy[], file: string | undefined): Problem[] {
  const byChain = new Map<string, Set<string>>()
  for (const {chain, policy} of policies) byChain.set(chain, (byChain.get(chain) ?? new Set()).add(policy))
  return [...byChain].flatMap(([chain, names]) =>
    names.size < 2
      ? []
      : [
          {
            code: 'CHAIN_COLLISION' as const,
            ...(file !== undefined && {file}),
            message: `policies ${[...names].join(' and ')} share chain ${chain}: the rules of one apply to the pods of the other, and some may be lost`,
            next: 'Rename one of the policies, or upgrade to an Azure NPM with SHA-256 names.',
          },
        ],
  )
}
