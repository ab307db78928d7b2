import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {HnsObject} from '../../../agent/hns/functions.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {HnsEmulator} from './emulator.ts'
import {codes} from './fault.ts'
import {brokenInvariants, keptPolicies, outOfOrder} from './invariants.ts'
import {servedHns, serveHns} from './served.ts'
import {lenient, strict} from './settings.ts'
import {AZURE_NETWORK, emptyState, fixtureState} from './state.ts'

const WEB = '7B4F6F0E-1111-4B5E-9D10-0A1B2C3D4E01'
const REMOTE = '7B4F6F0E-9999-4B5E-9D10-0A1B2C3D4E09'
const KNOWN = 'azure-npm-3o4isrm3zixxbgwdlob1'

const setOf = (Id: string, Values: string, PolicyType = 'IPSET') => ({
  Type: 'SetPolicy',
  Settings: {Id, Name: `name of ${Id}`, PolicyType, Values},
})
const aclOf = (more: object) => ({Type: 'ACL', Settings: {Action: 'Allow', Direction: 'In', ...more}})
const request = (RequestType: string, ...Policies: readonly object[]) =>
  JSON.stringify({ResourceType: 'Policy', RequestType, Settings: Policies.length > 0 ? {Policies} : {}})

async function modified(emulator: HnsEmulator, object: HnsObject, id: string, text: string): Promise<number> {
  const {handle = 0} = await emulator.open(object, id)
  const {hresult} = await emulator.modify(object, handle, text)
  await emulator.close(object, handle)
  return hresult
}

function fixture(settings = strict): HnsEmulator {
  const emulator = new HnsEmulator(fixtureState(), settings)
  emulator.cni.create({id: REMOTE, address: '10.240.0.99', isRemote: true})
  return emulator
}

describe('what the emulator refuses', () => {
  test.for([
    ['what is no JSON', 'network', 'nonsense', codes.invalidJson],
    ['a member that nobody knows', 'network', '{"ResourceType":"Policy","RequestType":"Add","Setttings":{}}', codes.invalidJson],
    ['a request that nobody knows', 'network', request('Put'), codes.invalidJson],
    ['an id that is spelt ID', 'endpoint', request('Add', aclOf({ID: 'x'})), codes.invalidJson],
    ['a priority that is too high', 'endpoint', request('Add', aclOf({Priority: 65_536})), codes.invalidJson],
    ['a priority that is text', 'endpoint', request('Add', aclOf({Priority: '1'})), codes.invalidJson],
    ['a type that nobody knows', 'endpoint', request('Add', {Type: 'Ghost', Settings: {}}), codes.invalidPolicyType],
    ['a set on an endpoint', 'endpoint', request('Add', setOf('azure-npm-1', '')), codes.invalidPolicyType],
    ['a rule without a direction', 'endpoint', request('Add', aclOf({Direction: undefined})), codes.invalidPolicy],
    ['a rule with another action', 'endpoint', request('Add', aclOf({Action: 'Deny'})), codes.invalidPolicy],
    ['the word Any', 'endpoint', request('Add', aclOf({LocalAddresses: 'Any'})), codes.invalidPolicy],
    ['a set that is not there', 'endpoint', request('Add', aclOf({LocalAddresses: 'azure-npm-1'})), codes.invalidPolicy],
    ['ids beside addresses', 'endpoint', request('Add', aclOf({LocalAddresses: `${KNOWN},10.0.0.1`})), codes.invalidPolicy],
    ['a set without a type', 'network', request('Add', setOf('azure-npm-1', '', '')), codes.invalidPolicy],
    ['a member that is no address', 'network', request('Add', setOf('azure-npm-1', 'web')), codes.invalidPolicy],
    ['a set that is there', 'network', request('Add', setOf(KNOWN, '')), codes.policyExists],
    [
      'a list of what is not there',
      'network',
      request('Add', setOf('azure-npm-1', 'azure-npm-2', 'NESTEDIPSET')),
      codes.policyNotFound,
    ],
    ['an update of what is not there', 'network', request('Update', setOf('azure-npm-1', '')), codes.policyNotFound],
    ['to remove what is not there', 'network', request('Remove', setOf('azure-npm-1', '')), codes.policyNotFound],
    ['to remove what a rule names', 'network', request('Remove', setOf(KNOWN, '')), codes.referenced],
    ['to remove a rule that is not there', 'endpoint', request('Remove', aclOf({Id: 'azure-acl-ghost'})), codes.policyNotFound],
  ] as const)('%s', async ([, object, text, code]) => {
    const emulator = fixture()
    const before = structuredClone(emulator.state)
    expect(await modified(emulator, object, object === 'network' ? AZURE_NETWORK : WEB, text)).toBe(code)
    expect(emulator.state).toEqual(before)
  })

  test('endpoints of other nodes, and nested sets on old Windows', async () => {
    const emulator = fixture()
    expect(await modified(emulator, 'endpoint', REMOTE, request('Add', aclOf({})))).toBe(codes.remoteEndpoint)
    emulator.state.version.major = 13
    expect(await modified(emulator, 'network', AZURE_NETWORK, request('Add', setOf('azure-npm-1', KNOWN, 'NESTEDIPSET')))).toBe(
      codes.invalidPolicyType,
    )
  })
})

describe('what it does', () => {
  test('adds and updates in place, replaces rules whole, removes what is equal', async () => {
    const emulator = fixture()
    const {Policies: before} = structuredClone(emulator.network(AZURE_NETWORK)) ?? {Policies: []}
    expect(await modified(emulator, 'network', AZURE_NETWORK, request('Update', setOf(KNOWN, '10.0.0.9')))).toBe(0)
    const after = emulator.network(AZURE_NETWORK)?.Policies ?? []
    expect(after.map(({Settings}) => Settings['Id'])).toEqual(before.map(({Settings}) => Settings['Id']))
    expect(after.find(({Settings}) => Settings['Id'] === KNOWN)?.Settings['Values']).toBe('10.0.0.9')
    const rules = [aclOf({Id: 'a'}), aclOf({Id: 'a'}), aclOf({Id: 'b'})]
    expect(await modified(emulator, 'endpoint', WEB, request('Update', ...rules))).toBe(0)
    expect(await modified(emulator, 'endpoint', WEB, request('Remove', aclOf({Id: 'a'})))).toBe(0)
    expect(emulator.endpoint(WEB)?.document.Policies).toEqual(rules.slice(1))
    expect(await modified(emulator, 'endpoint', WEB, request('Update'))).toBe(0)
    expect(emulator.endpoint(WEB)?.document.Policies).toEqual([])
  })

  test('keeps what was done before a fault only where that is set', async () => {
    for (const [keepsDonePart, count] of [
      [false, 0],
      [true, 1],
    ] as const) {
      const emulator = new HnsEmulator(emptyState(), {...strict, keepsDonePart})
      await modified(emulator, 'network', AZURE_NETWORK, request('Add', setOf('azure-npm-1', ''), setOf('azure-npm-2', 'web')))
      expect(emulator.network(AZURE_NETWORK)?.Policies.filter(({Type}) => Type === 'SetPolicy')).toHaveLength(count)
    }
  })

  test('lets pass in the lenient form what nobody has seen refused', async () => {
    const emulator = fixture(lenient)
    for (const text of [
      request('Add', setOf(KNOWN, '10.0.0.9')),
      request('Update', setOf('azure-npm-1', '')),
      request('Remove', setOf('azure-npm-1', '')),
      request('Add', setOf('azure-npm-2', 'azure-npm-3', 'NESTEDIPSET')),
    ])
      expect(await modified(emulator, 'network', AZURE_NETWORK, text)).toBe(0)
  })

  test.for([
    [undefined, 0],
    [1, 1],
    [Infinity, 2],
  ] as const)('fails as it is told to, with %s parts done', async ([done, count]) => {
    const emulator = new HnsEmulator(emptyState())
    emulator.failAt({verb: 'modify', code: codes.brokeOff, ...(done !== undefined && {done})})
    const text = request('Add', setOf('azure-npm-1', ''), setOf('azure-npm-2', ''))
    expect(await modified(emulator, 'network', AZURE_NETWORK, text)).toBe(codes.brokeOff)
    expect(emulator.network(AZURE_NETWORK)?.Policies.filter(({Type}) => Type === 'SetPolicy')).toHaveLength(count)
  })

  test('has the invariants of a node looked at', async () => {
    const emulator = fixture()
    const kept = keptPolicies(emulator.state)
    expect(brokenInvariants(emulator, kept)).toEqual([])
    emulator.settings = lenient
    await emulator.open('network', AZURE_NETWORK)
    await modified(
      emulator,
      'network',
      AZURE_NETWORK,
      request('Update', setOf('azure-npm-gcmk2hdba149zrugxkm4', '', 'NESTEDIPSET')),
    )
    await modified(emulator, 'endpoint', WEB, request('Update'))
    await modified(emulator, 'network', AZURE_NETWORK, request('Add', setOf('azure-npm-1', '')))
    expect(brokenInvariants(emulator, kept)).toEqual([
      'nested set azure-npm-gcmk2hdba149zrugxkm4 has no members, so it matches every address',
      `policies of others on ${WEB} were changed`,
      '1 handles are open',
    ])
    expect(outOfOrder(emulator)).toEqual(['Add IPSET comes late'])
  })

  test('keeps its state when who asks it from another process is gone', async () => {
    await using folder = await temporaryFolder()
    const at = {path: join(folder.path, 'hns.sock')}
    const emulator = new HnsEmulator(emptyState())
    await using _server = await serveHns(emulator, at)
    {
      using client = servedHns(at)
      const {handle = 0} = await client.open('network', AZURE_NETWORK)
      expect(await client.modify('network', handle, request('Add', setOf('azure-npm-1', '')))).toEqual({hresult: 0})
      expect(emulator.openHandles).toBe(1)
    }
    await expect.poll(() => emulator.openHandles).toBe(0)
    expect(emulator.network(AZURE_NETWORK)?.Policies).toHaveLength(2)
  })
})
