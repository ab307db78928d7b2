import {describe, expect, test} from 'vitest'
import {HnsFailure} from '../../../agent/hns/failure.ts'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {codes} from '../../support/hns/fault.ts'
import {lenient} from '../../support/hns/settings.ts'
import {AZURE_NETWORK, emptyState, fixtureState} from '../../support/hns/state.ts'

const WEB = '7B4F6F0E-1111-4B5E-9D10-0A1B2C3D4E01'
const {signal} = new AbortController()

function opened({callMs = 10_000, pauses = 1} = {}) {
  const emulator = new HnsEmulator(fixtureState())
  return {emulator, hns: openHns(emulator, {callMs, pausesMs: Array.from({length: pauses}, () => 1)})}
}

const addSet = (Id: string, Values = '10.0.0.1') => ({
  ResourceType: 'Policy',
  RequestType: 'Add',
  Settings: {Policies: [{Type: 'SetPolicy', Settings: {Id, Name: 'ns-x', PolicyType: 'IPSET', Values}}]},
})
const ALLOW = {Type: 'ACL', Settings: {Id: 'azure-acl-x-y', Action: 'Allow', Direction: 'In', Priority: 222}}
const addAcl = {ResourceType: 'Policy', RequestType: 'Add', Settings: {Policies: [ALLOW]}}

async function failureOf(work: Promise<unknown>): Promise<HnsFailure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(failure instanceof HnsFailure)) throw new Error(`no failure of HNS: ${String(failure)}`)
  return failure
}

describe('reading', () => {
  test('gives all objects as HNS has them, the version, and who is attached', async () => {
    const {emulator, hns} = opened()
    const {documents, failures} = await hns.networks(signal)
    expect(documents.map(text => JSON.parse(text))).toEqual(emulator.state.networks)
    expect(await hns.version(signal)).toEqual({major: 15, minor: 4})
    const endpoints = await hns.endpoints(signal)
    expect(endpoints.documents.map(text => JSON.parse(text))).toEqual(emulator.state.endpoints.map(({document}) => document))
    expect(endpoints.attachedSharing).toHaveLength(4)
    expect(endpoints.attached).toHaveLength(1)
    expect([...failures, ...endpoints.failures]).toEqual([])
    expect(emulator.openHandles).toBe(0)
  })

  test.for([
    ['between the list and the opening', 'open'],
    ['between the opening and the reading', 'query'],
  ] as const)('does not miss an endpoint that vanishes %s', async ([, verb]) => {
    const {emulator, hns} = opened()
    emulator.before = (called, _object, id) => {
      if (called === verb && id === WEB) emulator.cni.remove(WEB)
    }
    const {documents, failures} = await hns.endpoints(signal)
    expect(documents).toHaveLength(5)
    expect(failures).toEqual([])
    expect(emulator.openHandles).toBe(0)
  })

  test('names an object that is degraded, and gives the others', async () => {
    const {emulator, hns} = opened()
    emulator.settings = lenient
    emulator.cni.degrade(WEB)
    const {documents, unread, failures} = await hns.endpoints(signal)
    expect(documents).toHaveLength(5)
    expect(unread).toEqual([WEB])
    expect(failures.map(({message}) => message)).toEqual([
      `HcnQueryEndpointProperties ${WEB}: HCN_E_DEGRADED_OPERATION (0x803b0017): the object is degraded, as after the loss of an adapter: HNS says "Der Vorgang ist fehlgeschlagen."`,
    ])
    expect(emulator.openHandles).toBe(0)
  })

  test('waits for a service that starts again', async () => {
    const {emulator, hns} = opened({pauses: 3})
    emulator.failAt({verb: 'enumerate', code: codes.unreachable, hasNoRecord: true})
    emulator.failAt({verb: 'query', nth: 2, code: codes.brokeOff, hasNoRecord: true})
    expect((await hns.endpoints(signal)).failures).toEqual([])
  })

  test.for([
    ['unreachable', 'RPC_S_SERVER_UNAVAILABLE', 'Get-Service hns'],
    ['stopping', 'HCN_E_MANAGER_STOPPED', 'Get-Service hns'],
    ['notStarted', 'ERROR_SERVICE_NOT_ACTIVE', 'Start-Service hns'],
  ] as const)('says what is wrong with a service that is %s', async ([service, name, next]) => {
    const {emulator, hns} = opened()
    emulator.service = service
    const {documents, failures} = await hns.networks(signal)
    expect(documents).toEqual([])
    expect(failures.map(each => [each.message.includes(name), each.next.includes(next)])).toEqual([[true, true]])
  })

  test('does not ask again who is not permitted', async () => {
    const {emulator, hns} = opened({pauses: 5})
    emulator.isAccessDenied = true
    const {failures} = await hns.endpoints(signal)
    expect(failures[0]?.next).toContain('NT AUTHORITY\\SYSTEM')
    expect(emulator.calls).toHaveLength(1)
  })

  test('takes a record of an error for one beside an HRESULT that says all is well', async () => {
    const {emulator, hns} = opened()
    emulator.failAt({verb: 'query', object: 'network', code: codes.invalidJson, isInRecordOnly: true})
    const {failures} = await hns.networks(signal)
    expect(failures.map(({hresult}) => hresult)).toEqual([codes.invalidJson])
  })

  test('gives up on a service that does not answer, and does not ask it for more meanwhile', async () => {
    const {emulator, hns} = opened({callMs: 20})
    emulator.service = 'silent'
    const first = await hns.networks(signal)
    expect(first.failures[0]?.message).toBe('HcnEnumerateNetworks: HNS did not answer within 0.02 s')
    emulator.service = 'running'
    const second = await hns.endpoints(signal)
    expect(second.failures[0]?.message).toBe('HcnEnumerateEndpoints: HcnEnumerateNetworks has not been answered yet')
    expect(emulator.calls).toEqual([])
  })
})

describe('writing', () => {
  test('changes one object', async () => {
    const {emulator, hns} = opened()
    await hns.modify({object: 'network', id: AZURE_NETWORK, request: addSet('azure-npm-1')})
    expect(emulator.network(AZURE_NETWORK)?.Policies.at(-1)?.Settings['Id']).toBe('azure-npm-1')
    expect(emulator.openHandles).toBe(0)
  })

  test('sends again what HNS has not taken, and once only what it may have done', async () => {
    const {emulator, hns} = opened({pauses: 3})
    emulator.failAt({verb: 'modify', code: codes.stopping})
    await hns.modify({object: 'endpoint', id: WEB, request: addAcl})
    const sent = () => emulator.endpoint(WEB)?.document.Policies.filter(({Settings}) => Settings['Id'] === 'azure-acl-x-y')
    expect(sent()).toHaveLength(1)
    emulator.failAt({verb: 'modify', code: codes.brokeOff, done: Infinity})
    const failure = await failureOf(hns.modify({object: 'endpoint', id: WEB, request: addAcl}))
    expect(failure.outcome).toBe('uncertain')
    expect(sent()).toHaveLength(2)
    expect(emulator.openHandles).toBe(0)
  })

  test.for(['en', 'de'] as const)('knows what is gone by its code, whatever the language (%s)', async language => {
    const {emulator, hns} = opened()
    emulator.settings = {...emulator.settings, language}
    const failure = await failureOf(hns.modify({object: 'endpoint', id: AZURE_NETWORK, request: addAcl}))
    expect(failure.outcome).toBe('gone')
    expect(failure.message).toContain('HCN_E_ENDPOINT_NOT_FOUND (0x803b0002)')
  })
})

test('an empty node has nothing to read and nothing that fails', async () => {
  const emulator = new HnsEmulator(emptyState())
  emulator.cni.reboot()
  const hns = openHns(emulator, {callMs: 1000})
  expect(await hns.networks(signal)).toEqual({documents: [], unread: [], failures: []})
  expect(await hns.endpoints(signal)).toEqual({documents: [], unread: [], failures: [], attached: [], attachedSharing: []})
})
