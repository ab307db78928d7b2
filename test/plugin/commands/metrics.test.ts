import {spawnSync} from 'node:child_process'
import {describe, expect, test} from 'vitest'
import {metricsSchema} from '../../../core/contract/metrics.ts'
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
