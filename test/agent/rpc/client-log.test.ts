import {describe, expect, test} from 'vitest'
import type {Caller} from '../../../agent/auth/caller.ts'
import {limits} from '../../../agent/limits/limits.ts'
import {refused} from '../../../agent/limits/refusal.ts'
import {ClientLog} from '../../../agent/rpc/client-log.ts'

const caller: Caller = {
  kind: 'account',
  account: 'viewer',
  user: {username: 'system:serviceaccount:kubectl-npm:npm-viewer'},
  tokenHash: 'x',
  credential: 'JTI=7',
  until: 0,
}
const facts = {client: 'system:serviceaccount:kubectl-npm:npm-viewer', credential: 'JTI=7'}

function openClientLog() {
  const lines: object[] = []
  const note = (level: string) => (fields: object, message: string) => void lines.push({level, message, ...fields})
  const log = {info: note('info'), warn: note('warn'), error: note('error'), audit: note('audit')}
  return {lines, log: new ClientLog(log, limits)}
}

describe('the log of clients', () => {
  test('says who has come, which requests failed, and who has gone', () => {
    const {lines, log} = openClientLog()
    const connection = log.connected(caller)
    connection.failed({code: 'INTERNAL_SERVER_ERROR', message: 'broken'}, 'status')
    connection.gone(1000, 'done')
    expect(lines).toEqual([
      {level: 'audit', message: 'a client has connected', ...facts},
      {level: 'warn', message: 'a request failed', ...facts, path: 'status', code: 'INTERNAL_SERVER_ERROR', error: 'broken'},
      {level: 'audit', message: 'a client has gone', ...facts, code: 1000, reason: 'done', failedRequests: 1},
    ])
  })

  test('shows the beginning of what a client sent, once, and of many requests that fail a few', () => {
    const {lines, log} = openClientLog()
    const connection = log.connected(caller)
    const path = 'x'.repeat(60_000)
    for (let request = 0; request < 100_000; request++)
      connection.failed({code: 'NOT_FOUND', message: `No procedure found on path "${path}"`}, path)
    connection.gone(1006, '')
    expect(lines).toHaveLength(2 + limits.loggedFailures)
    expect(lines[1]).toEqual({
      level: 'warn',
      message: 'a request failed',
      ...facts,
      code: 'NOT_FOUND',
      error: expect.stringMatching(/^No procedure found on path "x+…$/),
    })
    expect(JSON.stringify(lines).length).toBeLessThan(3000)
    expect(lines.at(-1)).toMatchObject({failedRequests: 100_000})
  })

  test('is as short when the requests come through many connections, and when many are refused', () => {
    const {lines, log} = openClientLog()
    for (let connection = 0; connection < 200; connection++) log.connected(caller).failed({code: 'NOT_FOUND', message: 'no'}, 'x')
    for (let refusal = 0; refusal < 1000; refusal++) {
      log.refused(refused('BAD_TOKEN', 'the token is bad', 'Run the command again.'))
      log.refused(new Error('broken'))
    }
    const of = (message: string) => lines.filter(line => (line as {message: string}).message === message)
    expect(of('a client has connected')).toHaveLength(200)
    expect(of('a request failed')).toHaveLength(limits.loggedLines)
    expect(of('a client was refused').length + of('signing in failed').length).toBe(limits.loggedLines)
    expect(of('signing in failed')[0]).toMatchObject({level: 'error', error: 'Error: broken'})
  })

  test('says nothing of requests that were refused in words: that is an answer', () => {
    const {lines, log} = openClientLog()
    const connection = log.connected(caller)
    connection.failed({code: 'FORBIDDEN', message: 'no', cause: refused('FORBIDDEN', 'no', 'Ask.')}, 'status')
    connection.gone(1000, '')
    expect(lines).toEqual([expect.anything(), {level: 'audit', message: 'a client has gone', ...facts, code: 1000, reason: ''}])
  })
})
