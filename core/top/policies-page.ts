import {dropCell, rateCell} from './nodes-page.ts'
import {bytesText, countText, plural, rateText, sentence} from './number-text.ts'
import type {Row, TopColumn, TopTable} from './table.ts'
import type {WatchedNode, WatchedPolicy, WatchedRule} from './watched.ts'

const POLICY_DROPS_MEAN =
  'DROPS/S of a policy: packets that none of its rules allows, and at most what the node drops. Another policy of the same pod may have allowed some.'
const POLICY_NEW_MEANS = 'NEW/S counts new connections that its rules allow: they see the first packet of each.'

const columns: readonly TopColumn[] = [
  {key: 'policy', header: 'POLICY', least: 12, rank: 0, grows: true, cut: 'middle'},
  {key: 'direction', header: 'TYPE', least: 7, rank: 2},
  {key: 'drops', header: 'DROPS/S', align: 'right', least: 7, rank: 0, isDescending: true, meaning: POLICY_DROPS_MEAN},
  {key: 'history', header: 'LAST MINUTE', least: 11, rank: 3},
  {key: 'new', header: 'NEW/S', align: 'right', least: 5, rank: 1, isDescending: true, meaning: POLICY_NEW_MEANS},
  {key: 'pods', header: 'PODS', align: 'right', least: 4, rank: 4, isDescending: true},
  {key: 'rules', header: 'RULES', align: 'right', least: 5, rank: 5, isDescending: true},
  {key: 'state', header: 'STATE', least: 8, rank: 4},
]

/** The policies of a node, those that drop most first. */
export function policiesPage(node: WatchedNode | undefined): TopTable {
  const policies = node?.policies
  return {
    about: aboutNode(node),
    columns,
    rows: (policies ?? []).map(policy => policyRow(node as WatchedNode, policy)),
    sortedBy: 'drops',
    empty: policies && node ? noPolicies(node) : waitingFor(node),
  }
}

const noPolicies = ({summary}: WatchedNode): string[] =>
  summary?.policies === null
    ? ['Which policies are programmed is not known: the rules of the node are not whole.', 'translate says what is missing.']
    : [
        'No policy is programmed on this node.',
        'Either none selects pods, or Azure NPM has not written its rules: d compares them.',
      ]

/** Why there is nothing to show of a node. */
export const waitingFor = (node: WatchedNode | undefined): string[] =>
  node?.failure
    ? [sentence(node.failure.message), node.failure.next]
    : node?.isRecorded
      ? ['Its rules were not recorded up to here: they are while somebody looks into the node.', 'Right steps on.']
      : [node?.summary ? 'Its rules are being read.' : 'Its first sample is on its way.']

/** What holds for a node as a whole stands above all of its pages. */
export function aboutNode(node: WatchedNode | undefined): TopTable['about'] {
  if (!node) return []
  if (node.failure) return [{text: sentence(node.failure.message), tone: 'bad'}]
  const {summary} = node
  if (!summary) return []
  if (summary.active === false)
    return [{text: "Not in force: no packet comes to Azure NPM's rules, so nothing is dropped.", tone: 'bad'}]
  const [problem] = node.problems
  return [
    {
      text: `${rateText(node.drops)} drops/s · ${rateText(node.newConnections)} new connections/s · ${countText(summary.rules)} rules · ${countText(summary.sets)} sets`,
    },
    ...(problem === undefined ? [] : [{text: problem, tone: 'warning'} as const]),
  ]
}

function policyRow({node}: WatchedNode, policy: WatchedPolicy): Row {
  const {key, direction, subject, pods, ruleCount, enforced, drops, newConnections} = policy
  return {
    key,
    cells: [
      {text: policy.policy, tone: 'strong'},
      {text: direction},
      dropCell(drops),
      () => policy.dropHistory,
      rateCell(newConnections),
      {text: countText(pods?.length), value: pods?.length ?? null},
      {text: String(ruleCount), value: ruleCount},
      enforced ? {text: 'in force', tone: 'good'} : {text: 'left over', tone: 'warning'},
    ],
    opens: {kind: 'policy', node, policy: key},
    details: [`Selects ${subject}.`, ...(enforced ? [] : ['No rule leads to its chain: it judges no packet.'])],
    document: () => policyDocument(policy),
  }
}

const policyDocument = ({policy, direction, chain, enforced, subject, pods, drops, newConnections, rules}: WatchedPolicy) => ({
  policy,
  direction,
  chain,
  enforced,
  selects: subject,
  podsOfThisNode: pods,
  dropsPerSecond: drops,
  newConnectionsPerSecond: newConnections,
  rules: rules.map(ruleDocument),
})

const ruleDocument = ({where, action, text, packets, packetRate, byteRate}: WatchedRule) => ({
  where,
  action,
  text,
  packets,
  packetsPerSecond: packetRate,
  bytesPerSecond: byteRate,
})

const ruleColumns: readonly TopColumn[] = [
  {key: 'number', header: '#', align: 'right', least: 2, rank: 5},
  {
    key: 'packets',
    header: 'NEW/S',
    align: 'right',
    least: 5,
    rank: 0,
    isDescending: true,
    meaning: 'NEW/S of a rule that allows counts connections, of one that drops every packet that no rule above it allowed.',
  },
  {
    key: 'bytes',
    header: 'BYTES/S',
    align: 'right',
    least: 7,
    rank: 2,
    isDescending: true,
    meaning: 'BYTES/S are those of the packets counted here, the first of each connection: not the traffic of the connections.',
  },
  {key: 'history', header: 'LAST MIN', least: 8, rank: 3},
  {key: 'rule', header: 'RULE', least: 10, rank: 0, grows: true, share: 0.6},
]

/** The rules of one policy, the drops first. */
export function policyPage(node: WatchedNode | undefined, key: string): TopTable {
  const policy = node?.policies?.find(each => each.key === key)
  const rows = (policy?.rules ?? []).map((rule, index) => ruleRow(rule, index, policy?.drops ?? null))
  return {
    about: policy ? aboutPolicy(policy) : [],
    columns: ruleColumns,
    rows,
    sortedBy: 'packets',
    empty: policy
      ? ['The policy has no rules in this direction.']
      : node?.policies
        ? ['This policy is no longer on the node.', 'esc leads back.']
        : waitingFor(node),
  }
}

const SHOWN_PODS = 3

function aboutPolicy({subject, pods, drops, newConnections, enforced}: WatchedPolicy): TopTable['about'] {
  const names = (pods ?? []).slice(0, SHOWN_PODS).join(', ')
  const more = (pods?.length ?? 0) - SHOWN_PODS
  const here = pods === null ? 'not known' : pods.length === 0 ? 'none' : `${names}${more > 0 ? ` and ${more} more` : ''}`
  return [
    {
      text: `${rateText(drops)} drops/s · ${rateText(newConnections)} new connections/s${enforced ? '' : ' · left over: no rule leads to it'}`,
      ...(enforced ? {} : {tone: 'warning'}),
    },
    {text: `Selects ${subject}. On this node: ${here}`},
  ]
}

function ruleRow(rule: WatchedRule, index: number, dropped: number | null): Row {
  const {action, text, packets, packetRate, byteRate} = rule
  const isDrop = action === 'drop'
  return {
    key: String(index),
    cells: [
      {text: String(index + 1), value: index, tone: 'faint'},
      isDrop ? dropsFirst(packetRate, dropped) : rateCell(packetRate),
      {text: bytesText(byteRate), value: byteRate},
      () => rule.history,
      {text, ...(isDrop && packetRate && dropped && {tone: 'bad'})},
    ],
    details: [
      `Rule ${index + 1}: ${text}.`,
      packets === null
        ? 'It has not been counted yet.'
        : `${plural(packets, isDrop ? 'packet' : 'new connection')} since the rule was written.`,
      ...(isDrop && packetRate !== null && dropped !== null && packetRate > dropped
        ? [
            `The node drops ${dropped === 0 ? 'none of them' : `${rateText(dropped)}/s at most`}: another policy allows the ${dropped === 0 ? 'packets' : 'others'}.`,
          ]
        : []),
    ],
    document: () => ruleDocument(rule),
  }
}

/** Drops come before all else that is counted. */
const FIRST = 1e12
const dropsFirst = (rate: number | null, dropped: number | null) => ({
  ...(dropped === 0 ? rateCell(rate) : dropCell(rate)),
  value: (rate ?? 0) + FIRST,
})

const selectedColumns: readonly TopColumn[] = [
  {key: 'pod', header: 'POD', least: 12, rank: 0, grows: true, cut: 'middle'},
  {
    key: 'drops',
    header: 'DROPS/S OF ITS POLICIES',
    align: 'right',
    least: 23,
    rank: 1,
    isDescending: true,
    meaning:
      'The kernel counts by rule, not by pod: this many packets were dropped for all pods together that these policies select.',
  },
  {key: 'policies', header: 'POLICIES', align: 'right', least: 8, rank: 2, isDescending: true},
  {key: 'most', header: 'MOST BY', least: 12, rank: 3},
]

/** The pods of a node, or those that one policy selects, by the drops of the policies that select them. */
export function podsPage(node: WatchedNode | undefined, key?: string): TopTable {
  const all = node?.policies ?? []
  const policy = key === undefined ? undefined : all.find(each => each.key === key)
  const isUnknown = key === undefined ? all.length > 0 && all.every(({pods}) => pods === null) : policy?.pods === null
  const byPod = new Map<string, WatchedPolicy[]>()
  for (const each of all)
    for (const pod of each.enforced ? (each.pods ?? []) : []) {
      const known = byPod.get(pod)
      if (known) known.push(each)
      else byPod.set(pod, [each])
    }
  const names = key === undefined ? [...byPod.keys()] : (policy?.pods ?? [])
  return {
    about: policy ? aboutPolicy(policy) : aboutNode(node),
    columns: selectedColumns,
    rows: names.map(pod => podRow(pod, byPod.get(pod) ?? [], node?.drops ?? null)),
    sortedBy: 'drops',
    empty: !node?.policies
      ? waitingFor(node)
      : isUnknown
        ? [
            'Which pods policies select is not known: the objects of the cluster were not given.',
            node.isRecorded ? 'So it was when this was recorded.' : 'Add them: --from cluster.json.',
          ]
        : ['No policy selects a pod of this node.'],
  }
}

function podRow(pod: string, policies: readonly WatchedPolicy[], dropped: number | null): Row {
  const known = policies.filter(({drops}) => drops !== null)
  const sum = known.reduce((total, policy) => total + (policy.drops ?? 0), 0)
  const drops = known.length === 0 ? null : dropped === null ? sum : Math.min(sum, dropped)
  const [most] = known.filter(policy => (policy.drops ?? 0) > 0).toSorted((a, b) => (b.drops ?? 0) - (a.drops ?? 0))
  return {
    key: pod,
    cells: [
      {text: pod, tone: 'strong'},
      dropCell(drops),
      {text: String(policies.length), value: policies.length},
      {text: most ? `${most.policy} ${most.direction}` : ''},
    ],
    details: [policies.map(policy => `${policy.policy} ${policy.direction}: ${rateText(policy.drops)} drops/s`).join(', ')],
    document: () => ({
      pod,
      dropsPerSecondOfItsPolicies: drops,
      policies: policies.map(({policy, direction, drops}) => ({policy, direction, dropsPerSecond: drops})),
    }),
  }
}
