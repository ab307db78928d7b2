import {createHash} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {limits} from '../../../agent/limits/limits.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {readLocalNode} from '../../../agent/node/local-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {liveNode} from '../../../core/live/live-node.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {fixtureState} from '../../support/hns/state.ts'
import {hnsCluster, WINDOWS_NODE} from '../../support/windows/hns-cluster.ts'

const noTool = () => {
  throw new Error('a tool of Linux was run')
}

/** A reader that reads again each time, unless it is told how long what it knows is good. */
function watched(liveSetsMs = 0) {
  const emulator = new HnsEmulator(fixtureState())
  const hns = openHns(emulator, {callMs: 10_000, pausesMs: []})
  const source = {hns, run: noTool, start: noTool, legacyTables: noTool}
  const reader = openLiveReader({...source, limits: {...limits, liveSetsMs}, npmPort: 1})
  return {emulator, source, look: () => reader.once(0), [Symbol.dispose]: () => reader.stop()}
}

describe('a Windows node that is watched', () => {
  test('has its policies, rules and sets counted, and no packet', async () => {
    using node = watched()
    const {summary, counters, sets} = await node.look()
    expect(summary).toMatchObject({
      policies: 3,
      rules: 20,
      sets: 29,
      newConnections: null,
      drops: null,
      dropBytes: null,
      active: true,
      connections: null,
      npm: null,
    })
    expect(counters.hasCounters).toBe(false)
    expect(sets.get('azure-npm-3o4isrm3zixxbgwdlob1')).toBe(3)
    expect(node.emulator.openHandles).toBe(0)
  })

  test('has the structure that whoever reads its documents finds', async () => {
    using node = watched()
    const {structure} = await node.look()
    const {documents} = await readLocalNode(node.source)
    const [state] = (await readDump(documents)).nodes
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    const live =
      state && liveNode(state.with({node: WINDOWS_NODE, cluster: hnsCluster()}), {at: new Date().toISOString(), sha256})
    expect(live?.structure).toBe(structure)
    expect(live?.policies.map(({policy}) => policy)).toContain('shop/api-to-db')
  })

  test('has another structure when a rule is gone, and the same when nothing has changed', async () => {
    using node = watched()
    const first = await node.look()
    const second = await node.look()
    expect(second.counters.structure).toBe(first.counters.structure)
    const endpoint = node.emulator.endpointAt('10.240.0.13')
    endpoint.document.Policies = endpoint.document.Policies.filter(({Settings}) => Settings['Id'] !== 'azure-acl-shop-api-to-db')
    const third = await node.look()
    expect(third.structure).not.toBe(first.structure)
    expect(third.summary).toMatchObject({policies: 2, rules: 17})
  })

  test('is not read again at each look', async () => {
    using node = watched(60_000)
    await node.look()
    const calls = node.emulator.calls.length
    expect((await node.look()).summary.policies).toBe(3)
    expect(node.emulator.calls).toHaveLength(calls)
  })

  test('of which an endpoint is not known has an unknown number of policies', async () => {
    using node = watched()
    node.emulator.cni.degrade(node.emulator.endpointAt('10.240.0.13').document.ID)
    expect((await node.look()).summary).toMatchObject({policies: null, rules: 12, sets: 29})
  })

  test('that HNS says nothing of is no node without rules', async () => {
    using node = watched()
    node.emulator.service = 'notStarted'
    await expect(node.look()).rejects.toThrow('ERROR_SERVICE_NOT_ACTIVE')
  })
})
