import {fc} from '@fast-check/vitest'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {HnsPolicy, HnsState} from './programmed-node.ts'

/** What was changed, and whether it is something that Azure NPM would not have programmed. */
export interface Mutation {
  readonly what: string
  readonly isDifferent: boolean | 'if it shows'
}

/** Changes a state in place. @returns undefined where there is nothing of the kind */
export type Change = (state: HnsState, pick: number) => Mutation | undefined

const of = <Item>(items: readonly Item[], pick: number): Item | undefined => items[pick % Math.max(1, items.length)]
const isOfPolicy = ({Settings}: HnsPolicy): boolean => String(Settings['Id'] ?? '').startsWith('azure-acl-')
/** Those that the node's own packets meet concern nobody else. */
const isOfRule = (policy: HnsPolicy): boolean => isOfPolicy(policy) && Settings(policy)['Priority'] !== 201
const Settings = (policy: HnsPolicy) => policy.Settings

const acls = ({endpoints}: HnsState) =>
  endpoints.flatMap(endpoint => endpoint.Policies.filter(isOfRule).map(acl => ({endpoint, acl})))

const changed = (what: string, isDifferent: Mutation['isDifferent'] = true): Mutation => ({what, isDifferent})
const shown = (policy: HnsPolicy): string => JSON.stringify(policy.Settings)

/** Changes one ACL, unless another one of its endpoint is then the same as it. */
const changeAcl =
  (change: (settings: Record<string, string | number>) => boolean): Change =>
  (state, pick) => {
    const chosen = of(acls(state), pick)
    if (!chosen) return undefined
    const {endpoint, acl} = chosen
    const before = shown(acl)
    const copies = endpoint.Policies.filter(each => shown(each) === before).length
    if (copies > 1 || !change(acl.Settings) || shown(acl) === before) return undefined
    if (endpoint.Policies.filter(each => shown(each) === shown(acl)).length > 1) return undefined
    return changed(`${before} became ${shown(acl)}`)
  }

/** Sets with members; every other time only those that an ACL names. */
function setsOf(state: HnsState, type: 'IPSET' | 'NESTEDIPSET', pick: number): HnsPolicy[] {
  const used = new Set(
    acls(state).flatMap(({acl}) => [acl.Settings['LocalAddresses'], acl.Settings['RemoteAddresses']].join().split(',')),
  )
  return state.network.Policies.filter(
    ({Settings: {PolicyType, Values, Id}}) => PolicyType === type && Values !== '' && (pick % 2 === 0 || used.has(String(Id))),
  )
}

const changeValues =
  (type: 'IPSET' | 'NESTEDIPSET', change: (values: string[], pick: number, state: HnsState) => string[] | undefined): Change =>
  (state, pick) => {
    const set = of(setsOf(state, type, pick), pick >> 1)
    if (!set) return undefined
    const values = String(set.Settings['Values']).split(',')
    const after = change(values, pick, state)
    if (!after || after.toSorted().join() === values.toSorted().join()) return undefined
    set.Settings['Values'] = after.join(',')
    return changed(`${set.Settings['Name']}: ${values.join()} became ${after.join()}`)
  }

/** Every kind of what may be wrong with a Windows node. Those that begin with `unseen` change no verdict. */
export const mutations = {
  'an ACL is missing': (state, pick) => {
    const chosen = of(acls(state), pick)
    if (!chosen) return undefined
    const {endpoint, acl} = chosen
    endpoint.Policies = endpoint.Policies.filter(each => shown(each) !== shown(acl))
    return changed(`${shown(acl)} is missing`)
  },
  'an ACL does the opposite': changeAcl(settings => {
    settings['Action'] = settings['Action'] === 'Allow' ? 'Block' : 'Allow'
    return true
  }),
  'an ACL has another port': changeAcl(settings => {
    const key = ['LocalPorts', 'RemotePorts'].find(each => settings[each] !== undefined)
    if (key) settings[key] = '9999'
    return key !== undefined
  }),
  'an ACL has another priority': changeAcl(settings => {
    settings['Priority'] = settings['Priority'] === 222 ? 3001 : 100
    return true
  }),
  'an ACL is of the other direction': changeAcl(settings => {
    settings['Direction'] = settings['Direction'] === 'In' ? 'Out' : 'In'
    return true
  }),
  'an ACL names no sets any more': changeAcl(settings => {
    const key = ['LocalAddresses', 'RemoteAddresses'].find(each => settings[each] !== undefined)
    if (key) delete settings[key]
    return key !== undefined
  }),
  'an ACL of a policy is added': (state, pick) => {
    const endpoint = of(state.endpoints, pick)
    const acl = {
      Type: 'ACL',
      Settings: {Id: 'azure-acl-red-gone', Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 222},
    }
    endpoint?.Policies.push(acl)
    return endpoint && changed(`${shown(acl)} was added`)
  },
  'an ACL of another program decides before': (state, pick) => {
    const endpoint = of(state.endpoints, pick)
    const acl = {
      Type: 'ACL',
      Settings: {Id: 'other', Action: pick % 2 === 0 ? 'Block' : 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 100},
    }
    endpoint?.Policies.push(acl)
    return endpoint && changed(`${shown(acl)} was added`, 'if it shows')
  },
  'a policy stands at the endpoint of another pod': (state, pick) => {
    const chosen = of(acls(state), pick)
    const other = state.endpoints.find(({Policies}) => !Policies.some(each => each.Settings['Id'] === chosen?.acl.Settings['Id']))
    if (!chosen || !other) return undefined
    other.Policies.push(...chosen.endpoint.Policies.filter(each => each.Settings['Id'] === chosen.acl.Settings['Id']))
    return changed(`${chosen.acl.Settings['Id']} stands at ${other.Name}`)
  },
  'a set lacks an address': changeValues('IPSET', (values, pick) => values.filter((_, at) => at !== pick % values.length)),
  'a set has an address too many': changeValues('IPSET', (values, pick, {endpoints}) => {
    const [own] = of(endpoints, pick)?.IpConfigurations ?? []
    return [...new Set([...values, pick % 3 === 0 || !own ? '203.0.113.5' : own.IpAddress])]
  }),
  'a list lacks a member': changeValues('NESTEDIPSET', (values, pick) =>
    values.length > 1 ? values.filter((_, at) => at !== (pick >> 1) % values.length) : undefined,
  ),
  'a list is empty': changeValues('NESTEDIPSET', () => []),
  'a set is missing': (state, pick) => {
    const set = of([...setsOf(state, 'IPSET', pick), ...setsOf(state, 'NESTEDIPSET', pick)], pick >> 1)
    state.network.Policies = state.network.Policies.filter(each => each !== set)
    return set && changed(`${set.Settings['Name']} is missing`)
  },
  'an endpoint is remote': (state, pick) => {
    const endpoint = of(state.endpoints, pick)
    if (endpoint) endpoint.Flags = 1
    return endpoint && changed(`${endpoint.Name} is remote`)
  },
  'unseen: sets of the other generation are there, too': state => {
    const twins = state.network.Policies.map(each => ({
      ...each,
      Settings: {...each.Settings, Id: setKernelName(String(each.Settings['Name']), 'fnv32a')},
    }))
    state.network.Policies.push(...twins)
    return twins.length > 0 ? changed('sets of both generations are there') : undefined
  },
  'unseen: an ACL is there twice': (state, pick) => {
    const chosen = of(acls(state), pick)
    chosen?.endpoint.Policies.push(chosen.acl)
    return chosen && changed(`${shown(chosen.acl)} is there twice`, false)
  },
} satisfies Record<string, Change>

/** One of them, at a random place. */
export const mutation: fc.Arbitrary<(state: HnsState) => Mutation | undefined> = fc
  .tuple(fc.constantFrom(...Object.keys(mutations)), fc.nat({max: 60}))
  .map(([name, pick]) =>
    Object.assign((state: HnsState) => mutations[name as keyof typeof mutations](state, pick), {
      [fc.toStringMethod]: () => `${name} (${pick})`,
    }),
  )
