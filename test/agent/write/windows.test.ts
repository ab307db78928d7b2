import {expect, test} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {runStep} from '../../../agent/write/run-step.ts'
import type {PlannedStep} from '../../../core/dataplane/writing.ts'
import {aclsOf, HnsEmulator} from '../../support/hns/emulator.ts'
import {codes} from '../../support/hns/fault.ts'
import {AZURE_NETWORK, emptyState} from '../../support/hns/state.ts'

const ONE = '7B4F6F0E-1111-4B5E-9D10-0A1B2C3D4E01'
const OTHER = '7B4F6F0E-2222-4B5E-9D10-0A1B2C3D4E02'

function opened() {
  const emulator = new HnsEmulator(
    emptyState([
      {id: ONE, address: '10.240.0.11'},
      {id: OTHER, address: '10.240.0.12'},
    ]),
  )
  const hns = openHns(emulator, {callMs: 1000, pausesMs: [1]})
  const run = (...operations: object[]) =>
    runStep(stepOf(...operations), {backend: 'nft', lockFd: 0, toolMs: 1000, xtablesSeconds: 1, hns})
  return {emulator, run}
}

const stepOf = (...operations: object[]): PlannedStep => ({
  tool: 'hns',
  isAtomic: false,
  operations: operations.map(each => ({line: JSON.stringify(each), undo: '', reason: ''})),
  why: '',
})
const add = (object: 'network' | 'endpoint', id: string, Type: string, Settings: object) => ({
  object,
  id,
  request: {ResourceType: 'Policy', RequestType: 'Add', Settings: {Policies: [{Type, Settings}]}},
})
const SET = add('network', AZURE_NETWORK, 'SetPolicy', {Id: 'azure-npm-1', Name: 'ns-x', PolicyType: 'IPSET', Values: '10.0.0.1'})
const ruleOn = (id: string) =>
  add('endpoint', id, 'ACL', {
    Id: 'azure-acl-x-y',
    Action: 'Allow',
    Direction: 'In',
    LocalAddresses: 'azure-npm-1',
    Priority: 222,
  })

test('requests come in their order', async () => {
  const {emulator, run} = opened()
  expect(await run(SET, ruleOn(ONE), ruleOn(OTHER))).toBeUndefined()
  expect(emulator.state.endpoints.map(each => aclsOf(each).length)).toEqual([1, 1])
  expect(emulator.openHandles).toBe(0)
})

test('the first that fails is named, with what its code means, and those behind it are not sent', async () => {
  const {emulator, run} = opened()
  const failure = await run(ruleOn(ONE), SET)
  expect(failure).toMatchObject({
    operation: JSON.stringify(ruleOn(ONE)),
    message: expect.stringContaining('HCN_E_INVALID_POLICY (0x803b000d): a set or rule of the request is wrong or incomplete'),
  })
  expect(emulator.calls.filter(({verb}) => verb === 'modify')).toHaveLength(1)
})

test('one that may have been done says so', async () => {
  const {emulator, run} = opened()
  emulator.failAt({verb: 'modify', code: codes.brokeOff, done: Infinity})
  expect((await run(SET))?.message).toMatch(/it may have been done$/)
})

test('an endpoint that is gone is passed over, a network is not', async () => {
  const {emulator, run} = opened()
  emulator.cni.remove(ONE)
  expect(await run(SET, ruleOn(ONE), ruleOn(OTHER))).toBeUndefined()
  expect(aclsOf(emulator.endpointAt('10.240.0.12'))).toHaveLength(1)
  emulator.cni.reboot()
  expect((await run(SET))?.message).toContain('HCN_E_NETWORK_NOT_FOUND')
})

test.for([
  ['text', 'nonsense'],
  ['another kind of object', {...SET, object: 'namespace'}],
  ['another kind of request', {...SET, request: {...SET.request, RequestType: 'Reset'}}],
  ['a member beside', {...SET, also: 1}],
])('what is no request to HNS is not sent: %s', async ([, operation]) => {
  const {emulator, run} = opened()
  expect((await run(operation as object))?.message).toBe('it is no request to HNS; nothing of it was sent')
  expect(emulator.calls).toEqual([])
})
