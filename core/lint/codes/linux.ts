import type {LintRule} from '../lint-rule.ts'

/** Codes for Linux nodes besides refusals: names, comments, cost, NPM Lite. */
export const linuxRules = {
  COMMENT_CUT: {
    level: 'info',
    platform: 'linux',
    title: 'The comment of a rule has more than 255 bytes',
    why: 'iptables keeps 255 bytes of it. The rule works, but a dump of the node names its sets only in part.',
    next: 'Give cluster objects beside a dump when you read one, or select by fewer labels.',
  },
  CHAIN_COLLISION: {
    level: 'error',
    platform: 'linux',
    title: 'Two policies have one chain',
    why: 'Azure NPM up to v1.6.45, all of v1.7 and v1.8 up to v1.8.11 name chains by a hash of 32 bits. A deny can become an allow, and deleting one policy changes the other.',
    next: 'Rename one of the policies, or move to v1.6.46 or v1.8.12.',
  },
  SET_COLLISION: {
    level: 'error',
    platform: 'all',
    title: 'Two sets have one hash',
    why: 'Azure NPM up to v1.6.45, all of v1.7 and v1.8 up to v1.8.11 name sets by a hash of 32 bits. Members of one set count as members of the other: who may choose labels may get in.',
    next: 'Rename one of the labels, namespaces or policies, or move to v1.6.46 or v1.8.12.',
  },
  OPEN_RULE_IGNORED: {
    level: 'error',
    platform: 'all',
    title: 'A rule that allows everything is not looked at',
    why: 'Azure NPM before v1.5.17 leaves out a rule without peers and ports that stands beside others: only what these allow passes. Told with --release.',
    next: 'Leave out the other rules, which add nothing, or move to v1.5.17.',
  },
  COST: {
    level: 'info',
    platform: 'linux',
    title: 'What the policy costs on each node',
    why: 'Every node holds them, whether it runs pods of the policy or not.',
    next: 'Nothing to do.',
  },
  MANY_RULES: {
    level: 'warning',
    platform: 'linux',
    title: 'The policy makes more than 2,000 rules',
    why: 'Each edit removes all of them and writes them anew on every node, and in between nothing of the policy is enforced. New connections walk the rules one by one.',
    next: 'Use one common label in place of lists, and port ranges in place of single ports; or split the policy.',
  },
  RULES_MULTIPLY: {
    level: 'warning',
    platform: 'linux',
    title: 'One rule of the policy becomes more than 100 iptables rules',
    why: 'Peers, ports and each value of an In list of namespaces multiply: every combination is a rule of its own.',
    next: 'Give the namespaces one common label and select by that; join neighbouring ports to a range with endPort.',
  },
  SET_FULL: {
    level: 'warning',
    platform: 'linux',
    title: 'A set would have more than 65,536 members',
    why: 'A set of pods holds no more ("Hash is full, cannot add more elements"): the pods beyond are not in it.',
    next: 'Select by a label that fewer pods carry.',
  },
  MANY_BLOCKS: {
    level: 'warning',
    platform: 'linux',
    title: 'The policy has more than 4 ipBlocks or excepts',
    why: 'A file of sets gets five tries, and each failing line costs one. In releases before v1.5.34 an edit of excepts, and before v1.5.36 an edit or delete of many ipBlocks, could stop Azure NPM from changing anything on a node.',
    next: 'Split it into policies of 4 or fewer blocks, or see that all nodes run v1.5.37 or later; do not edit excepts in place before.',
  },
  LITE_PEER: {
    level: 'info',
    platform: 'all',
    title: 'NPM Lite would refuse the policy for a peer',
    why: 'NPM Lite knows no peers but ipBlock, and programs nothing of a policy that has others.',
    next: 'Matters only where NPM Lite runs: use ipBlock peers there.',
  },
  LITE_NAMED_PORT: {
    level: 'info',
    platform: 'all',
    title: 'NPM Lite would refuse the policy for a named port',
    why: 'NPM Lite knows no named ports, and programs nothing of a policy that has one.',
    next: 'Matters only where NPM Lite runs: write the number there.',
  },
  LITE_BLOCK_OPEN: {
    level: 'info',
    platform: 'linux',
    title: 'Some releases of NPM Lite would allow every address in place of an ipBlock',
    why: 'v1.6.36 to v1.6.48, v1.7.11 to v1.7.17 and v1.8.0 to v1.8.11 leave the block out of the rule on Linux, and a rule without a block allows any peer.',
    next: 'Matters only where NPM Lite runs: move to v1.8.12.',
  },
} as const satisfies Record<string, LintRule>
