import type {MetricSource, MetricType} from '../contract/metrics.ts'

/** What is known of a metric, whatever its value. */
export interface FamilyFacts {
  readonly name: string
  readonly type: MetricType
  /** Without `quantile` and `le`, which summaries and histograms have besides. */
  readonly labels: readonly string[]
  readonly unit: string
  /** What a value means, as HELP says it: without a full stop. */
  readonly meaning: string
  /** Where its value is taken from at best. */
  readonly source: MetricSource
  /** When it has no value. */
  readonly absence: string
}

/** One of Azure NPM's own metrics. */
export interface NpmFamily extends FamilyFacts {
  /** The page of Azure NPM that has it: `/node-metrics`, `/cluster-metrics`. */
  readonly page: 'node' | 'cluster'
  readonly os: 'both' | 'linux' | 'windows'
}

const FIRST_USE = 'until Azure NPM first uses a combination of labels'
const NO_PAGE = "without Azure NPM's page"
const MILLISECONDS = ', in milliseconds in spite of the name'

type Timed = Pick<NpmFamily, 'name' | 'meaning'> & {readonly labels?: readonly string[]}

const absenceOf = (labels: readonly string[]): string => (labels.length > 0 ? `${NO_PAGE}, and ${FIRST_USE}` : NO_PAGE)

const summary = ({name, labels = [], meaning}: Timed): NpmFamily => ({
  name,
  type: 'summary',
  labels,
  unit: 'ms',
  page: 'node',
  os: 'both',
  source: 'npm',
  meaning: `Milliseconds spent ${meaning}`,
  absence: absenceOf(labels),
})

const timed = (os: 'linux' | 'windows', {name, labels = [], meaning}: Timed): NpmFamily => ({
  name,
  type: 'histogram',
  labels,
  unit: os === 'linux' ? 'ms' : 's',
  page: 'node',
  os,
  source: 'npm',
  meaning: `Time of ${meaning}${os === 'linux' ? MILLISECONDS : ', in seconds'}`,
  absence: absenceOf(labels),
})

const failures = (os: 'linux' | 'windows', {name, labels = [], meaning}: Timed): NpmFamily => ({
  name,
  type: 'counter',
  labels,
  unit: 'count',
  page: 'node',
  os,
  source: 'npm',
  meaning: `Failures of ${meaning}`,
  absence: absenceOf(labels),
})

/** An operation of a node, of which Azure NPM counts time and failures. */
const operation = (os: 'linux' | 'windows', prefix: string, meaning: string, labels: readonly string[] = []): NpmFamily[] => [
  timed(os, {name: `${prefix}_latency_seconds`, labels, meaning}),
  failures(os, {name: `${prefix}_failure_total`, labels, meaning}),
]

const gauge = (name: string, meaning: string, source: MetricSource, absence: string, labels: string[] = []): NpmFamily => ({
  name,
  type: 'gauge',
  labels,
  unit: 'count',
  page: 'cluster',
  os: 'both',
  source,
  meaning,
  absence,
})

const UNREAD_RULES = "when the rules are not whole or not of NPM v2, and Azure NPM's page is not given"
const UNREAD_SETS = "when the sets are not whole or not of NPM v2, and Azure NPM's page is not given"

/**
 * All metrics of Azure NPM. Names, types, labels and units are its own and part of compatibility; help is ours.
 * Source: Azure NPM, npm/metrics; the values of real pages in test/fixtures/real-npm.
 */
export const npmFamilies: readonly NpmFamily[] = [
  gauge(
    'npm_num_policies',
    'Network policies in force on this node',
    'kernel',
    `${UNREAD_RULES}; when a chain's policy is not known, or several policies collide in one chain`,
  ),
  gauge(
    'npm_num_iptables_rules',
    "Rules by Azure NPM's own arithmetic: those of policy chains, the jumps to them, and 11 for its base chains; the kernel has 10 there, or 7 without a policy",
    'kernel',
    UNREAD_RULES,
  ),
  gauge('npm_num_ipsets', 'IP sets of Azure NPM on this node', 'kernel', UNREAD_SETS),
  gauge('npm_num_ipset_entries', 'Members of all IP sets together, sets in lists included', 'kernel', UNREAD_SETS),
  gauge('npm_ipset_counts', 'Members of one IP set; an empty set has no series', 'kernel', `${UNREAD_SETS}; when switched off`, [
    'set_name',
    'set_hash',
  ]),
  gauge(
    'npm_pods_watched',
    'Pods whose addresses are tracked, of the whole cluster, or of this node with NPM Lite',
    'npm',
    "when neither Azure NPM's page nor all pods are given, before Azure NPM 1.5.4, and where it has not programmed the node",
  ),
  summary({name: 'npm_add_iptables_rule_exec_time', meaning: 'putting one batch of policies into the kernel'}),
  summary({name: 'npm_add_ipset_exec_time', meaning: 'on one flush of changed sets into the kernel'}),
  summary({name: 'npm_add_policy_exec_time', labels: ['had_error'], meaning: 'handling the creation of a network policy'}),
  summary({
    name: 'npm_controller_policy_exec_time',
    labels: ['operation', 'had_error'],
    meaning: 'handling an update or a deletion of a network policy',
  }),
  summary({
    name: 'npm_controller_namespace_exec_time',
    labels: ['operation', 'had_error'],
    meaning: 'handling an event of a namespace',
  }),
  summary({name: 'npm_controller_pod_exec_time', labels: ['operation', 'had_error'], meaning: 'handling an event of a pod'}),
  timed('linux', {
    name: 'npm_linux_iptables_restore_latency_seconds',
    labels: ['operation'],
    meaning: 'one iptables-restore run for added or removed policies',
  }),
  timed('linux', {name: 'npm_linux_iptables_delete_latency_seconds', meaning: 'one removal of a jump'}),
  failures('linux', {
    name: 'npm_linux_iptables_restore_failure_total',
    labels: ['operation'],
    meaning: 'iptables-restore for added or removed policies',
  }),
  ...operation('windows', 'npm_windows_list_endpoints', 'listing HNS endpoints'),
  ...operation('windows', 'npm_windows_get_endpoint', 'looking up one HNS endpoint'),
  ...operation('windows', 'npm_windows_get_network', 'looking up the HNS network'),
  ...operation('windows', 'npm_windows_acl', 'changing the ACLs of one endpoint', ['operation']),
  ...operation('windows', 'npm_windows_setpolicy', 'changing SetPolicies', ['operation', 'is_nested']),
]
