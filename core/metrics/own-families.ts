import type {FamilyFacts} from './npm-families.ts'

/** Facts of a metric of our own: a gauge that counts, unless said otherwise. */
export const own = (
  name: string,
  meaning: string,
  absence: string,
  {type = 'gauge', labels = [], unit = 'count', source = 'own'}: Partial<FamilyFacts> = {},
): FamilyFacts => ({name, type, labels, unit, meaning, source, absence})

const NOT_COMPARED = 'when Pods, Namespaces or NetworkPolicies are not all given, and with --no-compare'
const NO_COUNTERS = 'where the rules were saved without counters, and for chains whose policy is not known'
const VERDICTS = ['policy', 'direction', 'verdict']

/** Metrics that Azure NPM does not have. Label values come from short lists, but for `policy`: two directions and two verdicts each. */
export const ownFamilies = {
  active: own(
    'npm_agent_enforcement_active',
    "Whether new forwarded packets come to Azure NPM's rules",
    'when the rules do not tell',
    {unit: '0 or 1', source: 'kernel'},
  ),
  clean: own(
    'npm_agent_clean',
    'Whether all was compared and the node is as its policies ask for; 0 also when not all could be compared',
    NOT_COMPARED,
    {unit: '0 or 1'},
  ),
  differences: own(
    'npm_agent_differences',
    'Differences between what the policies ask for and the node, by what they do to packets; at least so many where parts are incomplete',
    `${NOT_COMPARED}; zeros where parts are incomplete`,
    {labels: ['kind', 'effect']},
  ),
  causes: own(
    'npm_agent_causes',
    'Things that are wrong with the node, each counted once; at least so many where parts are incomplete',
    `${NOT_COMPARED}; zeros where parts are incomplete`,
    {labels: ['kind']},
  ),
  unresolved: own(
    'npm_agent_unresolved_names',
    'Hashed names of sets and policy chains that nothing explains',
    'when neither rules nor sets are given',
  ),
  collisions: own('npm_agent_colliding_names', 'Hashes that several names share', 'when neither rules nor sets are given', {
    labels: ['kind'],
  }),
  leaks: own(
    'npm_agent_leaked_set_references',
    "References to sets that the kernel counts and that no rule of Azure NPM and no list has: leaked, or of other programs' rules. Such a set cannot be deleted",
    'without ipset list, which has the counts; when rules and lists are not whole or not of NPM v2 alone',
  ),
  fill: own(
    'npm_agent_ipset_fill_ratio',
    'Members of the fullest IP set of Azure NPM, of as many as it can have (maxelem); lists have no limit',
    'when members are not known, and without a set that has a limit',
    {unit: 'ratio', source: 'kernel'},
  ),
  staleChains: own(
    'npm_agent_stale_chains',
    'Empty policy chains without a jump, left by deleted policies',
    'when no rules are given',
    {
      source: 'kernel',
    },
  ),
  incomplete: own('npm_agent_incomplete_parts', 'Parts of the input that are not whole', 'never'),
  packets: own(
    'npm_agent_policy_packets_total',
    'Packets that matched rules of a policy: of allowed connections the first ones only, of dropped ones every try. What drop rules match passes where another policy allows it. An agent adds up what was counted when rules are replaced or reset; in a dump it is what the kernel has',
    NO_COUNTERS,
    {type: 'counter', labels: VERDICTS, unit: 'packets', source: 'kernel'},
  ),
  bytes: own('npm_agent_policy_bytes_total', 'Bytes of the packets that matched rules of a policy', NO_COUNTERS, {
    type: 'counter',
    labels: VERDICTS,
    unit: 'bytes',
    source: 'kernel',
  }),
  restoreSeconds: own(
    'npm_agent_iptables_restore_duration_seconds',
    'Time of one iptables-restore run of Azure NPM: npm_linux_iptables_restore_latency_seconds in seconds, as its name says',
    'as that metric',
    {type: 'histogram', labels: ['operation'], unit: 's'},
  ),
  deleteSeconds: own(
    'npm_agent_iptables_delete_duration_seconds',
    'Time of one removal of a jump by Azure NPM: npm_linux_iptables_delete_latency_seconds in seconds, as its name says',
    'as that metric',
    {type: 'histogram', unit: 's'},
  ),
} as const satisfies Readonly<Record<string, FamilyFacts>>
