import {describe, expect, test} from 'vitest'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {runCli} from '../../support/plugin/run-cli.ts'
import {apiFor, onTerminal, resultOf, startNode} from '../../support/plugin/written-nodes.ts'

/** What follows a write: it is confirmed, or taken back. Agents are played. */

describe('a write that is to be confirmed', () => {
  const awaiting = {outcome: 'awaitingConfirmation', confirmWithinMs: 60_000} as const

  test('says how, where nobody is asked', async () => {
    await using node = await startNode('aks-1', {result: awaiting})
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['apply', '--yes', '--confirm-within', '60s'], {env: api.env})
    expect(stdout).toContain('the node goes back by itself in 60 s unless this is confirmed')
    expect(stdout).toContain('Keep it: kubectl npm confirm --node aks-1')
    expect(exitCode).toBe(0)
    expect(node.written.asked).toEqual([['apply', {stagedId: 'staged', confirmWithinMs: 60_000}]])
  })

  test.each([
    {typed: 'y', verb: 'confirm', exitCode: 0, input: {id: '0007-20261130T090000Z'}},
    {typed: 'n', verb: 'rollback', exitCode: 1, input: {to: '0007-20261130T090000Z'}},
  ])('at a terminal $typed is a $verb, over a new connection', async ({typed, verb, exitCode, input}) => {
    await using node = await startNode('aks-1', {
      procedures: {
        applyPlan: () => resultOf('aks-1', awaiting),
      },
    })
    await using api = await apiFor({'aks-1': node})
    const result = await onTerminal(['apply', '--confirm-within', '60s'], ['y', typed], api.env)
    expect(result.screen).toContain('Keep it?')
    expect(node.written.asked).toEqual([[verb, input]])
    expect(result.exitCode).toBe(exitCode)
    const connections = node.agent.calls.filter(name => name === 'hello').length
    expect(connections).toBe(3)
  })

  test('is taken back where nobody answers in time', async () => {
    await using node = await startNode('aks-1', {procedures: {applyPlan: () => resultOf('aks-1', awaiting)}})
    await using api = await apiFor({'aks-1': node})
    const {screen, exitCode} = await onTerminal(['apply', '--confirm-within', '1s'], ['y'], api.env)
    expect(screen).toContain('rolled back: it was not confirmed in time')
    expect(exitCode).toBe(1)
    expect(node.written.asked).toEqual([])
  })

  test('confirm says when nothing waits, and status what does', async () => {
    const failed = {
      outcome: 'failed',
      state: 'after',
      failedAt: {step: 0, operation: '', message: 'no write awaits a confirmation', next: 'Look.'},
    } as const
    const writes: WriteStatus = {
      pending: {id: '0007-20261130T090000Z', by: 'JTI=7', since: '2026-11-30T09:00:00Z', secondsLeft: 42},
      restorePoints: [
        {
          id: '0007-20261130T090000Z',
          takenAt: '2026-11-30T09:00:00Z',
          by: 'JTI=7',
          verb: 'apply',
          outcome: 'awaitingConfirmation',
        },
      ],
    }
    const status = {
      node: 'aks-1',
      version: '0.1.0',
      startedAt: '2026-11-30T08:00:00Z',
      knowledge: {state: 'live', pods: 1, namespaces: 1, policies: 1},
      connections: 1,
      subscriptions: 0,
      memoryBytes: 80_000_000,
      backend: 'nft',
      writes,
    }
    await using node = await startNode('aks-1', {result: failed, procedures: {writes: () => writes, status: () => status}})
    await using api = await apiFor({'aks-1': node})
    const confirmed = await runCli(['confirm'], {env: api.env})
    expect(confirmed.stderr).toContain('error: node aks-1: no write awaits a confirmation; the node has what was asked for')
    expect(confirmed.exitCode).toBe(2)
    const shown = await runCli(['status'], {env: api.env})
    expect(shown.stdout).toContain('unconfirmed, back in 42 s')
    expect(shown.stdout).toContain('write 0007-20261130T090000Z of JTI=7 awaits its confirmation')
    expect(shown.stdout).toContain('kubectl npm confirm --node aks-1')
    const list = await runCli(['rollback', '--list'], {env: api.env})
    expect(list.stdout).toMatch(/aks-1 +0007-20261130T090000Z +2026-11-30T09:00:00Z +JTI=7 +apply +awaiting confirmation/)
    expect(list.exitCode).toBe(0)
    const json = await runCli(['rollback', '--list', '-o', 'json'], {env: api.env})
    expect(JSON.parse(json.stdout)).toMatchObject({kind: 'WriteStatusList', items: [{node: 'aks-1', ...writes}]})
    expect(api.requests.filter(each => each.includes('npm-operator'))).toHaveLength(1)
  })
})

describe('rollback', () => {
  test('takes back the last write, or returns to the restore point that is named', async () => {
    await using node = await startNode('aks-1', {result: {state: 'after'}})
    await using api = await apiFor({'aks-1': node})
    const {stdout, exitCode} = await runCli(['rollback', '--yes'], {env: api.env})
    expect(stdout).toBe('node aks-1: rolled back; the node has what it had before (1 operation in 0.12 s)\n')
    expect(exitCode).toBe(0)
    await runCli(['rollback', '--yes', '--to', 'r3'], {env: api.env})
    expect(node.written.asked).toEqual([
      ['rollback', {}],
      ['rollback', {to: 'r3'}],
    ])
  })

  test('of several nodes is asked about once, and --to is of one node', async () => {
    await using one = await startNode('aks-1')
    await using two = await startNode('aks-2')
    await using api = await apiFor({'aks-1': one, 'aks-2': two})
    const named = await runCli(['rollback', '--yes', '--to', 'r3'], {env: api.env})
    expect(named.stderr).toContain('--to r3 is of one node, and 2 are meant')
    const {screen, exitCode} = await onTerminal(['rollback'], ['y'], api.env)
    expect(screen).toContain('Take back the last write to 2 nodes? [y/N]')
    expect(exitCode).toBe(0)
    expect([one, two].map(({written}) => written.asked.length)).toEqual([1, 1])
  })
})
