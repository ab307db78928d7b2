import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {describeWhere} from '../../support/describe-where.ts'
import {kernelTools} from '../../support/kernel/tools.ts'
import {NodeLab, policy} from '../../support/metrics/node-lab.ts'
import {agentScrapes} from '../../support/monitoring/agent-scrapes.ts'
import {startPrometheus} from '../../support/monitoring/prometheus.ts'
import {missingTools, monitoring} from '../../support/monitoring/tools.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {readonly x: number; readonly y: number; readonly w: number; readonly h: number}
  readonly fieldConfig?: {readonly defaults: {readonly unit: string}}
  readonly targets?: readonly {readonly expr: string; readonly refId: string; readonly legendFormat: string}[]
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {readonly list: readonly {readonly name: string; readonly definition?: string}[]}
}

const dashboard = JSON.parse(await readFile(join(monitoring, 'grafana-dashboard.json'), 'utf8')) as Dashboard
const {panels} = dashboard
const queries = panels.flatMap(({title, targets = []}) => targets.map(({expr, refId}) => ({query: `${title} ${refId}`, expr})))

/** As Grafana asks when all nodes and quantiles are chosen and the scrape interval is a second. */
const asked = (expr: string): string =>
  expr.replaceAll('$node', '.+').replaceAll('$quantile', '.*').replaceAll('$__rate_interval', '30s')

/** The panels of Azure's own dashboards. */
const documented = [
  'Policies',
  'IPTables Rules',
  'IPSets',
  'Network Policies',
  'Total Entries',
  'Entries per IPSet',
  'Add Policy Runtime',
  'Add IPTables Rule Runtime',
  'Add IPSets Runtime',
]

test('the dashboard has the panels that are documented, and no two in one place', () => {
  const titles = panels.map(({title}) => title)
  expect(titles).toEqual(expect.arrayContaining(documented))
  expect(new Set(panels.map(({id}) => id)).size).toBe(panels.length)
  const taken = new Set<string>()
  for (const {
    title,
    gridPos: {x, y, w, h},
  } of panels) {
    expect(x + w).toBeLessThanOrEqual(24)
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        expect(taken.has(`${column} ${line}`), `${title} stands on another panel`).toBe(false)
        taken.add(`${column} ${line}`)
      }
  }
  expect(dashboard.uid.length).toBeLessThanOrEqual(40)
})

test('each query asks for the nodes that are chosen, and each panel has a unit', () => {
  for (const {query, expr} of queries)
    for (const [selector] of expr.matchAll(/npm_\w+(?:\{[^}]*\})?/g)) expect(selector, query).toContain('node=~"$node"')
  const names = new Set(dashboard.templating.list.map(({name}) => name))
  for (const {expr} of queries)
    for (const [, variable = ''] of expr.matchAll(/\$(\w+)/g))
      expect(variable === '__rate_interval' || names.has(variable)).toBe(true)
  for (const {type, title, fieldConfig} of panels)
    if (type !== 'row') expect(fieldConfig?.defaults.unit, title).toMatch(/^(?:short|ms|s|pps|Bps|bytes|percentunit)$/)
})

describeWhere(kernelTools().missing ?? missingTools(), 'a Prometheus that scrapes an agent', () => {
  test('has series for every query', async () => {
    await using lab = await NodeLab.open()
    await lab.program(policy('db-from-web', 'db', 'web'))
    await using agent = await lab.agent()
    await using folder = await temporaryFolder()
    const config = await agentScrapes(folder.path, agent.metricsPort ?? 0, undefined, {hasSetCounts: true})
    await using prometheus = await startPrometheus(folder.path, config)
    await lab.allowed(3)
    await lab.dropped(2)
    const empty = async () => {
      const found: string[] = []
      for (const {query, expr} of queries) if ((await prometheus.query(asked(expr))).length === 0) found.push(query)
      return found
    }
    await expect.poll(empty, {interval: 1000}).toEqual([])
    expect(queries.length).toBeGreaterThan(40)
    // What the variables ask for is there, too.
    for (const {definition} of dashboard.templating.list) {
      if (definition === undefined) continue
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? []
      const values = (await prometheus.query(metric)).map(series => series.metric[label])
      expect(values, definition).toContain('n1')
    }
    const ask = async (title: string) =>
      (await prometheus.query(asked(queries.find(each => each.query === title)?.expr ?? '')))[0]?.value
    expect(await ask('Policies A')).toBe(1)
    expect(await ask('Differences that open A')).toBe(0)
    expect(await ask('Nodes that judge as policies say A')).toBe(1)
    expect(await ask('Enforcement A')).toBe(1)
  })
})
