import type {BuiltSet} from '../../policy/built-set.ts'
import type {NamedSet, SetCondition} from '../../policy/named-set.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {NpmPolicyPort} from '../../policy/npm-policy-ports.ts'
import {CombinedRules, firstUses, JoinedRules} from '../../policy/rule-list.ts'
import {aclIdOf} from '../npm/acl-id.ts'
import {ALLOW, DENY, FROM_NODE} from '../npm/priorities.ts'
import type {ProgramAcl, WindowsPolicy} from '../npm/program.ts'

const protocolNumbers: Readonly<Record<string, string>> = {TCP: '6', UDP: '17', SCTP: '132'}

/**
 * Compiles a translated policy into access rules: for each direction what is allowed, then what is not.
 *
 * @param setOf the set of a name, whose id rules hold
 * Source: sections 3.7 to 3.9 of the reference of HNS.
 */
export function aclsOfPolicy({policy, target, chains}: NpmPolicy, setOf: (set: NamedSet) => BuiltSet): WindowsPolicy {
  const id = aclIdOf(policy)
  const used = new Set<string>()
  const note = (terms: readonly SetCondition[]): void => {
    for (const {set} of terms) if (set.literal === undefined) used.add(setOf(set).kernelName)
  }
  note(target)
  const lists = chains.map(({direction, blocks}) => {
    const isIngress = direction === 'Ingress'
    for (const [{peer}] of firstUses(blocks)) note(peer)
    // Ids may change later, so all that depends on them is made now.
    const named = blocks.map(({peers, ports}) => ({
      peers: peers.map(({action, peer}) => ({action, fields: addresses(peer, isIngress, setOf)})),
      ports: ports.map(port => portFields(port, isIngress)),
    }))
    return new CombinedRules(
      named,
      ({action, fields}, {protocols, ...ports}): ProgramAcl => ({
        id,
        ...(protocols !== undefined && {protocols}),
        action: action === 'allow' ? 'Allow' : 'Block',
        direction: isIngress ? 'In' : 'Out',
        ...fields,
        ...ports,
        ruleType: 'Switch',
        priority: action === 'allow' ? ALLOW : DENY,
      }),
    )
  })
  return {policy, target: target.map(({set}) => setOf(set).kernelName), acls: new JoinedRules(lists), sets: [...used]}
}

/**
 * The other end of a connection. With ids of sets it is the packet's source that stands in LocalAddresses, so the peers of an ingress
 * rule are there; a literal is on the side that the name says.
 */
function addresses(
  terms: readonly SetCondition[],
  isIngress: boolean,
  setOf: (set: NamedSet) => BuiltSet,
): Pick<ProgramAcl, 'localAddresses' | 'remoteAddresses'> {
  if (terms.length === 0) return {}
  const literals = terms.flatMap(({set}) => set.literal ?? [])
  if (literals.length > 0) return {remoteAddresses: literals.join(',')}
  const ids = terms.map(({set}) => setOf(set).kernelName).join(',')
  return isIngress ? {localAddresses: ids} : {remoteAddresses: ids}
}

function portFields(
  {protocol, port}: NpmPolicyPort,
  isIngress: boolean,
): Pick<ProgramAcl, 'protocols' | 'localPorts' | 'remotePorts'> {
  if (protocol === undefined) return {}
  const protocols = protocolNumbers[protocol] ?? protocol
  if (!port) return {protocols}
  const ports = portList(port.from, port.to)
  return {protocols, ...(isIngress ? {localPorts: ports} : {remotePorts: ports})}
}

/** Azure NPM writes each port of a range. */
const portList = (from: number, to: number): string => Array.from({length: to - from + 1}, (_, index) => from + index).join(',')

/** The rule that lets the node reach its pods. Each policy that has rules brings one, behind its others. */
export const nodeAcl = (policy: string, nodeAddress: string): ProgramAcl => ({
  id: aclIdOf(policy),
  action: 'Allow',
  direction: 'In',
  remoteAddresses: nodeAddress,
  ruleType: 'Switch',
  priority: FROM_NODE,
})
