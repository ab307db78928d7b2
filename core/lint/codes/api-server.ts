import type {LintRule} from '../lint-rule.ts'

const REFUSED = 'The API server refuses the policy, so nothing of it is in force.'

/** What the API server refuses before Azure NPM sees it, and of what it warns. */
export const apiServerRules = {
  UNKNOWN_FIELD: {
    level: 'error',
    platform: 'all',
    title: 'A field does not exist',
    why: `${REFUSED} Without kubectl's validation it is dropped, and the rest may allow more, or less, than is meant.`,
    next: 'Look at how it is spelled and how far it is indented: kubectl explain networkpolicy.spec',
  },
  DUPLICATE_FIELD: {
    level: 'warning',
    platform: 'all',
    title: 'A field is there twice',
    why: 'kubectl takes the last one and says nothing. The API server refuses such a policy of clients that send it as it is written.',
    next: 'Make one of the two.',
  },
  WRONG_TYPE: {
    level: 'error',
    platform: 'all',
    title: 'A field holds another type than the API has there',
    why: REFUSED,
    next: 'Write what kubectl explain says: kubectl explain networkpolicy.spec --recursive',
  },
  INVALID_FIELD: {
    level: 'error',
    platform: 'all',
    title: 'A value is none that the API server takes',
    why: REFUSED,
    next: 'Correct it: kubectl apply --dry-run=server tells the same.',
  },
  STRICT_BLOCK: {
    level: 'error',
    platform: 'all',
    title: 'A block of addresses is written in a way that Kubernetes refuses since 1.36',
    why: 'API servers before 1.36 only warn. A policy that has it already may keep it.',
    next: 'Write the first address of the block, without leading zeros.',
  },
  UNUSUAL_BLOCK: {
    level: 'warning',
    platform: 'all',
    title: 'An IPv6 block is not written in its usual form',
    why: 'The API server warns of it.',
    next: 'Write it as RFC 5952 says: small letters, no leading zeros, :: for the longest run of zeros.',
  },
} as const satisfies Record<string, LintRule>
