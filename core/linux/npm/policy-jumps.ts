import type {Direction} from '../../names/kernel-name.ts'
import type {Problem} from '../../problem/problem.ts'
import {shownLine} from '../../text/lines.ts'
import type {Rule} from '../iptables/model.ts'
import {directionChains} from './chain-names.ts'
import type {NpmChains} from './chains.ts'
import {parseJumpComment} from './parse-comment.ts'
import {policyChain, policyFitsChain} from './policy-chain.ts'

/** A jump that sends packets of a policy's pods to the policy's chain (NPM v2). */
export interface PolicyJump {
  readonly rule: Rule
  readonly chain: string
  readonly direction: Direction
  /** `namespace/name` from the comment, if it hashes to the chain. */
  readonly policy?: string
}

/** Reads the v2 jumps to policy chains. A policy name that does not hash to the chain is a problem, and is not used. */
export function readJumps(chains: NpmChains): {jumps: PolicyJump[]; problems: Problem[]} {
  const jumps: PolicyJump[] = []
  const problems: Problem[] = []
  for (const direction of ['Ingress', 'Egress'] as const)
    for (const rule of chains.rules(directionChains[direction])) {
      const {target} = rule
      // A target chain that the save does not declare is parsed as an extension.
      const chain = target?.kind === 'jump' ? target.chain : target?.kind === 'extension' ? target.name : undefined
      const shape = chain === undefined ? undefined : policyChain(chain)
      if (chain === undefined || shape?.direction !== direction) continue
      const comment = rule.matches.find(match => match.kind === 'comment')?.text
      const policy = comment === undefined ? undefined : parseJumpComment(comment)?.policy
      const isTrue = policy !== undefined && policyFitsChain(policy, {name: chain, ...shape})
      jumps.push({rule, chain, direction, ...(isTrue && {policy})})
      if (policy !== undefined && !isTrue)
        problems.push({
          code: 'NAME_MISMATCH',
          ...(chains.table?.file !== undefined && {file: chains.table.file}),
          line: rule.line,
          text: shownLine(rule.source),
          message: `a rule's comment says that chain ${chain} belongs to policy ${policy}, but that name does not hash to it`,
          next: 'The name is not used. If somebody edited the rule by hand, Azure NPM will not repair it; compare it with the policies.',
        })
      if (!chains.has(chain))
        problems.push({
          code: 'MISSING_CHAIN',
          ...(chains.table?.file !== undefined && {file: chains.table.file}),
          line: rule.line,
          text: shownLine(rule.source),
          message: `a jump leads to chain ${chain}, which the save does not hold`,
          next: 'The save is incomplete: a kernel refuses such a jump. Take it again with iptables-save -c.',
        })
    }
  return {jumps, problems}
}
