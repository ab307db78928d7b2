import type {DeviationCode} from '../../policy/deviations.ts'
import type {LintRule} from '../lint-rule.ts'

/** Where Azure NPM programs something other than the NetworkPolicy API specifies. */
export const deviationRules = {
  NAMESPACE_NOT_IN: {
    level: 'error',
    platform: 'linux',
    title: 'A selector of namespaces has NotIn with several values',
    why: 'Azure NPM makes one allowing rule for each value, so every namespace that lacks one of them gets in, also those that carry another: the exclusion excludes nobody.',
    next: 'Give the namespaces that are meant a label, and select by that; or exclude one value only.',
  },
  NEGATIVE_ONLY: {
    level: 'error',
    platform: 'linux',
    title: 'A selector of namespaces only excludes',
    why: 'A rule with excluded sets alone matches every other address too: the internet, nodes, pods of the host network.',
    next: 'Add something positive to the selector, for example that the key kubernetes.io/metadata.name exists.',
  },
  BLOCK_OF_EXCEPT: {
    level: 'warning',
    platform: 'linux',
    title: 'An except covers its whole block',
    why: 'Nothing of the block should be left. A set keeps the block beside a wider exception, and of two equal ones it keeps either, as chance has it: addresses that should be out may be in.',
    next: 'Remove the peer, or write an except that is smaller than the block.',
  },
  TERMINATING_NAMESPACE: {
    level: 'info',
    platform: 'linux',
    title: 'A namespace that is selected by its labels is being deleted',
    why: 'Azure NPM takes a namespace out of all its lists when its deletion starts, though its pods may still run and should still be let through.',
    next: 'Nothing to do, unless the deletion hangs.',
  },
  SIDECAR_PORT: {
    level: 'error',
    platform: 'linux',
    title: 'A named port is declared by a sidecar',
    why: 'Kubernetes counts the ports of init containers that are always restarted. Azure NPM reads the ports of spec.containers alone, so the set of the port lacks such a pod, and what the policy allows to it is dropped.',
    next: 'Write the number of the port.',
  },
  IPV6_POD: {
    level: 'error',
    platform: 'linux',
    title: 'The policy selects a pod whose first address is IPv6',
    why: 'Azure NPM reads the first address of a pod (status.podIP) only, and knows IPv4 alone. The pod is in none of its sets: no policy holds for it, and no peer stands for it.',
    next: 'Let the cluster give IPv4 addresses first, or take the pods out of the reach of policies by other means.',
  },
} as const satisfies Record<string, LintRule>

/** Deviation of the compiler → lint code. A deviation that is a refusal has the code of the refusal. */
export const codeOfDeviation = {
  NAMESPACE_NOT_IN: 'NAMESPACE_NOT_IN',
  NEGATIVE_ONLY: 'NEGATIVE_ONLY',
  IPV6_BLOCK: 'IPV6_BLOCK',
  IPV6_EXCEPT: 'BAD_EXCEPT',
  WHOLE_RANGE: 'BAD_BLOCK',
  BLOCK_OF_EXCEPT: 'BLOCK_OF_EXCEPT',
  BAD_LABEL_VALUE: 'BAD_LABEL_VALUE',
  LONG_COMMENT: 'COMMENT_TOO_LONG',
  TERMINATING_NAMESPACE: 'TERMINATING_NAMESPACE',
  ALL_NAMESPACES_LABEL: 'ALL_NAMESPACES_LABEL',
  SIDECAR_PORT: 'SIDECAR_PORT',
  IPV6_POD: 'IPV6_POD',
  SHARED_SET: 'SET_COLLISION',
  SHARED_CHAIN: 'CHAIN_COLLISION',
  INVERTED_NAMESPACES: 'WINDOWS_INVERTED_NAMESPACES',
} as const satisfies Record<DeviationCode, string>
