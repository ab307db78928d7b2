import {describe, expect, test} from 'vitest'
import type {Plan} from '../../../../core/contract/plan.ts'
import type {NodeState} from '../../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../../core/drift/diff-node.ts'
import type {PlanNodeOptions, Wanted} from '../../../../core/plan/wanted.ts'
import {windowsWriting} from '../../../../core/windows/plan/writing.ts'
import {nodeAfter, planFor} from '../../../support/plan/plan.ts'
import {hnsText, openedNode} from '../../../support/windows/hns-dump.ts'

interface Policy {
  Type: string
  Settings: Record<string, unknown>
}
interface HnsObject {
  ID: string
  Name: string
  Policies: Policy[]
}
interface State {
  networks: HnsObject[]
  endpoints: {readonly queryResults: object; endpoints: HnsObject[]}
}

const state = (change: (state: State) => void = () => {}): State => {
  const made: State = {
    networks: JSON.parse(hnsText('networks.json')) as HnsObject[],
    endpoints: JSON.parse(hnsText('endpoints.json')) as State['endpoints'],
  }
  change(made)
  return made
}
const nodeOf = ({networks, endpoints}: State): Promise<NodeState> =>
  openedNode({
    'networks.json': JSON.stringify(networks),
    'endpoints.json': JSON.stringify(endpoints),
    'cluster.json': hnsText('cluster.json'),
    'policies.json': hnsText('policies.json'),
  })

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const isOwn = ({Type, Settings}: Policy): boolean => Type === 'ACL' && textOf(Settings['Id']).startsWith('azure-acl-')
const azure = ({networks}: State): HnsObject => networks.find(({Name}) => Name === 'azure') as HnsObject
const endpoint = ({endpoints}: State, at: number): HnsObject => endpoints.endpoints[at] as HnsObject
const setNamed = (its: State, name: string): Policy =>
  azure(its).Policies.find(({Settings}) => Settings['Name'] === name) as Policy

const policies: Wanted = {kind: 'policies'}
/** Nothing of Azure NPM runs there. */
const still = {surroundings: {hasNpmPages: false, hasNpmProcess: false}} satisfies Partial<PlanNodeOptions>
const plan = async (
  change: (state: State) => void,
  wanted: Wanted = policies,
  options: Partial<PlanNodeOptions> = still,
): Promise<Plan> => planFor(await nodeOf(state(change)), wanted, options)
const requests = ({operations}: Plan) =>
  operations.map(
    ({line}) => JSON.parse(line) as {object: string; id: string; request: {RequestType: string; Settings: {Policies?: Policy[]}}},
  )

describe('a plan for a Windows node', () => {
  test('that is as it should be has nothing to do', async () => {
    expect(await plan(() => {})).toMatchObject({backend: 'hns', operations: [], steps: [], incomplete: []})
  })

  test('that lacks a member of a set is one request, and says what it opens', async () => {
    const made = await plan(its => {
      setNamed(its, 'podlabel-app:api').Settings['Values'] = '10.240.0.35'
    })
    expect(requests(made)).toMatchObject([
      {object: 'network', request: {RequestType: 'Update', Settings: {Policies: [{Settings: {Name: 'podlabel-app:api'}}]}}},
    ])
    expect(made.operations).toMatchObject([{reason: 'it lacks 10.240.0.12', name: 'podlabel-app:api', tool: 'hns'}])
    expect(made.steps).toMatchObject([
      {effect: 'opens', opens: [{source: 'shop/api-1', destination: 'shop/db-1'}, {destination: 'shop/web-1'}]},
    ])
  })

  test('that lacks ACLs adds them, and tells the endpoint nothing else', async () => {
    const made = await plan(its => {
      endpoint(its, 2).Policies = endpoint(its, 2).Policies.filter(each => !isOwn(each))
    })
    const [only, ...others] = requests(made)
    expect(others).toEqual([])
    expect(only).toMatchObject({object: 'endpoint', request: {RequestType: 'Add'}})
    expect(only?.request.Settings.Policies?.every(isOwn)).toBe(true)
    expect(made.steps).toMatchObject([{effect: 'closes'}])
  })

  test('that has an ACL too many tells the endpoint all its policies, those of others first and as they were', async () => {
    let before: Policy[] = []
    const made = await plan(its => {
      const Settings = {Id: 'azure-acl-shop-gone', Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 222}
      endpoint(its, 2).Policies.unshift({Type: 'ACL', Settings})
      endpoint(its, 2).Policies.push({Type: 'L4Proxy', Settings: {Port: '1', Filters: {A: ''}, Other: [1.5, null]}})
      before = endpoint(its, 2).Policies.filter(each => !isOwn(each))
    })
    const [only] = requests(made)
    expect(only).toMatchObject({object: 'endpoint', request: {RequestType: 'Update'}})
    const told = only?.request.Settings.Policies ?? []
    expect(told.slice(0, before.length).map(each => JSON.stringify(each))).toEqual(before.map(each => JSON.stringify(each)))
    expect(told.slice(before.length).every(isOwn)).toBe(true)
  })

  test('in which nothing is left makes sets before lists, and lists before the ACLs that name them', async () => {
    const empty = (its: State): void => {
      azure(its).Policies = azure(its).Policies.filter(({Type}) => Type !== 'SetPolicy')
      for (const each of its.endpoints.endpoints) each.Policies = each.Policies.filter(policy => !isOwn(policy))
    }
    const made = await plan(empty)
    const kinds = requests(made).map(({object, request: {RequestType, Settings}}) =>
      object === 'endpoint'
        ? 'ACLs'
        : `${RequestType} ${[...new Set(Settings.Policies?.map(each => each.Settings['PolicyType']))].join()}`,
    )
    expect([...new Set(kinds)]).toEqual(['Add IPSET', 'Add NESTEDIPSET', 'ACLs'])
    const repaired = await nodeAfter(await nodeOf(state(empty)), made)
    expect(diffNode(repaired, {isLite: false}, [])).toMatchObject({clean: true})
  })

  test('whose ACLs name sets that no network has gets these, members before lists', async () => {
    const lose = (its: State): void => {
      const lost = ['podlabel-app:api', 'nslabel-team:blue', 'ns-lab']
      azure(its).Policies = azure(its).Policies.filter(({Settings}) => !lost.includes(textOf(Settings['Name'])))
    }
    const made = await plan(lose)
    expect(
      requests(made).map(({request}) => [request.RequestType, request.Settings.Policies?.map(each => each.Settings['Name'])]),
    ).toEqual([
      ['Add', ['podlabel-app:api']],
      ['Add', ['ns-lab']],
      ['Add', ['nslabel-team:blue']],
    ])
    expect(diffNode(await nodeAfter(await nodeOf(state(lose)), made), {isLite: false}, [])).toMatchObject({clean: true})
  })

  test('takes away ACLs before sets, and lists before their members', async () => {
    const made = await plan(() => {}, {kind: 'nothing'})
    const kinds = requests(made).map(({object, request: {RequestType, Settings}}) =>
      object === 'endpoint'
        ? 'ACLs'
        : `${RequestType} ${[...new Set(Settings.Policies?.map(each => each.Settings['PolicyType']))].join()}`,
    )
    expect([...new Set(kinds)]).toEqual(['ACLs', 'Remove NESTEDIPSET', 'Remove IPSET'])
  })

  test('on network Calico puts back what only Azure NPM puts on endpoints, so that no direction without a policy is closed', async () => {
    const calico = (its: State): void => {
      azure(its).Name = 'Calico'
      for (const each of its.endpoints.endpoints) each.Policies = each.Policies.filter(({Type}) => Type !== 'ACL')
    }
    const made = await plan(calico)
    const [endpointRequest] = requests(made).filter(({object}) => object === 'endpoint')
    const ids = endpointRequest?.request.Settings.Policies?.map(({Settings}) => Settings['Id'])
    for (const name of ['azurewireserver', 'allowinswitch', 'allowoutswitch', 'allowinhost', 'allowouthost'])
      expect(ids).toContain(`azure-acl-base${name}`)
    expect(windowsWriting.refusal(made.operations.map(operation => ({tool: 'hns', operations: [operation]})))).toBeUndefined()
    expect(made.steps.flatMap(({closes}) => closes).map(({source}) => source)).not.toContain('ops/mon-1')
  })

  test('uses the ids that the node has, also those of older releases', async () => {
    const made = await plan(its => {
      const ids = new Map(azure(its).Policies.map(({Settings}) => [Settings['Id'], Settings]))
      // Of a node of an older release: ids are numbers there.
      const text = JSON.stringify(its).replaceAll(/azure-npm-[0-9a-z]{20}/g, id => {
        const name = textOf(ids.get(id)?.['Name'])
        let hash = 0x811c9dc5
        for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
        return `azure-npm-${hash >>> 0}`
      })
      Object.assign(its, JSON.parse(text))
      setNamed(its, 'podlabel-app:api').Settings['Values'] = '10.240.0.35'
    })
    const touched = requests(made).flatMap(({request}) => request.Settings.Policies ?? [])
    expect(touched.some(({Settings}) => Settings['Name'] === 'podlabel-app:api')).toBe(true)
    for (const {Type, Settings} of touched) if (Type === 'SetPolicy') expect(Settings['Id']).toMatch(/^azure-npm-\d{1,10}$/)
  })
})

describe('what a plan for a Windows node leaves alone', () => {
  test('a set that an ACL of another program names', async () => {
    const made = await plan(its => {
      const [id] = azure(its).Policies.flatMap(({Settings}) => (Settings['Name'] === 'podlabel-app:api' ? [Settings['Id']] : []))
      setNamed(its, 'podlabel-app:api').Settings['Values'] = '10.240.0.35'
      const Settings = {Action: 'Block', Direction: 'In', LocalAddresses: id, RuleType: 'Switch', Priority: 100}
      endpoint(its, 0).Policies.push({Type: 'ACL', Settings})
    })
    expect(made.operations).toEqual([])
    expect(made.untouched).toMatchObject([{name: 'podlabel-app:api', reason: expect.stringContaining('an ACL of endpoint')}])
  })

  test('an endpoint with a policy that holds a number which cannot be written back', async () => {
    const node = await openedNode({
      'networks.json': hnsText('networks.json'),
      'endpoints.json': JSON.stringify(
        state(its => {
          endpoint(its, 2).Policies.push({Type: 'QOS', Settings: {Maximum: 'LARGE'}})
          const Settings = {Id: 'azure-acl-shop-gone', Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 222}
          endpoint(its, 2).Policies.push({Type: 'ACL', Settings})
        }).endpoints,
      ).replace('"LARGE"', '18446744073709551615'),
      'cluster.json': hnsText('cluster.json'),
      'policies.json': hnsText('policies.json'),
    })
    const made = await planFor(node, policies, still)
    expect(made.operations).toEqual([])
    expect(made.untouched).toMatchObject([{reason: expect.stringContaining('a number that cannot be written back')}])
  })

  test('a list that a kept state has without members', async () => {
    const kept = await nodeOf(
      state(its => {
        setNamed(its, 'nslabel-team:blue').Settings['Values'] = ''
      }),
    )
    const made = await planFor(await nodeOf(state()), {kind: 'dump', node: kept}, still)
    expect(made.operations).toEqual([])
    expect(made.untouched).toMatchObject([{name: 'nslabel-team:blue', reason: expect.stringContaining('for every address')}])
  })

  test('endpoints without a pod', async () => {
    const made = await plan(its => {
      const {endpoints} = its.endpoints
      const copy = structuredClone(endpoint(its, 2)) as HnsObject & {IpConfigurations: {IpAddress: string}[]}
      copy.ID = '7B4F6F0E-9999-4B5E-9D10-0A1B2C3D4E09'
      copy.IpConfigurations = [{IpAddress: '10.240.0.77'}]
      endpoints.push(copy)
      ;(its.endpoints.queryResults as {attachedSharing: string[]}).attachedSharing.push(copy.ID)
    })
    expect(made.operations).toEqual([])
    expect(made.notes.join()).toContain('has ACLs of Azure NPM and no pod of the cluster')
  })
})

describe('nothing is planned', () => {
  test('on a network that Azure NPM does not look at', async () => {
    const made = await plan(its => {
      for (const each of its.networks) if (each.Name === 'azure') each.Name = 'azure-vlan1'
    })
    expect(made.operations).toEqual([])
    expect(made.incomplete).toMatchObject([
      {part: 'network', reason: expect.stringContaining('no network is called azure or Calico')},
    ])
  })

  test('of documents of the first shape', async () => {
    const node = await openedNode({
      'networks.json': hnsText('networks-v1.json'),
      'endpoints.json': hnsText('endpoints-v1.json'),
      'cluster.json': hnsText('cluster.json'),
      'policies.json': hnsText('policies.json'),
    })
    expect((await planFor(node, policies, still)).incomplete).toMatchObject([
      {reason: expect.stringContaining('first shape')},
      ...[1, 2, 3].map(() => ({})),
    ])
  })

  test.each([
    {surroundings: {hasNpmPages: true}, says: 'its pages answer'},
    {surroundings: {hasNpmProcess: true}, says: 'a process of it runs'},
    {surroundings: {}, says: 'was not looked for'},
  ])('while Azure NPM may run: $says', async ({surroundings, says}) => {
    const broken = (its: State): void => {
      setNamed(its, 'podlabel-app:api').Settings['Values'] = '10.240.0.35'
    }
    for (const wanted of [policies, {kind: 'nothing'}] as const) {
      await expect(plan(broken, wanted, {surroundings})).rejects.toThrow(says)
      await expect(plan(broken, wanted, {surroundings})).rejects.toThrow('it does not notice what is written beside it')
      const made = await plan(broken, wanted, {surroundings, isEvenIfNpmRuns: true})
      expect(made.operations.length).toBeGreaterThan(0)
      expect(made.notes.join()).not.toMatch(/FORWARD|[Cc]hains/)
    }
  })
})
