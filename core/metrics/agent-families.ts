import type {FamilyFacts} from './npm-families.ts'
import {own} from './own-families.ts'

const NEVER = 'never'
const NO_COUNTERS = 'before the first read of all rules'
const seconds = {unit: 's'} as const
const kernel = {type: 'counter', source: 'kernel'} as const

/** Metrics that only a running agent has: of its own work, and of what it knows. Each label has a short list of values. */
export const agentFamilies = {
  info: own('npm_agent_info', 'The agent: its version, and the back end of iptables that it has found', NEVER, {
    labels: ['version', 'backend'],
    unit: '1',
  }),
  comparisonAge: own(
    'npm_agent_comparison_age_seconds',
    'How long ago the node was last compared with its policies, which differences, causes and leaked references are of',
    'before the first comparison, which the first scrape begins',
    seconds,
  ),
  comparisonDuration: own(
    'npm_agent_comparison_duration_seconds',
    'How long the last comparison took, with reading the node and with verifying it',
    'before the first comparison',
    seconds,
  ),
  comparisons: own(
    'npm_agent_comparisons_total',
    'Comparisons of the node with its policies for metrics, by how they ended',
    NEVER,
    {
      type: 'counter',
      labels: ['result'],
    },
  ),
  verified: own(
    'npm_agent_verify_result',
    'Whether the last verification proved that the node judges every packet as its policies say, found packets of which it does not, or left some open, as it does where there are too many kinds of pods to judge all packets to them',
    'before the first verification, and where the cluster has no pods',
    {labels: ['result'], unit: '0 or 1'},
  ),
  counterexamples: own(
    'npm_agent_verify_counterexamples',
    'Causes for which packets are judged otherwise than the policies say, by what they do: open lets pass, closed drops',
    'as the result of the verification',
    {labels: ['effect']},
  ),
  verifyAge: own(
    'npm_agent_verify_age_seconds',
    'How long ago the node was last verified',
    'as the result of the verification',
    seconds,
  ),
  live: own('npm_agent_knowledge_live', "Whether the agent follows the cluster's objects now", NEVER, {unit: '0 or 1'}),
  knowledgeAge: own(
    'npm_agent_knowledge_age_seconds',
    "How long ago the agent last knew its picture of the cluster's objects to be current",
    'before the first lists are complete, and with --no-watch',
    seconds,
  ),
  readAge: own('npm_agent_read_age_seconds', 'How long ago rules and sets were read, of which the page is', NEVER, seconds),
  readDuration: own(
    'npm_agent_read_duration_seconds',
    'How long reads of rules, sets and pages for metrics took, of which the page was made; a summary without quantiles',
    NEVER,
    {...seconds, type: 'summary'},
  ),
  readFailures: own('npm_agent_read_problems_total', 'Reads for metrics in which a tool or a page failed', NEVER, {
    type: 'counter',
  }),
  pages: own('npm_agent_npm_pages_up', "Whether Azure NPM's own pages answered on this node", NEVER, {unit: '0 or 1'}),
  writes: own(
    'npm_agent_writes_total',
    'Writes to this node that the agent was asked for since it started, by how they ended',
    'with --read-only',
    {type: 'counter', labels: ['verb', 'outcome']},
  ),
  newConnections: own(
    'npm_agent_new_connections_total',
    "First packets of connections that came to Azure NPM's rules",
    NO_COUNTERS,
    {...kernel, unit: 'packets'},
  ),
  drops: own('npm_agent_drops_total', "Packets that Azure NPM's rules dropped: every try of a connection counts", NO_COUNTERS, {
    ...kernel,
    unit: 'packets',
  }),
  dropBytes: own('npm_agent_drop_bytes_total', "Bytes of the packets that Azure NPM's rules dropped", NO_COUNTERS, {
    ...kernel,
    unit: 'bytes',
  }),
  clients: own('npm_agent_clients', 'Clients that are connected', NEVER),
  subscriptions: own('npm_agent_subscriptions', 'What clients follow', NEVER),
  scrapes: own('npm_agent_scrapes_total', 'Scrapes of both pages since the agent started, by whether they were answered', NEVER, {
    type: 'counter',
    labels: ['result'],
  }),
  memory: own('npm_agent_memory_bytes', 'Memory of the agent: its resident set', NEVER, {unit: 'bytes'}),
  processor: own('npm_agent_processor_seconds_total', 'Time of processors that the agent has used, without its tools', NEVER, {
    ...seconds,
    type: 'counter',
  }),
} as const satisfies Readonly<Record<string, FamilyFacts>>
