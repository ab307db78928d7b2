import {describe, expect, test} from 'vitest'
import type {Drift} from '../../../../core/contract/drift.ts'
import {diffNode} from '../../../../core/drift/diff-node.ts'
import {hnsText, openedNode} from '../../../support/windows/hns-dump.ts'

/** The state of the fixtures, as data to be changed. */
interface State {
  readonly networks: readonly {readonly Name: string; Policies: {Type: string; Settings: Record<string, string>}[]}[]
  readonly endpoints: {
    readonly endpoints: readonly {readonly Name: string; Policies: {Type: string; Settings: Record<string, string | number>}[]}[]
  }
}

const state = (): State => ({
  networks: JSON.parse(hnsText('networks.json')) as State['networks'],
  endpoints: JSON.parse(hnsText('endpoints.json')) as State['endpoints'],
})

const diffOf = async ({networks, endpoints}: State, policies = hnsText('policies.json')): Promise<Drift> =>
  diffNode(
    await openedNode({
      'networks.json': JSON.stringify(networks),
      'endpoints.json': JSON.stringify(endpoints),
      'cluster.json': hnsText('cluster.json'),
      'policies.json': policies,
    }),
    {isLite: false},
    [],
  )

/** The id of ns-shop. */
const OWN_NAMESPACE = 'azure-npm-3o4isrm3zixxbgwdlob1'

const attached = ({endpoints}: State) => endpoints.endpoints.slice(0, 4)
const isNpm = ({Type, Settings}: {Type: string; Settings: Record<string, string | number>}) =>
  Type === 'ACL' && String(Settings['Id'] ?? '').startsWith('azure-acl-')
const azure = ({networks}: State) => networks.find(({Name}) => Name === 'azure') as State['networks'][number]

describe('a Windows node', () => {
  test('with what the policies ask for is clean, whatever the order of ACLs, ids and members, and how often ACLs are there', async () => {
    expect(await diffOf(state())).toMatchObject({clean: true, causes: [], items: [], incomplete: []})
    const other = state()
    for (const endpoint of attached(other)) {
      const own = endpoint.Policies.filter(isNpm)
      endpoint.Policies = [...endpoint.Policies.filter(each => !isNpm(each)), ...own.toReversed(), ...own.slice(0, 2)]
      for (const {Settings} of own)
        for (const key of ['LocalAddresses', 'RemoteAddresses'])
          if (typeof Settings[key] === 'string') Settings[key] = Settings[key].split(',').toReversed().join(',')
    }
    for (const {Settings} of azure(other).Policies)
      if (Settings['Values']) Settings['Values'] = Settings['Values'].split(',').toReversed().join(',')
    expect(await diffOf(other)).toMatchObject({clean: true, items: []})
  })

  const acls = attached(state()).flatMap(({Name, Policies}, endpoint) =>
    Policies.flatMap((policy, at) => (isNpm(policy) ? [{Name, endpoint, at, Settings: policy.Settings}] : [])),
  )

  test.each(acls)('lacks $Settings.Id $Settings.Action $Settings.Direction of $Name', async ({endpoint, at, Settings, Name}) => {
    const broken = state()
    const its = attached(broken)[endpoint] as State['endpoints']['endpoints'][number]
    its.Policies = its.Policies.filter((_, index) => index !== at)
    const {clean, items, causes} = await diffOf(broken)
    const policy = String(Settings['Id']).replace('azure-acl-shop-', 'shop/')
    expect(clean).toBe(false)
    expect(items).toEqual([expect.objectContaining({kind: 'acl', change: 'missing', name: Name, policy})])
    expect(causes).toEqual([expect.objectContaining({kind: 'policyChanged', policy})])
    // Without its Block nothing of a direction is denied, and without an Allow it is; the rule for the node concerns no forwarded packet.
    // What app=db of the own namespace is allowed, all pods of namespaces of team blue are.
    const isCovered = Settings['RemotePorts'] === '9100' && String(Settings['RemoteAddresses']).includes(OWN_NAMESPACE)
    const isAllow = Settings['Priority'] === 222 && !isCovered
    const effect = Settings['Action'] === 'Block' ? 'open' : isAllow ? 'closed' : 'none'
    expect(items[0]?.effect).toBe(effect)
  })

  const members = azure(state()).Policies.flatMap(({Type, Settings}, at) =>
    Type === 'SetPolicy' && Settings['Values']
      ? [{at, name: Settings['Name'] ?? '', first: Settings['Values'].split(',')[0] ?? ''}]
      : [],
  )

  test.each(members)('lacks a member of $name', async ({at, name, first}) => {
    const broken = state()
    const {Settings} = azure(broken).Policies[at] as {Settings: Record<string, string>}
    Settings['Values'] = (Settings['Values'] ?? '').split(',').slice(1).join(',')
    const {clean, items} = await diffOf(broken)
    expect(clean).toBe(false)
    expect(items.filter(each => each.kernelName === Settings['Id'])).toEqual([
      expect.objectContaining({kind: 'member', change: 'missing', name}),
    ])
    expect(first).not.toBe('')
  })

  test('has an ACL too many that opens, and says where it is', async () => {
    const broken = state()
    attached(broken)[2]?.Policies.push({
      Type: 'ACL',
      Settings: {Id: 'azure-acl-shop-api-to-db', Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 222},
    })
    const {items, causes} = await diffOf(broken)
    expect(items).toEqual([
      expect.objectContaining({
        kind: 'acl',
        change: 'extra',
        effect: 'open',
        where: {endpoint: '3f0c9a13-eth0', acl: 'azure-acl-shop-api-to-db', priority: 222},
      }),
    ])
    expect(causes[0]?.opens.length).toBeGreaterThan(0)
    expect(causes[0]?.repair?.command).toContain('--policy shop/api-to-db')
  })

  test('still has a policy that was deleted, and lacks one that is new', async () => {
    const list = JSON.parse(hnsText('policies.json')) as {items: {metadata: {name: string}}[]}
    const without = {...list, items: list.items.filter(({metadata}) => metadata.name !== 'api-to-db')}
    const leftOver = await diffOf(state(), JSON.stringify(without))
    expect(leftOver.causes).toEqual([expect.objectContaining({kind: 'policyLeftOver', policy: 'shop/api-to-db'})])
    const renamed = JSON.stringify(list).replaceAll('"api-to-db"', '"other"')
    expect((await diffOf(state(), renamed)).causes.map(({kind, policy}) => `${kind} ${policy}`).toSorted()).toEqual([
      'policyLeftOver shop/api-to-db',
      'policyMissing shop/other',
    ])
  })

  test('of which an endpoint was not read is not clean', async () => {
    const broken = state()
    const endpoints = broken.endpoints.endpoints.filter(({Name}) => Name !== '3f0c9a13-eth0')
    expect(await diffOf({...broken, endpoints: {...broken.endpoints, endpoints}})).toMatchObject({
      clean: false,
      incomplete: [{part: 'endpoint of pod shop/db-1', state: 'absent'}],
    })
  })
})
