import type {HnsEmulator} from './emulator.ts'
import {itemsOf} from './modify.ts'
import {type EmulatedPolicy, type HnsState, textOf} from './state.ts'

/** What a node must keep whoever writes to it: policies of others, as text. */
export type KeptPolicies = ReadonlyMap<string, readonly string[]>

const isOwnSet = (policy: EmulatedPolicy): boolean => policy.Type === 'SetPolicy' && textOf(policy, 'Id').startsWith('azure-npm-')
const isOwnAcl = (policy: EmulatedPolicy): boolean => policy.Type === 'ACL' && textOf(policy, 'Id').startsWith('azure-acl-')

export function keptPolicies({networks, endpoints}: HnsState): KeptPolicies {
  const texts = (policies: readonly EmulatedPolicy[], isOwn: (policy: EmulatedPolicy) => boolean) =>
    policies.filter(each => !isOwn(each)).map(each => JSON.stringify(each))
  return new Map([
    ...networks.map(({ID, Policies}) => [ID, texts(Policies, isOwnSet)] as const),
    ...endpoints.map(({document}) => [document.ID, texts(document.Policies, isOwnAcl)] as const),
  ])
}

/**
 * What is wrong with a node after somebody has written to it, each in a sentence.
 *
 * @param kept of the same node before
 */
export function brokenInvariants(emulator: HnsEmulator, kept: KeptPolicies): string[] {
  const {state, openHandles, wrongCloses} = emulator
  const broken: string[] = []
  for (const network of state.networks) {
    const sets = network.Policies.filter(({Type}) => Type === 'SetPolicy')
    const ids = new Set(sets.map(each => textOf(each, 'Id')))
    if (ids.size < sets.length) broken.push(`network ${network.Name} has a set twice`)
    for (const set of sets.filter(each => textOf(each, 'PolicyType') === 'NESTEDIPSET')) {
      const members = itemsOf(textOf(set, 'Values'))
      if (members.length === 0) broken.push(`nested set ${textOf(set, 'Id')} has no members, so it matches every address`)
      for (const id of members) if (!ids.has(id)) broken.push(`nested set ${textOf(set, 'Id')} names ${id}, which is not there`)
    }
    for (const {document} of state.endpoints) {
      if (document.HostComputeNetwork.toLowerCase() !== network.ID.toLowerCase()) continue
      for (const {Settings} of document.Policies.filter(({Type}) => Type === 'ACL'))
        for (const id of [...itemsOf(Settings['LocalAddresses']), ...itemsOf(Settings['RemoteAddresses'])])
          if (id.startsWith('azure-npm-') && !ids.has(id))
            broken.push(`endpoint ${document.Name} names ${id}, which is not there`)
    }
  }
  const now = keptPolicies(state)
  for (const [id, before] of kept) {
    const after = now.get(id)
    if (after && JSON.stringify(after) !== JSON.stringify(before)) broken.push(`policies of others on ${id} were changed`)
  }
  if (openHandles > 0) broken.push(`${openHandles} handles are open`)
  if (wrongCloses > 0) broken.push(`${wrongCloses} handles were closed that were not open`)
  return broken
}

/** Sets before the rules that name them, nested sets behind their members, and away in the opposite order. */
const ORDER = [
  'Add IPSET',
  'Add NESTEDIPSET',
  'Update IPSET',
  'Update NESTEDIPSET',
  'endpoint',
  'Remove NESTEDIPSET',
  'Remove IPSET',
]

/** The calls that came too early or too late, in the order in which Azure NPM itself writes to a node. */
export function outOfOrder({calls}: HnsEmulator): string[] {
  const steps = calls
    .filter(({verb, hresult}) => verb === 'modify' && hresult === 0)
    .map(({object, text = '{}'}) => {
      const {RequestType, Settings} = JSON.parse(text) as {RequestType: string; Settings: {Policies?: EmulatedPolicy[]}}
      const types = new Set(Settings.Policies?.map(each => each.Settings['PolicyType']))
      return object === 'endpoint' ? 'endpoint' : `${RequestType} ${[...types].join('+')}`
    })
  return steps.flatMap((step, at) => {
    const place = ORDER.indexOf(step)
    if (place === -1) return [`${step} is of no kind`]
    return steps.slice(0, at).some(before => ORDER.indexOf(before) > place) ? [`${step} comes late`] : []
  })
}
