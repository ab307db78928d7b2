import {expect, test} from 'vitest'
import type {AgentStatus, Procedure} from '../../../core/contract/agent.ts'
import {type AgentProcess, startAgentProcess} from '../../support/agent/agent-process.ts'
import {describeKernel} from '../../support/kernel/describe.ts'

const HEAP_MB = 96

const count = ({log}: AgentProcess, message: string): number => log.filter(line => line.includes(message)).length

describeKernel('in a small heap, requests that fail', () => {
  test('with a path of 60,000 characters take no memory, and are a few short lines of the log', async () => {
    await using agent = await startAgentProcess({heapMb: HEAP_MB})
    await using client = await agent.connect()
    const path = 'x'.repeat(60_000) as Procedure
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.allSettled(Array.from({length: 100}, () => client.ask(path)))
      expect(answers.every(({status}) => status === 'rejected')).toBe(true)
    }
    expect(await client.ask<AgentStatus>('status')).toMatchObject({connections: 1})
    expect(agent.isAlive).toBe(true)
    expect(agent.log.join('\n').length).toBeLessThan(10_000)
    expect(count(agent, 'a request failed')).toBe(3)
    await client[Symbol.asyncDispose]()
    await expect.poll(() => agent.log.at(-1)).toMatch(/"failedRequests":2000.*a client has gone/)
  })

  test('and whose answers nobody reads are cut off', async () => {
    await using agent = await startAgentProcess({heapMb: HEAP_MB})
    await using client = await agent.connect()
    client.socket.pause()
    const request = JSON.stringify({id: 1, method: 'query', params: {path: 'x'.repeat(60_000)}})
    for (let sent = 0; sent < 2000; sent++) client.socket.send(request)
    await using other = await agent.connect()
    expect(await other.ask<AgentStatus>('status')).toMatchObject({node: 'bakery-1'})
    expect(agent.isAlive).toBe(true)
  })
})
