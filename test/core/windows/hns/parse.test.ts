import {describe, expect, test} from 'vitest'
import {isOfHns} from '../../../../core/windows/hns/documents.ts'
import {parseHns} from '../../../../core/windows/hns/parse.ts'
import {aclPolicy, setPolicy} from '../../../../core/windows/hns/print.ts'
import {hnsFixture} from '../../../support/windows/hns-fixture.ts'

const read = (value: unknown) => parseHns(value, 'hns.json')
const [networks, endpoints] = [hnsFixture('networks.json') as object[], hnsFixture('endpoints.json')]

const omit = (object: object, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

/** What does not depend on the shape. */
const facts = (value: unknown) => {
  const {networks: all, endpoints: ends, problems} = read(value)
  return {
    networks: all.filter(({name}) => name === 'azure').map(({id, sets}) => ({id, sets: sets.map(set => omit(set, 'position'))})),
    endpoints: ends.map(({id, name, address, network, acls}) => ({
      id,
      name,
      address,
      network,
      acls: acls.map(acl => omit(acl, 'position', 'rest')),
    })),
    problems,
  }
}

describe('HNS objects are read', () => {
  test('networks of V2: sets with their ids, names, types and members; policies of other types are passed over', () => {
    const {networks: all, problems} = read(networks)
    expect(problems).toEqual([])
    const azure = all.find(({name}) => name === 'azure')
    expect(azure).toMatchObject({shape: 'v2', id: 'D3F9C0A2-7B1E-4C55-9E0A-6C1F3A5B7D90'})
    expect(azure?.sets).toHaveLength(29)
    expect(azure?.sets.find(({name}) => name === 'nslabel-team:blue')).toMatchObject({
      id: 'azure-npm-2u46936r23hzz9b09wjc',
      policyType: 'NESTEDIPSET',
      values: expect.arrayContaining(['azure-npm-3o4isrm3zixxbgwdlob1', 'azure-npm-ngnfz42mtqjbw8ffiwmj']),
    })
    expect(azure?.sets.find(({name}) => name === 'empty-emptyhashset')?.values).toEqual([])
    expect(azure?.sets[0]?.position).toBe(2)
  })

  test('endpoints of V2: address, attachment, and rules in order', () => {
    const {endpoints: all, problems} = read(endpoints)
    expect(problems).toEqual([])
    expect(all.map(({address, isAttached, isRemote}) => [address, isAttached, isRemote])).toEqual([
      ['10.240.0.11', true, false],
      ['10.240.0.12', true, false],
      ['10.240.0.13', true, false],
      ['10.240.0.14', true, false],
      ['10.240.0.14', false, false],
      [undefined, true, false],
    ])
    expect(all[0]?.acls[0]).toEqual({
      position: 3,
      protocols: '6',
      action: 'Block',
      direction: 'Out',
      remoteAddresses: '168.63.129.16/32',
      remotePorts: '80',
      ruleType: 'Switch',
      priority: 200,
    })
  })

  test('both shapes of the same state say the same', () => {
    const v1 = facts([hnsFixture('networks-v1.json'), hnsFixture('endpoints-v1.json')])
    const v2 = facts([networks, endpoints])
    expect(v1.problems).toEqual([])
    expect(v1.networks).toEqual(v2.networks)
    expect(v1.endpoints).toEqual(v2.endpoints.filter(({id}) => v1.endpoints.some(each => each.id === id)))
    expect(v1.endpoints).toHaveLength(4)
  })

  test('without a state nothing is known of the attachment', () => {
    const {endpoints: all} = endpoints as {endpoints: object[]}
    expect(read(all).endpoints.map(({isAttached}) => isAttached)).toEqual(all.map(() => undefined))
  })
})

describe('whatever programs put around the objects', () => {
  const endpoint = (endpoints as {endpoints: object[]}).endpoints[0] as {Policies: object[]}

  test.each([
    ['one object that was a list', endpoint],
    ['a list', [endpoint]],
    ['lists of several commands', [[endpoint]]],
    ['the envelope of HNSCall', {Success: true, Output: [endpoint]}],
    ['an envelope of one', {Success: true, Output: endpoint}],
    ['the wrapper of PowerShell 5.1', {value: [endpoint], Count: 1}],
    ['a list with an object that vanished', [null, endpoint]],
  ])('%s', (_, value) => {
    expect(isOfHns(value)).toBe(true)
    expect(read(value).endpoints.map(({address}) => address)).toEqual(['10.240.0.11'])
    expect(read(value).problems).toEqual([])
  })

  test('one policy that was a list of one', () => {
    const {acls} = read({...endpoint, Policies: endpoint.Policies[2]}).endpoints[0] ?? {}
    expect(acls).toHaveLength(1)
  })

  test('policies of a network without the network', () => {
    const sets = (networks[0] as {Policies: object[]}).Policies
    expect(read(sets).networks[0]?.sets).toHaveLength(29)
    expect(read(sets).networks[0]?.name).toBe('')
  })

  test('lists that an agent took say that they are whole, and what they lack', () => {
    const document = {hns: 'endpoints', queryResults: {attached: [], attachedSharing: []}, unread: ['a'], endpoints: []}
    expect(isOfHns(document)).toBe(true)
    const {lists, unread} = read(document)
    expect([...lists]).toEqual(['endpoints'])
    expect(unread).toEqual({networks: [], endpoints: ['a']})
  })

  test('load balancers are counted', () => {
    const list = [{ID: '1', References: ['/endpoints/2'], Policies: [{Type: 'ELB', VIPs: ['10.0.0.1'], InternalPort: 80}]}]
    expect(isOfHns(list)).toBe(true)
    expect(read(list)).toMatchObject({networks: [], endpoints: [], loadBalancers: 1, problems: []})
  })

  test.each([[{kind: 'Pod', metadata: {name: 'a'}}], [{apiVersion: 'v1', items: []}], ['text'], [null], [{SetMap: {}}]])(
    'is no HNS object: %j',
    value => expect(isOfHns(value)).toBe(false),
  )
})

describe('what is damaged costs a problem, and nothing else', () => {
  const base = {ID: 'e', Name: 'e', HostComputeNetwork: 'n', IpConfigurations: [{IpAddress: '10.0.0.1'}]}
  const acl = {Action: 'Allow', Direction: 'In', Priority: 1}

  test.each([
    ['settings cut to text by too small a depth', {Type: 'ACL', Settings: '@{Action=Allow}'}, 'cut to text'],
    ['a policy cut to text', '@{Type=ACL; Settings=}', 'cut to text'],
    ['a policy without a type', {Settings: {}}, 'no policy'],
  ])('%s', (_, policy, message) => {
    const {endpoints: all, problems} = read({...base, Policies: [policy, {Type: 'ACL', Settings: acl}]})
    expect(all[0]?.acls.map(({position}) => position)).toEqual([2])
    expect(problems).toEqual([expect.objectContaining({code: 'BAD_OBJECT', message: expect.stringContaining(message)})])
  })

  test.each([
    [{...acl, Action: undefined}],
    [{...acl, Direction: 3}],
    [{...acl, Priority: -1}],
    [{...acl, Priority: 'high'}],
    [{...acl, LocalAddresses: ['10.0.0.1']}],
  ])('a rule that cannot be read stays, and does nothing that is known: %j', settings => {
    const {endpoints: all, problems} = read({...base, Policies: [{Type: 'ACL', Settings: settings}]})
    expect(all[0]?.acls).toEqual([expect.objectContaining({action: 'unread', rest: settings})])
    expect(problems).toHaveLength(1)
  })

  test('a set of a type that is not known, and one without an id', () => {
    const Policies = [
      {Type: 'SetPolicy', Settings: {Id: 'a', Name: 'a', PolicyType: 0, Values: '10.0.0.1'}},
      {Type: 'SetPolicy', Settings: {Name: 'b', PolicyType: 'IPSET', Values: ''}},
    ]
    const {networks: all, problems} = read({ID: 'n', Name: 'azure', Ipams: [], Policies})
    expect(all[0]?.sets).toEqual([
      {id: 'a', name: 'a', policyType: undefined, values: ['10.0.0.1'], position: 1, rest: {PolicyType: 0}},
    ])
    expect(problems).toHaveLength(2)
  })
})

describe('what is printed is what was read', () => {
  const settings = (object: object, type: string): unknown[] =>
    (object as {Policies: {Type: string; Settings: object}[]}).Policies.filter(({Type}) => Type === type)

  test('sets of V2', () => {
    for (const [index, network] of read(networks).networks.entries())
      expect(network.sets.map(set => setPolicy(set))).toEqual(settings(networks[index] as object, 'SetPolicy'))
  })

  test('rules of V2, with members that nobody knows', () => {
    const {endpoints: sources} = endpoints as {endpoints: {Policies: {Type: string; Settings: object}[]}[]}
    const odd = sources.map(each => ({
      ...each,
      Policies: each.Policies.map(({Type, Settings}) => ({Type, Settings: {...Settings, ScopedGuid: [1], Description: 'x'}})),
    }))
    for (const [index, {acls}] of read(odd).endpoints.entries())
      expect(acls.map(acl => aclPolicy(acl))).toEqual(settings(odd[index] as object, 'ACL'))
  })

  test('rules of V1 are flat, and the priority 0 is left out', () => {
    const {Output} = hnsFixture('endpoints-v1.json') as {Output: {Policies: {Type: string; Priority?: number}[]}[]}
    for (const [index, {acls}] of read(Output).endpoints.entries()) {
      const own = Output[index]?.Policies.filter(({Type}) => Type === 'ACL').map(({Priority, ...rest}) =>
        Priority === 0 ? rest : {...rest, Priority},
      )
      expect(acls.map(acl => aclPolicy(acl, 'v1'))).toEqual(own)
    }
  })
})
