import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {npmFamilies} from '../../../core/metrics/npm-families.ts'
import {describeWhere} from '../../support/describe-where.ts'
import {openKusto} from '../../support/monitoring/kusto.ts'
import {monitoring} from '../../support/monitoring/tools.ts'

interface Item {
  readonly name: string
  readonly type: number
  readonly conditionalVisibility?: {readonly parameterName: string; readonly value: string}
  readonly content: {
    readonly query?: string
    readonly title?: string
    readonly visualization?: string
    readonly links?: readonly {readonly subTarget: string}[]
    readonly parameters?: readonly {readonly name: string; readonly query?: string; readonly queryType?: number}[]
  }
}

const {items, version} = JSON.parse(await readFile(join(monitoring, 'azure-workbook.json'), 'utf8')) as {
  items: Item[]
  version: string
}

/** Queries of a file, by the comment above each. */
const inFile = (await readFile(join(monitoring, 'log-analytics.kql'), 'utf8'))
  .split('\n\n')
  .slice(1)
  .map(text => ({name: text.slice(3, text.indexOf('\n')), query: text.replaceAll(/^\/\/.*\n/gm, '')}))

/** As a workbook asks when a day, a node and two quantiles are chosen. */
const asked = (query: string): string =>
  query
    .replaceAll('{TimeRange:grain}', '5m')
    .replaceAll('{TimeRange}', '> ago(1d)')
    .replaceAll('{Node}', 'aks-1')
    .replaceAll('{Quantile}', "'0.5','0.9'")
const inWorkbook = items.flatMap(({name, content: {query, parameters = []}}) => [
  ...(query === undefined ? [] : [{name, query: asked(query)}]),
  // Other parameters are asked of Azure itself.
  ...parameters.flatMap(each =>
    each.query !== undefined && each.queryType === 0 ? [{name: each.name, query: asked(each.query)}] : [],
  ),
])

const kusto = await openKusto()
const check = typeof kusto === 'string' ? () => [kusto] : kusto

describeWhere(typeof kusto === 'string' ? kusto : undefined, "queries of Log Analytics, by Microsoft's parser of KQL", () => {
  test.each([...inFile, ...inWorkbook])('$name', ({query}) => {
    expect(check(query)).toEqual([])
  })

  test('a wrong one is found', () => {
    expect(check('InsightsMetrics | where Nam == "x"')).toEqual([
      expect.stringContaining("'Nam' does not refer to any known column"),
    ])
    expect(check('InsightsMetrics | where (')).not.toEqual([])
  })
})

test('each query asks for metrics that Azure NPM has, and looks at no others of Prometheus', () => {
  const names = new Set(npmFamilies.map(({name}) => name))
  for (const {name, query} of [...inFile, ...inWorkbook]) {
    expect(query, name).toContain('Namespace == "prometheus"')
    for (const [, metric = ''] of query.matchAll(/"(npm_\w+[a-z])"/g))
      expect(names.has(metric.replace(/_count$/, '')) || names.has(metric), `${name}: ${metric}`).toBe(true)
  }
  expect(inFile.length).toBeGreaterThan(6)
})

test('the workbook has the parts that are documented, and each tab has some', () => {
  expect(version).toBe('Notebook/1.0')
  expect(new Set(items.map(({name}) => name)).size).toBe(items.length)
  const titles = items.flatMap(({content: {title = []}}) => title)
  for (const title of ['Current Counts', 'Network Policies', 'IPTables Rules', 'IPSets', 'Total Entries', 'Entries per IPSet'])
    expect(titles).toContain(title)
  for (const title of ['Add Policy Runtime', 'Add IPTables Rule Runtime', 'Add IPSets Runtime'])
    expect(titles).toContain(`${title} (ms)`)
  const tabs = items.flatMap(({content: {links = []}}) => links.map(({subTarget}) => subTarget))
  const shown = items.flatMap(({conditionalVisibility}) => conditionalVisibility?.value ?? [])
  expect([...new Set(shown)]).toEqual(tabs)
  const parameters = new Set(items.flatMap(({content: {parameters: all = []}}) => all.map(({name}) => name)))
  for (const {content} of items)
    for (const [, name = ''] of (content.query ?? '').matchAll(/\{(\w+)(?::grain)?\}/g)) expect(parameters).toContain(name)
})
