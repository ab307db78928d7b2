import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {describeKernel} from '../../support/kernel/describe.ts'
import {NodeLab, policy, valuesAt} from '../../support/metrics/node-lab.ts'

/*
 * Real connections through a real kernel, and exactly as many in the metrics: whatever happens to rules, counters and the agent between.
 */

const dbFromWeb = policy('db-from-web', 'db', 'web')
const series = (kind: string, verdict: string) =>
  `npm_agent_policy_${kind}_total{direction="Ingress",policy="shop/db-from-web",verdict="${verdict}"}`

describeKernel('what connections were counted', () => {
  test('stays right across reset counters, replaced rules, a restarted agent and an apply', async () => {
    await using lab = await NodeLab.open()
    await lab.program(dbFromWeb)
    const truth = {allowed: 0, dropped: 0}
    const allowed = async (count: number) => {
      await lab.allowed(count)
      truth.allowed += count
    }
    const dropped = async (count: number) => {
      await lab.dropped(count)
      truth.dropped += count
    }
    const check = async (agent: {readonly metricsPort: number | undefined}, when: string) => {
      const values = await valuesAt(agent.metricsPort)
      expect({
        when,
        allowed: values.get(series('packets', 'allow')),
        dropped: values.get(series('packets', 'drop')),
        all: values.get('npm_agent_new_connections_total'),
        drops: values.get('npm_agent_drops_total'),
      }).toEqual({
        when,
        ...truth,
        all: truth.allowed + truth.dropped,
        drops: truth.dropped,
      })
    }
    const tool = (...args: string[]) => lab.writing.namespace.run('iptables-nft', args)

    let agent = await lab.agent()
    await allowed(5)
    await dropped(3)
    await check(agent, 'at first')
    await allowed(2)
    await check(agent, 'after more')
    await tool('-Z')
    await check(agent, 'after a reset')
    await allowed(4)
    await check(agent, 'after a reset and more')
    await lab.writing.load(lab.stateOf(dbFromWeb))
    await check(agent, 'after the rules were written anew')
    await allowed(3)
    await dropped(1)
    await check(agent, 'after the rules were written anew, and more')
    await agent.end()
    await allowed(6)
    agent = await lab.agent()
    await check(agent, 'after the agent was away')
    await agent[Symbol.asyncDispose]()
    await tool('-Z')
    await allowed(1)
    agent = await lab.agent()
    await check(agent, 'after a reset while the agent was away')

    const before = await lab.writing.read()
    await lab.writing.load(lab.stateOf(dbFromWeb, policy('web-from-db', 'web', 'db')))
    const wanted = await lab.writing.read()
    await lab.writing.load(lab.stateOf(dbFromWeb))
    await check(agent, 'before an apply')
    await using writer = await lab.writing.writer()
    const {file} = await lab.writing.plan({...before, ...(await lab.writing.read())}, wanted)
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result).toMatchObject({outcome: 'applied'})
    await allowed(2)
    await dropped(2)
    await check(agent, 'after an apply')
    await agent[Symbol.asyncDispose]()
  })

  test('is not taken twice when a tool fails between', async () => {
    await using lab = await NodeLab.open()
    await lab.program(dbFromWeb)
    await using agent = await lab.agent()
    await lab.allowed(3)
    expect((await valuesAt(agent.metricsPort)).get(series('packets', 'allow'))).toBe(3)
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    const without = await valuesAt(agent.metricsPort)
    process.env['PATH'] = path
    // Nothing new is known, and nothing is forgotten.
    expect(without.get('npm_num_policies')).not.toBe(0)
    expect(without.get('npm_agent_new_connections_total')).toBe(3)
    await lab.allowed(1)
    expect((await valuesAt(agent.metricsPort)).get(series('packets', 'allow'))).toBe(4)
  })

  test('begins anew, and says so, when what was kept is damaged', async () => {
    await using lab = await NodeLab.open()
    await lab.program(dbFromWeb)
    const first = await lab.agent()
    await lab.allowed(3)
    await valuesAt(first.metricsPort)
    await first.end()
    const file = join(lab.writing.stateDir, '..', 'agent', 'counted-rules.json')
    await first[Symbol.asyncDispose]()
    await writeFile(file, '{"sha256":"no')
    await using second = await lab.agent()
    expect((await valuesAt(second.metricsPort)).get(series('packets', 'allow'))).toBe(3)
    expect(second.log.join('\n')).toContain('it begins anew')
  })
})
