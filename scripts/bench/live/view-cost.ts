/*
 * What it costs a plugin to follow nodes at one sample a second: node view-cost.ts NODES RULES
 *
 * Prints, as JSON, the milliseconds of a processor that all samples of one second take: parsed as they come from the wire, checked, and
 * reduced to the view.
 */
import {wireSampleSchema} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {emptyView, reduceLive} from '../../../core/live/live-view.ts'
import {policyFigures} from '../../../core/live/policy-figures.ts'
import {liveOf, wireOf} from './made-samples.ts'

const [nodes = 1, rules = 0] = process.argv.slice(2).map(Number)
const SECONDS = 60
let view = emptyView
const names = Array.from({length: nodes}, (_, index) => `aks-${index}`)
if (rules > 0) for (const node of names) view = reduceLive(view, liveOf(node, rules))
const wires = Array.from({length: SECONDS}, (_, second) => wireOf(second, rules))
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
