import type {LintRule} from '../lint-rule.ts'

const NOTHING =
  'Azure NPM programs nothing of the policy, not even its default drop, and does not try again; an older version that was in force stays in force.'
const FOR_EVER =
  'Azure NPM makes the sets of the policy but never its rules, and tries again for ever; nothing of the policy is enforced.'

/** Faults for which Azure NPM refuses a whole policy. The codes are those of the compiler. */
export const refusedRules = {
  IPV6_BLOCK: {
    level: 'error',
    platform: 'all',
    title: 'An ipBlock is an IPv6 block',
    why: `Azure NPM knows IPv4 only. ${NOTHING}`,
    next: 'Take the IPv6 block out. It protects nothing here: Azure NPM never filters IPv6.',
  },
  BAD_BLOCK: {
    level: 'error',
    platform: 'all',
    title: 'An ipBlock is no IPv4 block that Azure NPM takes',
    why: `A mask of 0 bits is taken only as 0.0.0.0/0. ${NOTHING}`,
    next: 'Write the block as a.b.c.d/n; for every address write 0.0.0.0/0.',
  },
  BAD_EXCEPT: {
    level: 'error',
    platform: 'linux',
    title: 'An except is no IPv4 block that a set can hold',
    why: `It fails only when the set is written. ${FOR_EVER}`,
    next: 'Write IPv4 blocks inside the cidr, each with a mask of at least 1 bit.',
  },
  BAD_LABEL_VALUE: {
    level: 'error',
    platform: 'all',
    title: 'A value of In or NotIn is not a legal label value',
    why: `No pod or namespace can carry it. ${NOTHING}`,
    next: 'Take the value out: at most 63 letters, digits, dashes, underscores and dots, a letter or digit at both ends.',
  },
  BAD_SELECTOR: {
    level: 'error',
    platform: 'linux',
    title: 'A label expression is incomplete',
    why: `The API server refuses it too. ${NOTHING}`,
    next: 'In and NotIn need values.',
  },
  BAD_PROTOCOL: {
    level: 'error',
    platform: 'linux',
    title: 'A protocol is none of TCP, UDP and SCTP',
    why: `The API server refuses it too. ${FOR_EVER}`,
    next: 'Write TCP, UDP or SCTP.',
  },
  BAD_PORT_RANGE: {
    level: 'error',
    platform: 'all',
    title: 'A port is none, or endPort is below port',
    why: `It fails only when the rule is written. ${FOR_EVER}`,
    next: 'Write ports from 1 to 65535, and endPort not below port.',
  },
  TOO_MANY_RULES: {
    level: 'error',
    platform: 'linux',
    title: 'Peers, values and ports combine to more rules than are compiled',
    why: 'Azure NPM has no limit of its own and would write them all, on every node, for every edit of the policy.',
    next: 'Give the namespaces one common label and select by that, in place of long lists of values.',
  },
  COMMENT_TOO_LONG: {
    level: 'error',
    platform: 'linux',
    title: 'The comment of a rule has more than 1023 bytes',
    why: `Each rule spells out all its terms in a comment, and iptables-restore takes no longer word; the whole file fails. ${FOR_EVER} If it was an update, the old version is already gone.`,
    next: 'Select by fewer or shorter labels, or split the values over several peers.',
  },
} as const satisfies Record<string, LintRule>
