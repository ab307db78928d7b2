import {expect, test} from 'vitest'
import type {FlowList} from '../../../core/contract/flows.ts'
import type {Metrics} from '../../../core/contract/metrics.ts'
import {flowListLines} from '../../../plugin/print/flows.ts'
import {metricsListLines} from '../../../plugin/print/metrics.ts'
import {painter} from '../../../plugin/print/paint.ts'

const paint = painter(false)

const metricsOf = (node: string, rules: number, ratio: number): Metrics => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'Metrics',
  node,
  families: [
    {
      name: 'npm_num_iptables_rules',
      type: 'gauge',
      unit: 'count',
      help: '',
      source: 'kernel',
      samples: [{name: 'npm_num_iptables_rules', labels: {}, value: rules}],
    },
    {name: 'fill', type: 'gauge', unit: 'ratio', help: '', source: 'kernel', samples: [{name: 'fill', labels: {}, value: ratio}]},
    {
      name: 'sets',
      type: 'gauge',
      unit: 'count',
      help: '',
      source: 'kernel',
      samples: [{name: 'sets', labels: {set: 'a'}, value: 1}],
    },
  ],
  absent: [],
  incomplete: [],
  problems: [],
})

const ofMetrics = (...items: readonly Metrics[]): string[] => [
  ...metricsListLines({apiVersion: 'kubectl-npm/v1', kind: 'MetricsList', items: [...items], failures: []}, paint, {
    isWide: false,
  }),
]

test('metrics of several nodes end with their sum, the least and the most, and ratios have no sum', () => {
  const lines = ofMetrics(metricsOf('n1', 57, 0.5), metricsOf('n2', 60, 0.5), metricsOf('n3', 40, 0.25))
  const at = lines.indexOf('3 nodes')
  expect(lines.slice(at + 1).map(line => line.split(/ {2,}/))).toEqual([
    ['METRIC', 'SUM', 'UNIT', 'NODES', 'LEAST', 'MOST'],
    ['npm_num_iptables_rules', '157', 'count', '3', '40 (n3)', '60 (n2)'],
    ['fill', '-', 'ratio', '3', '0.25 (n3)', '0.5 (n2)'],
  ])
  expect(ofMetrics(metricsOf('n1', 57, 0.5)).join('\n')).not.toMatch(/nodes|LEAST/)
})

const nodeFlows = (node: string, judged: number, denied: number): FlowList['nodes'][number] => ({
  node,
  connections: judged,
  judged,
  denied,
  unanswered: 0,
  unknown: 0,
  unread: 0,
  reasons: [],
  incomplete: [],
  problems: [],
})

test('connections of several nodes end with their sum', () => {
  const nodes = [nodeFlows('n1', 10, 2), nodeFlows('n2', 5, 0)]
  const failures = [{node: 'n3', message: 'no agent', next: 'Install one.'}]
  const list = (of: typeof nodes, lost: typeof failures): FlowList => ({
    apiVersion: 'kubectl-npm/v1',
    kind: 'FlowList',
    items: [],
    nodes: of,
    failures: lost,
  })
  expect([...flowListLines(list(nodes, failures), paint)].at(-1)).toBe(
    '3 nodes: 2 of 15 connections go on although policies deny them, 1 could not be read',
  )
  expect([...flowListLines(list(nodes.slice(0, 1), []), paint)].at(-1)).toMatch(/^node n1: 2 of 10/)
})
