import type {LintRule} from '../lint-rule.ts'

/** Policies that are programmed as written, but probably not as intended. */
export const riskRules = {
  DUPLICATE_POLICY: {
    level: 'warning',
    platform: 'all',
    title: 'The policy is given more than once, and not the same',
    why: 'Applied one after the other, the last one replaces the others. Only the last one is looked at here.',
    next: 'Remove the others, or give them names of their own.',
  },
  NO_NAMESPACE: {
    level: 'warning',
    platform: 'all',
    title: 'The namespace of the policy is not in the cluster',
    why: 'The API server takes no object of a namespace that it does not have.',
    next: 'Create the namespace, or correct metadata.namespace.',
  },
  SELECTS_NO_POD: {
    level: 'warning',
    platform: 'all',
    title: 'The policy selects no pod of the cluster',
    why: 'Its rules are on every node and never used; what it should protect is open.',
    next: "Compare spec.podSelector with the labels of the pods: kubectl get pods --show-labels in the policy's namespace.",
  },
  SELECTS_HOST_NETWORK: {
    level: 'warning',
    platform: 'all',
    title: 'The policy selects pods that it does not apply to',
    why: "Pods of the host network have their node's address, and Azure NPM leaves them out.",
    next: 'Protect them with a firewall of the node, or take hostNetwork away.',
  },
  PEER_SELECTS_NOTHING: {
    level: 'info',
    platform: 'all',
    title: 'A peer selects no pod of the cluster',
    why: 'Its rules match no packet for now.',
    next: 'Compare the selector with the labels of namespaces and pods, unless the pods come later.',
  },
  BLOCK_HOLDS_PODS: {
    level: 'warning',
    platform: 'all',
    title: 'An ipBlock holds addresses of pods',
    why: 'Azure NPM lets those pods through, whatever their labels; addresses of pods change, and other pods get them.',
    next: 'Select pods by labels; or take their addresses out of the block.',
  },
  BLOCK_HOLDS_NODES: {
    level: 'info',
    platform: 'all',
    title: 'An ipBlock holds addresses of nodes',
    why: 'Pods of the host network and clients behind a node have its address, and get what the block gets.',
    next: 'Take the addresses of the nodes out of the block if only clients outside are meant.',
  },
  NO_DNS: {
    level: 'warning',
    platform: 'all',
    title: 'No policy lets the pods ask DNS',
    why: 'Azure NPM has no exception for DNS: with egress limited and port 53 not allowed, names are not resolved.',
    next: 'Allow egress to the DNS pods, ports 53/UDP and 53/TCP at the pods themselves.',
  },
  RULES_NOT_IN_TYPES: {
    level: 'warning',
    platform: 'all',
    title: 'The policy has rules of a direction that policyTypes leaves out',
    why: 'They have no effect: traffic of that direction is not limited by this policy.',
    next: 'Add the direction to policyTypes, or remove the rules.',
  },
  RULES_WITHOUT_EFFECT: {
    level: 'warning',
    platform: 'all',
    title: 'An empty rule allows everything, and other rules stand beside it',
    why: 'The empty rule allows all traffic of the direction, so the others change nothing. Azure NPM before v1.5.17 ignored the empty rule instead.',
    next: 'Remove the empty rule, or the others.',
  },
  ALL_NAMESPACES_LABEL: {
    level: 'warning',
    platform: 'all',
    title: 'A label of namespaces has the key all-namespaces',
    why: 'Azure NPM keeps the list of all namespaces under that very name: selecting by the key selects every namespace, and taking the label off a namespace takes it out of "all namespaces".',
    next: 'Use another label key.',
  },
} as const satisfies Record<string, LintRule>

/** What changes when Cilium enforces the policy instead of Azure NPM. */
export const ciliumRules = {
  CILIUM_IP_BLOCK: {
    level: 'info',
    platform: 'cilium',
    title: 'An ipBlock of egress reaches pods or nodes',
    why: 'With Azure NPM an ipBlock holds any address. With Cilium it never selects pods or nodes: what is allowed today will be dropped.',
    next: 'Add peers with podSelector or namespaceSelector for the pods before the move, and a rule of Cilium for nodes.',
  },
  CILIUM_NAMED_PORT: {
    level: 'info',
    platform: 'cilium',
    title: 'A named port has several numbers',
    why: "Azure NPM takes each pod's own number. Cilium may block a name that stands for several (cilium/cilium#30003).",
    next: 'Write the numbers, or give all pods the same one before the move.',
  },
  CILIUM_OWN_NODE: {
    level: 'info',
    platform: 'cilium',
    title: 'Egress to the own node is not limited by Azure NPM',
    why: "Packets from a pod to its own node never meet Azure NPM's rules. Cilium blocks them unless they are allowed.",
    next: 'Find what the pods use on their node (node-local DNS, agents), and allow it with a rule of Cilium before the move.',
  },
  CILIUM_END_PORT: {
    level: 'info',
    platform: 'cilium',
    title: 'A range of ports needs Cilium 1.17 or later',
    why: 'Azure NPM takes endPort. Cilium does from 1.17 on.',
    next: 'Check the version before the move.',
  },
} as const satisfies Record<string, LintRule>
