import {readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import type {Metrics} from '../../../core/contract/metrics.ts'
import {metricsSchema} from '../../../core/contract/metrics.ts'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {exposition} from '../../../core/metrics/exposition.ts'
import {withFamilyTables} from '../../../core/metrics/family-reference.ts'
import {type MetricsOptions, nodeMetrics} from '../../../core/metrics/node-metrics.ts'
import {npmFamilies} from '../../../core/metrics/npm-families.ts'
import {labelText} from '../../../core/metrics/series-text.ts'
import {sampleLine} from '../../support/metrics/sample-line.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

const all: MetricsOptions = {isLite: false, hasSetCounts: true, isCompared: false}

async function metricsOf(files: Readonly<Record<string, string>>, options: Partial<MetricsOptions> = {}): Promise<Metrics> {
  const documents = Object.entries(files).map(([name, text]): DumpDocument => {
    // Of a dump it is known that no set follows the last one.
    return {name, folder: '', text: [text], ...(name === 'ipset-list.txt' && {kind: 'ipset-list'})}
  })
  const {nodes} = await readDump(documents)
  const metrics = nodeMetrics(nodes[0] as (typeof nodes)[number], {...all, ...options}, [])
  expect(metricsSchema.safeParse(metrics).error).toBeUndefined()
  return metrics
}

const read = (path: string): string => readFileSync(fixture(path), 'utf8')
const filesOf = (folder: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map(name => [name, read(`${folder}/${name}`)]))

const KERNEL = ['iptables-save.txt', 'ipset-save.txt']
const PAGES = ['node-metrics.txt', 'cluster-metrics.txt']

const lines = ({families}: Metrics, prefix: string): string[] =>
  families
    .flatMap(({samples}) => samples.map(sampleLine))
    .filter(line => line.startsWith(prefix))
    .toSorted()
const sourceOf = ({families}: Metrics, name: string): string | undefined => families.find(each => each.name === name)?.source
const reasonOf = ({absent}: Metrics, name: string): string | undefined => absent.find(each => each.name === name)?.reason

const captures = readdirSync(fixture('real-npm')).filter(name => !name.includes('.') && name !== 'school-before')

describe('rules and sets alone', () => {
  test.each(captures)('give the values that Azure NPM itself counted: %s', async name => {
    const metrics = await metricsOf(filesOf(`real-npm/${name}`, [...KERNEL, 'cluster.json']), {isLite: name === 'bank-lite'})
    const page = read(`real-npm/${name}/cluster-metrics.txt`)
      .split('\n')
      .filter(line => /^npm_(?:num|ipset)/.test(line))
    expect(page.length).toBeGreaterThan(30)
    expect([...lines(metrics, 'npm_num_'), ...lines(metrics, 'npm_ipset_')].toSorted()).toEqual(page.toSorted())
    expect(sourceOf(metrics, 'npm_num_policies')).toBe('kernel')
  })

  test.each(captures.filter(name => !['bank-lite', 'garden-oldmarks'].includes(name)))(
    'and objects give the pods that Azure NPM watches: %s',
    async name => {
      const metrics = await metricsOf(filesOf(`real-npm/${name}`, [...KERNEL, 'cluster.json']))
      expect(lines(metrics, 'npm_pods_watched')).toEqual([
        read(`real-npm/${name}/cluster-metrics.txt`)
          .split('\n')
          .find(line => line.startsWith('npm_pods')),
      ])
      expect(sourceOf(metrics, 'npm_pods_watched')).toBe('objects')
    },
  )

  test('of NPM Lite give the pods of its own node', async () => {
    const files = filesOf('real-npm/bank-lite', [...KERNEL, 'cluster.json', 'manager.json'])
    expect(lines(await metricsOf(files, {isLite: true}), 'npm_pods_watched')).toEqual(['npm_pods_watched 4'])
  })

  test('that are not given leave values out', async () => {
    const onlyRules = await metricsOf(filesOf('real-npm/shop-sha256', ['iptables-save.txt']))
    expect(lines(onlyRules, 'npm_num')).toEqual(['npm_num_iptables_rules 57', 'npm_num_policies 8'])
    expect(reasonOf(onlyRules, 'npm_num_ipsets')).toMatch(/not given$/)
    expect(reasonOf(onlyRules, 'npm_agent_differences')).toMatch(/not all given/)
    const onlySets = await metricsOf(filesOf('real-npm/shop-sha256', ['ipset-save.txt']))
    expect(lines(onlySets, 'npm_num')).toEqual(['npm_num_ipset_entries 141', 'npm_num_ipsets 66'])
  })

  test.each(captures)('whose members are only counted give the same counts: %s', async name => {
    const listed = read(`real-npm/${name}/ipset-list.txt`).split('\n')
    const terse = listed.filter(line => line === '' || /^[A-Z][a-z ]+: /.test(line)).join('\n')
    expect(terse).not.toContain('Members')
    const files = filesOf(`real-npm/${name}`, ['iptables-save.txt', 'cluster.json', 'cluster-metrics.txt'])
    const metrics = await metricsOf({...files, 'ipset-list.txt': terse})
    const page = files['cluster-metrics.txt']?.split('\n').filter(line => /^npm_(?:num|ipset)/.test(line))
    expect([...lines(metrics, 'npm_num_'), ...lines(metrics, 'npm_ipset_')].toSorted()).toEqual(page?.toSorted())
    expect(sourceOf(metrics, 'npm_ipset_counts')).toBe('kernel')
    expect(lines(metrics, 'npm_agent_leaked_set_references')).toEqual([])
  })

  test('that are cut off leave values out', async () => {
    const {'iptables-save.txt': rules = '', 'ipset-save.txt': sets = ''} = filesOf('real-npm/shop-sha256', KERNEL)
    const metrics = await metricsOf({rules: rules.slice(0, rules.length / 2), sets: sets.slice(0, sets.length - 9)})
    expect(lines(metrics, 'npm_num')).toEqual([])
  })

  test('of NPM v1 say nothing of what it counted', async () => {
    expect(lines(await metricsOf(filesOf('captures/v1-nft', KERNEL)), 'npm_num')).toEqual([])
  })

  test('without Azure NPM are zero, and nobody watches pods', async () => {
    const metrics = await metricsOf(filesOf('captures/empty-nft', ['iptables-save.txt', 'cluster.yaml']))
    expect(lines(metrics, 'npm_num')).toEqual(['npm_num_iptables_rules 0', 'npm_num_policies 0'])
    expect(lines(metrics, 'npm_pods')).toEqual([])
  })
})

describe("Azure NPM's pages", () => {
  test.each(captures)('are relayed byte for byte, but for help: %s', async name => {
    const metrics = await metricsOf({...filesOf(`real-npm/${name}`, PAGES), rules: '*filter\n:FORWARD ACCEPT [0:0]\n'})
    const npm = metrics.families.filter(({source}) => source === 'npm')
    const pages = filesOf(`real-npm/${name}`, PAGES)
    const expected = Object.values(pages).flatMap(page =>
      page.split('\n').filter(line => line !== '' && !line.startsWith('# HELP')),
    )
    const withSeries = expected.filter(line => {
      const [, , name = ''] = line.split(' ')
      return !line.startsWith('# TYPE') || expected.some(each => each.startsWith(name) && /^[\w]+[{ ]/.test(each))
    })
    const printed = (await exposition(npm)).split('\n').filter(line => line !== '' && !line.startsWith('# HELP'))
    expect(printed.toSorted()).toEqual(withSeries.toSorted())
  })

  test('say seconds and mean milliseconds: our own series means seconds', async () => {
    const page = [
      'npm_linux_iptables_restore_latency_seconds_bucket{operation="create",le="0.016"} 0',
      'npm_linux_iptables_restore_latency_seconds_bucket{operation="create",le="131.072"} 2',
      'npm_linux_iptables_restore_latency_seconds_bucket{operation="create",le="+Inf"} 3',
      'npm_linux_iptables_restore_latency_seconds_sum{operation="create"} 4766.863',
      'npm_linux_iptables_restore_latency_seconds_count{operation="create"} 3',
      '',
    ].join('\n')
    const metrics = await metricsOf({rules: '*filter\n:FORWARD ACCEPT [0:0]\n', 'node-metrics.txt': page})
    const name = 'npm_agent_iptables_restore_duration_seconds'
    expect(metrics.families.find(each => each.name === name)?.samples.map(sampleLine)).toEqual([
      `${name}_bucket{operation="create",le="1.6e-05"} 0`,
      `${name}_bucket{operation="create",le="0.131072"} 2`,
      `${name}_bucket{operation="create",le="+Inf"} 3`,
      `${name}_sum{operation="create"} 4.766863`,
      `${name}_count{operation="create"} 3`,
    ])
    expect(lines(metrics, 'npm_agent_iptables_delete_duration_seconds')).toEqual([])
  })

  test('give what the kernel does not', async () => {
    const metrics = await metricsOf(filesOf('real-npm/shop-sha256', [...PAGES, 'iptables-save.txt']))
    expect(sourceOf(metrics, 'npm_num_policies')).toBe('kernel')
    expect(sourceOf(metrics, 'npm_num_ipsets')).toBe('npm')
    expect(lines(metrics, 'npm_num_ipsets')).toEqual(['npm_num_ipsets 66'])
  })

  test('without a metric say so', async () => {
    const metrics = await metricsOf(filesOf('real-npm/garden-oldmarks', [...KERNEL, ...PAGES, 'cluster.json']))
    expect(reasonOf(metrics, 'npm_pods_watched')).toMatch(/release does not have it/)
  })

  test('have no metrics of Windows on a Linux node', async () => {
    const metrics = await metricsOf(filesOf('real-npm/shop-sha256', [...KERNEL, ...PAGES]))
    expect([...metrics.families, ...metrics.absent].filter(({name}) => name.includes('windows'))).toEqual([])
  })

  test('lose the series of sets when these are switched off', async () => {
    const files = filesOf('real-npm/shop-sha256', [...KERNEL, ...PAGES])
    expect(lines(await metricsOf(files, {hasSetCounts: false}), 'npm_ipset')).toEqual([])
  })
})

describe('our own metrics', () => {
  test('count differences by kind and effect', async () => {
    const files = filesOf('drifted', [...KERNEL, 'cluster.json'])
    const metrics = await metricsOf(files, {isCompared: true})
    const found = lines(metrics, 'npm_agent_differences').filter(line => !line.endsWith(' 0'))
    expect(found).toContain('npm_agent_differences{effect="open",kind="rule"} 1')
    expect(lines(metrics, 'npm_agent_causes').filter(line => !line.endsWith(' 0'))).toContain(
      'npm_agent_causes{kind="policyMissing"} 1',
    )
    expect(lines(metrics, 'npm_agent_clean')).toEqual(['npm_agent_clean 0'])
    expect(lines(await metricsOf(files), 'npm_agent_differences')).toEqual([])
  })

  test('name no zero where a part is not whole', async () => {
    const files = filesOf('real-npm/shop-sha256', ['iptables-save.txt', 'cluster.json'])
    const metrics = await metricsOf(files, {isCompared: true})
    expect(lines(metrics, 'npm_agent_differences').filter(line => line.endsWith(' 0'))).toEqual([])
    expect(lines(metrics, 'npm_agent_incomplete')).not.toContain('npm_agent_incomplete_parts 0')
  })

  test('add up the counters of rules by policy, direction and verdict', async () => {
    const rules = read('real-npm/shop-sha256/iptables-save.txt')
    const counted = rules
      .split('\n')
      .map(line => (/^\[0:0\] -A AZURE-NPM-(?:IN|E)GRESS-\w+ /.test(line) ? line.replace('[0:0]', '[2:100]') : line))
      .join('\n')
    expect(counted).not.toBe(rules)
    const metrics = await metricsOf({counted})
    expect(lines(metrics, 'npm_agent_policy_bytes_total')).toContain(
      'npm_agent_policy_bytes_total{direction="Ingress",policy="shop/default-deny",verdict="drop"} 100',
    )
    const sum = metrics.families
      .find(({name}) => name === 'npm_agent_policy_packets_total')
      ?.samples.reduce((total, {value}) => total + Number(value), 0)
    expect(sum).toBe(2 * (counted.match(/^\[2:100\]/gm)?.length ?? 0))
    const without = await metricsOf({rules: rules.replaceAll(/^\[\d+:\d+\] /gm, '')})
    expect(lines(without, 'npm_agent_policy')).toEqual([])
  })

  test.each(captures)('find no leaked reference on a sound node: %s', async name => {
    const files = filesOf(`real-npm/${name}`, ['iptables-save.txt', 'ipset-list.txt'])
    expect(lines(await metricsOf(files), 'npm_agent_leaked')).toEqual(['npm_agent_leaked_set_references 0'])
  })

  test('count references that nothing explains, and none where rules are missing', async () => {
    const {'iptables-save.txt': rules = '', 'ipset-list.txt': sets = ''} = filesOf('real-npm/clinic-fnv', [
      'iptables-save.txt',
      'ipset-list.txt',
    ])
    const leaked = sets.replace('References: 2', 'References: 7').replace('References: 0', 'References: 1')
    expect(lines(await metricsOf({rules, 'ipset-list.txt': leaked}), 'npm_agent_leaked')).toEqual([
      'npm_agent_leaked_set_references 6',
    ])
    expect(lines(await metricsOf({'ipset-list.txt': leaked}), 'npm_agent_leaked')).toEqual([])
    const cut = rules.slice(0, rules.length / 2)
    expect(lines(await metricsOf({cut, 'ipset-list.txt': leaked}), 'npm_agent_leaked')).toEqual([])
    expect(lines(await metricsOf({rules, sets: leaked}), 'npm_agent_leaked')).toEqual([])
    expect(lines(await metricsOf({rules, ...filesOf('real-npm/clinic-fnv', ['ipset-save.txt'])}), 'npm_agent_leaked')).toEqual([])
  })

  test('compare the fullest set with its limit, and no list with its size', async () => {
    const sets = [
      'create azure-npm-1 hash:net family inet hashsize 1024 maxelem 4',
      'add azure-npm-1 10.0.0.1',
      'create azure-npm-2 list:set size 1',
      'add azure-npm-2 azure-npm-1',
    ]
    expect(lines(await metricsOf({sets: `${sets.join('\n')}\n`}), 'npm_agent_ipset_fill')).toEqual([
      'npm_agent_ipset_fill_ratio 0.25',
    ])
  })
})

test('every capture gives each series once', async () => {
  for (const name of captures) {
    const files = filesOf(`real-npm/${name}`, [...KERNEL, ...PAGES, 'cluster.json'])
    const {families} = await metricsOf(files, {isCompared: true})
    const series = families.flatMap(({samples}) => samples.map(sample => sample.name + labelText(sample.labels)))
    expect(new Set(series).size).toBe(series.length)
    const wrong = families
      .flatMap(({name: family, samples}) => samples.map(sample => ({family, sample})))
      .filter(({family, sample}) => !sampleLine(sample).startsWith(family))
    expect(wrong).toEqual([])
  }
})

test('there are 25 metrics of Azure NPM', () => {
  expect(new Set(npmFamilies.map(({name}) => name)).size).toBe(25)
})

test('docs/metrics.md has all metrics', async () => {
  const path = '../../../docs/metrics.md'
  const document = readFileSync(new URL(path, import.meta.url), 'utf8')
  await expect(withFamilyTables(document)).toMatchFileSnapshot(path)
})
