/*
 * What it costs a plugin to follow nodes at one sample a second: node view-cost.ts NODES RULES
 *
 * Prints, as JSON, the milliseconds of a processor that all samples of one second take: parsed as they come from the wire, checked, and
 * reduced to the view. A tenth of the rules have counted something since the sample before.
 */
import {type LiveNode, wireSampleSchema} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {emptyView, reduceLive} from '../../../core/live/live-view.ts'
import {policyFigures} from '../../../core/live/policy-figures.ts'

const [nodes = 1, rules = 0] = process.argv.slice(2).map(Number)
const SECONDS = 60
const RULES_OF_POLICY = 10

const wireOf = (second: number): string => {
  const counted = Array.from({length: rules}, (_, number) => number).filter(
    number => second === 0 || (number + second) % 10 === 0,
  )
  return JSON.stringify({
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    structure: 'one',
    summary: {
      policies: rules / RULES_OF_POLICY,
      rules,
      sets: 500,
      entries: 20_000,
      newConnections: second * 50,
      drops: second * 3,
      dropBytes: second * 180,
      active: true,
      connections: {now: 1000 + second, most: 262_144},
      differences: {opens: 0, closes: 0, other: 0, at: '2026-01-01T00:00:00Z'},
      npm: {release: null, startedAt: null, addPolicyMs: {p50: 3, p99: 9}, failures: 0},
    },
    ...(rules > 0 && {
      counts: {
        isFull: second === 0,
        rules: counted.flatMap(number => [number, second * 7, second * 420]),
        sets: [],
        goneSets: [],
      },
    }),
    readMs: 12.5,
    intervalMs: 1000,
    skipped: 0,
  })
}
const liveOf = (node: string): LiveNode => ({
  apiVersion: API_VERSION,
  kind: 'LiveNode',
  node,
  at: '2026-01-01T00:00:00Z',
  structure: 'one',
  backend: 'nft',
  sets: [],
  problems: [],
  policies: Array.from({length: rules / RULES_OF_POLICY}, (_, policy) => ({
    policy: `shop/p${policy}`,
    direction: 'Ingress' as const,
    chain: `AZURE-NPM-INGRESS-${policy}`,
    enforced: true,
    subject: 'pods',
    pods: [],
    jump: null,
    rules: Array.from({length: RULES_OF_POLICY}, (_, rule) => ({
      number: policy * RULES_OF_POLICY + rule,
      where: {chain: `AZURE-NPM-INGRESS-${policy}`, position: rule + 1},
      action: rule === RULES_OF_POLICY - 1 ? ('drop' as const) : ('allow' as const),
      text: `allow TCP ${rule}`,
    })),
  })),
})

let view = emptyView
const names = Array.from({length: nodes}, (_, index) => `aks-${index}`)
if (rules > 0) for (const node of names) view = reduceLive(view, liveOf(node))
const wires = Array.from({length: SECONDS}, (_, second) => wireOf(second))
const costs: number[] = []
for (const wire of wires) {
  const before = process.cpuUsage()
  for (const node of names) {
    const sample = wireSampleSchema.parse(JSON.parse(wire))
    view = reduceLive(view, {apiVersion: API_VERSION, kind: 'LiveSample', node, ...sample})
  }
  // What a screen shows of it.
  for (const node of view.nodes.values()) for (const policy of node.live?.policies ?? []) policyFigures(node, policy)
  const {user, system} = process.cpuUsage(before)
  costs.push((user + system) / 1000)
}
console.log(
  JSON.stringify({msOfSecond: costs.toSorted((a, b) => a - b)[costs.length >> 1], memoryBytes: process.memoryUsage.rss()}),
)
