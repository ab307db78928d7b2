import {spawnSync} from 'node:child_process'
import {describe, expect, test} from 'vitest'
import {metricsListSchema, metricsSchema} from '../../../core/contract/metrics.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

describe('the exposition', () => {
  const check = (input: string) => {
    const {status, stdout, stderr} = spawnSync('promtool', ['check', 'metrics'], {input, encoding: 'utf8'})
    return {status, said: stdout + stderr}
  }

  test.skipIf(!hasPromtool).each(['real-npm/shop-sha256', 'real-npm/school-changed', 'dump-v1/clinic', 'captures/v1-nft'])(
    'of %s is good in the eyes of promtool (package prometheus)',
    async dump => {
      const {stdout, exitCode} = await runCli(['metrics', '--from', fixture(dump), '-o', 'prometheus'])
      expect(exitCode).toBe(0)
      expect(stdout).toContain('npm_agent_incomplete_parts')
      expect(check(stdout)).toEqual({status: 0, said: ''})
    },
  )

  test.skipIf(!hasPromtool)('would not be, were it wrong', () => {
    expect(check('npm_num_policies{ 1\n').status).not.toBe(0)
  })
})

test('json keeps to the schema, with NaN as text', async () => {
  const {stdout, exitCode} = await runCli(['metrics', '--from', fixture('real-npm/shop-sha256'), '-o', 'json', '--no-compare'])
  expect(exitCode).toBe(0)
  const {families, absent} = metricsSchema.parse(JSON.parse(stdout))
  expect(families.map(({name}) => name)).toContain('npm_num_policies')
  expect(absent.map(({name}) => name)).toContain('npm_agent_differences')
})

test('a damaged line of a page is told, and all else is read', async () => {
  const page = 'npm_num_ipset_entries one\nnpm_num_ipsets 3\n'
  const rules = fixture('real-npm/shop-sha256/iptables-save.txt')
  const {stdout, stderr, exitCode} = await runCli(['metrics', '--from', rules, '--from', '-', '-o', 'prometheus'], {stdin: page})
  expect(stdout).toContain('\nnpm_num_ipsets 3\n')
  expect(stdout).not.toContain('npm_num_ipset_entries')
  expect(stderr).toMatch(/stdin:1/)
  expect(exitCode).toBe(0)
})

test('the series of sets can be switched off', async () => {
  const dump = ['metrics', '--from', fixture('real-npm/shop-sha256'), '-o', 'prometheus', '--no-compare']
  expect((await runCli(dump)).stdout).toContain('npm_ipset_counts{')
  expect((await runCli([...dump, '--no-ipset-counts'])).stdout).not.toContain('npm_ipset_counts{')
})

describe('several nodes', () => {
  const dump = ['metrics', '--from', fixture('two-nodes'), '--no-compare']

  test('are one page for Prometheus, in which each series tells its node', async () => {
    const {stdout, exitCode} = await runCli([...dump, '-o', 'prometheus'])
    expect(exitCode).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    const types = lines.filter(line => line.startsWith('# TYPE'))
    expect(new Set(types).size).toBe(types.length)
    const series = lines.filter(line => !line.startsWith('#'))
    expect(series.filter(line => !/\{node="aks-oven-[01]"/.test(line))).toEqual([])
    expect(series.filter(line => line.startsWith('npm_num_policies'))).toHaveLength(2)
    if (hasPromtool) expect(spawnSync('promtool', ['check', 'metrics'], {input: stdout}).status).toBe(0)
  })

  test('are a document each, and one alone is as it was', async () => {
    const {items, failures} = metricsListSchema.parse(JSON.parse((await runCli([...dump, '-o', 'json'])).stdout))
    expect([items.map(({node}) => node), failures]).toEqual([['aks-oven-0', 'aks-oven-1'], []])
    const one = await runCli([...dump, '--node', 'aks-oven-1', '-o', 'json'])
    expect(metricsSchema.parse(JSON.parse(one.stdout))).toEqual(items[1])
    expect((await runCli([...dump, '--node', 'aks-oven-1', '-o', 'prometheus'])).stdout).not.toContain('node="')
  })

  test('are a table each', async () => {
    const {stdout} = await runCli(dump)
    expect(stdout).toMatch(/^Node aks-oven-0\n[^]*\nNode aks-oven-1\n/)
  })

  test('that are not there are told', async () => {
    const {stderr, exitCode} = await runCli([...dump, '--node', 'node3'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('node3')
  })
})
