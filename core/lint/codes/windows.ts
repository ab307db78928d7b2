import type {LintRule} from '../lint-rule.ts'

const NOTHING =
  'Azure NPM on Windows refuses the whole policy and does not try again: nothing of it is enforced, and an older version that was in force stays.'

/** What Azure NPM on Windows refuses, or does differently from Linux. */
export const windowsRules = {
  WINDOWS_NAMED_PORT: {
    level: 'error',
    platform: 'windows',
    title: 'A port is given by name',
    why: `Windows nodes have no sets of named ports. ${NOTHING}`,
    next: 'Write the number of the port.',
  },
  WINDOWS_SCTP: {
    level: 'error',
    platform: 'windows',
    title: 'A port is of SCTP',
    why: `Azure NPM does not translate SCTP on Windows. ${NOTHING}`,
    next: 'Put the SCTP ports into a policy of their own that selects Linux pods only.',
  },
  WINDOWS_NEGATED_PODS: {
    level: 'error',
    platform: 'windows',
    title: 'A selector of pods has NotIn or DoesNotExist',
    why: `Windows rules cannot say "not in this set". ${NOTHING}`,
    next: 'Give the pods that are meant a label, and select by that.',
  },
  WINDOWS_EXCEPT: {
    level: 'error',
    platform: 'windows',
    title: 'An ipBlock has except',
    why: `Windows sets know no exceptions. ${NOTHING} (NPM Lite on Windows ignores the except and allows its addresses.)`,
    next: 'Write the blocks that remain without the excepted part.',
  },
  WINDOWS_NEGATED_NAMESPACES: {
    level: 'error',
    platform: 'windows',
    title: 'A selector of namespaces in ingress has NotIn or DoesNotExist',
    why: 'The policy fails on each Windows node that runs a pod of it, and is tried again for ever; newer releases refuse it at once. Nothing of it is enforced.',
    next: 'Give the namespaces that are meant a label, and select by that.',
  },
  WINDOWS_INVERTED_NAMESPACES: {
    level: 'error',
    platform: 'windows',
    title: 'A selector of namespaces in egress has NotIn or DoesNotExist',
    why: 'It is programmed as if it were positive: the excluded namespaces become the allowed ones, without any error. Releases with the correction of September 2026 refuse the policy instead.',
    next: 'Give the namespaces that are meant a label, and select by that.',
  },
  WINDOWS_WIDE_RANGE: {
    level: 'warning',
    platform: 'windows',
    title: 'A range of ports has more than 4,000 of them',
    why: 'Azure NPM writes each port of a range into the rule: all 65,535 are 380 kB of text for every pod of the policy.',
    next: 'Leave the ports out to allow the whole protocol, or name the ports that are needed.',
  },
  WINDOWS_ACL_ID: {
    level: 'info',
    platform: 'windows',
    title: 'Two policies have rules of one id',
    why: 'The id of a rule is azure-acl-NAMESPACE-NAME. With dashes in the names two policies may have the same, and a tool that looks at the node cannot tell them apart.',
    next: 'Rename one of the policies.',
  },
} as const satisfies Record<string, LintRule>
