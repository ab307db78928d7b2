import {test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {readLocalNode} from '../../../agent/node/local-node.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {translateNode} from '../../../core/translate/translate-node.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {brokenInvariants, keptPolicies, outOfOrder} from '../../support/hns/invariants.ts'
import {program, stateBefore} from '../../support/hns/programmed.ts'
import {allSettings} from '../../support/hns/settings.ts'
import {AZURE_NETWORK, fixtureState} from '../../support/hns/state.ts'
import {hnsCluster, WINDOWS_NODE} from '../../support/windows/hns-cluster.ts'
import {hnsFixture} from '../../support/windows/hns-fixture.ts'

const noTool = () => {
  throw new Error('a tool of Linux was run')
}

const opened = (emulator: HnsEmulator) => openHns(emulator, {callMs: 10_000, pausesMs: []})

/** Reads a node as `--local` does. */
async function read(emulator: HnsEmulator, objects: ClusterObjects, node: string) {
  const {documents, problems} = await readLocalNode({hns: opened(emulator), run: noTool, start: noTool, legacyTables: noTool})
  const {nodes, problems: unread} = await readDump(documents)
  const [state] = nodes
  return {state: state?.with({node, cluster: objects}), problems: problems.map(({message}) => message), unread}
}

async function stateOf(emulator: HnsEmulator, objects: ClusterObjects, node: string): Promise<NodeState> {
  const {state} = await read(emulator, objects, node)
  if (!state) throw new Error('nothing was read')
  return state
}

const onNode = (objects: ClusterObjects): ClusterObjects => ({
  ...objects,
  nodes: [
    {
      metadata: {name: 'node', labels: {'kubernetes.io/os': 'windows'}},
      status: {addresses: [{type: 'InternalIP', address: '192.168.0.4'}]},
    },
  ],
})

describe.for(Object.entries(allSettings))('HNS that is %s', ([, settings]) => {
  propertyTest.prop([cluster], {numRuns: 25})(
    'has what policies ask for when it was asked for it, and is read as that',
    async given => {
      const objects = onNode(given)
      const emulator = new HnsEmulator(stateBefore(objects, 'node'), settings)
      const kept = keptPolicies(emulator.state)
      await program(opened(emulator), objects, 'node')
      expect(brokenInvariants(emulator, kept)).toEqual([])
      expect(outOfOrder(emulator)).toEqual([])
      if (emulator.state.endpoints.length === 0) return
      const state = await stateOf(emulator, objects, 'node')
      expect(diffNode(state, {isLite: false}, [])).toMatchObject({items: [], incomplete: []})
      expect(translateNode(state).facts).toMatchObject({backend: 'hns', unresolved: [], problems: []})
      expect(emulator.openHandles).toBe(0)
    },
  )
})

const policies = hnsFixture('policies.json') as {items: ClusterObjects['policies']}
const shop = hnsCluster(policies.items)
const API = '7B4F6F0E-2222-4B5E-9D10-0A1B2C3D4E02'
const DB = '7B4F6F0E-3333-4B5E-9D10-0A1B2C3D4E03'
const apiToDb = {source: 'shop/api-1', destination: 'shop/db-1', protocol: 'tcp', port: '5432'} as const

describe('a node that is not read whole', () => {
  test('is clean when all of it is read', async () => {
    const state = await stateOf(new HnsEmulator(fixtureState()), shop, WINDOWS_NODE)
    expect(diffNode(state, {isLite: false}, [])).toMatchObject({clean: true, incomplete: []})
    expect(tracePacket([state], apiToDb, [])).toMatchObject({verdict: 'accept'})
  })

  test('of an endpoint that is degraded nothing is known, and of the others all', async () => {
    const emulator = new HnsEmulator(fixtureState())
    emulator.cni.degrade(DB)
    const {state, problems} = await read(emulator, shop, WINDOWS_NODE)
    expect(problems).toEqual([expect.stringContaining('HCN_E_DEGRADED_OPERATION')])
    if (!state) throw new Error('nothing was read')
    const drift = diffNode(state, {isLite: false}, [])
    expect(drift.clean).toBe(false)
    expect(drift.items).toEqual([])
    expect(drift.incomplete).toEqual([expect.objectContaining({part: 'endpoints', reason: 'HNS did not give one endpoint'})])
    expect(tracePacket([state], apiToDb, [])).toMatchObject({verdict: 'unknown'})
  })

  test('of a network that is degraded no set is known, and none is missing', async () => {
    const emulator = new HnsEmulator(fixtureState())
    emulator.cni.degrade(AZURE_NETWORK)
    const {state, problems} = await read(emulator, shop, WINDOWS_NODE)
    expect(problems).toEqual([expect.stringContaining('HCN_E_DEGRADED_OPERATION')])
    if (!state) throw new Error('nothing was read')
    const drift = diffNode(state, {isLite: false}, [])
    expect(drift.clean).toBe(false)
    expect(drift.items).toEqual([])
    expect(drift.incomplete.map(({part}) => part)).toContain('sets')
    expect(tracePacket([state], apiToDb, [])).toMatchObject({verdict: 'unknown'})
  })

  test('a pod whose endpoint vanishes while it is read is unknown, and no difference', async () => {
    const emulator = new HnsEmulator(fixtureState())
    emulator.before = (verb, _object, id) => {
      if (verb === 'query' && id === API) emulator.cni.remove(API)
    }
    const {state, problems} = await read(emulator, shop, WINDOWS_NODE)
    expect(problems).toEqual([])
    if (!state) throw new Error('nothing was read')
    const drift = diffNode(state, {isLite: false}, [])
    expect(drift.clean).toBe(false)
    expect(drift.items).toEqual([])
    expect(drift.incomplete.map(({part}) => part)).toEqual(['endpoint of pod shop/api-1'])
    expect(tracePacket([state], apiToDb, [])).toMatchObject({verdict: 'unknown'})
  })

  test.for([
    ['a service that is stopped', {service: 'notStarted'}, 'ERROR_SERVICE_NOT_ACTIVE'],
    ['a caller who is not permitted', {isAccessDenied: true}, 'E_ACCESSDENIED'],
  ] as const)('%s gives no node at all', async ([, fault, name]) => {
    const emulator = new HnsEmulator(fixtureState())
    Object.assign(emulator, fault)
    const {state, problems} = await read(emulator, shop, WINDOWS_NODE)
    expect(state?.completeness).toMatchObject({rules: 'absent', sets: 'absent'})
    expect(problems).toEqual([expect.stringContaining(name), expect.stringContaining(name)])
  })

  test('a node without pods has no endpoints, and that is known', async () => {
    const emulator = new HnsEmulator(fixtureState())
    emulator.state.endpoints.length = 0
    const nobody = {...shop, pods: shop.pods.filter(({spec}) => spec?.nodeName !== WINDOWS_NODE)}
    const {completeness} = await stateOf(emulator, nobody, WINDOWS_NODE)
    expect(completeness).toMatchObject({rules: 'whole', sets: 'whole'})
  })
})
