import {dirname} from 'node:path'
import {describe, expect, test} from 'vitest'
import {readLocalCluster, readLocalStatus} from '../../../plugin/agents/local-agent.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {openAgent} from '../../support/agent/open-agent.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const {signal} = new AbortController()

describe('the agent of this machine', () => {
  test('gives its status to root, without a token', async () => {
    await using agent = await openAgent()
    const status = await readLocalStatus(dirname(agent.rootSocket ?? ''), signal)
    expect(status).toMatchObject({node: 'bakery-1', version: '1.2.3', knowledge: {state: 'off'}, connections: 1})
    expect(agent.reviews.tokenReviews).toEqual([])
    await expect.poll(() => agent.log.at(-1)).toContain('a client has gone')
  })

  test('gives the cluster objects that it has, and how old they are', async () => {
    const watch = new FakeWatch()
    watch.state = 'stale'
    watch.failure = 'connect ECONNREFUSED'
    await using agent = await openAgent({watch})
    const read = await readLocalCluster(signal, dirname(agent.rootSocket ?? ''))
    expect(read?.documents.map(({name, folder, text}) => ({name, folder, text: text.join('')}))).toEqual([
      {name: "the agent's cluster.json", folder: 'local', text: '{"apiVersion":"v1","kind":"List","items":[]}'},
    ])
    expect(read?.problems).toMatchObject([{code: 'OLD_OBJECTS', message: expect.stringContaining('connect ECONNREFUSED')}])
    await expect.poll(() => agent.log.at(-1)).toContain('a client has gone')
  })

  test('gives no objects when it does not watch the cluster', async () => {
    await using agent = await openAgent()
    expect(await readLocalCluster(signal, dirname(agent.rootSocket ?? ''))).toEqual({documents: [], problems: []})
  })

  test('may not be there', async () => {
    await using folder = await temporaryFolder()
    expect(await readLocalCluster(signal, folder.path)).toBeUndefined()
    expect(await readLocalStatus(folder.path, signal)).toBeUndefined()
  })

  test('is not asked by who has been interrupted', async () => {
    await using agent = await openAgent()
    const read = readLocalCluster(AbortSignal.abort(new Error('interrupted')), dirname(agent.rootSocket ?? ''))
    await expect(read).rejects.toThrow('interrupted')
  })
})
