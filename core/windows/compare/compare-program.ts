import type {Comparison} from '../../dataplane/comparison.ts'
import type {ProgramSet} from '../../policy/program.ts'
import type {IncompletePart} from '../../problem/incomplete-part.ts'
import {compareSets} from '../../sets/compare-sets.ts'
import {nodeAcl} from '../compile/acls-of-policy.ts'
import {policyFinder} from '../compile/local-pods.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {isPolicyAclId} from '../npm/acl-id.ts'
import type {AclOwners} from '../npm/acl-owners.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import {FROM_NODE} from '../npm/priorities.ts'
import type {LocalPod, ProgramAcl, WindowsProgram} from '../npm/program.ts'
import {type AclDifference, aclKey, type ComparedAcl, setsOf, type WindowsDifference} from './compared-acl.ts'

export interface WindowsComparison extends Comparison {
  readonly differences: readonly WindowsDifference[]
}

/** What is compared with a program. */
export interface ComparedNode {
  readonly documents: WindowsDocuments
  /** Those that Azure NPM looks at. */
  readonly endpoints: readonly HnsEndpoint[]
  readonly owners: AclOwners
  readonly nameOf: (set: string) => string
}

/**
 * Compares a program with a node: its sets, and the ACLs of each endpoint of a pod. Order and repetition of ACLs change nothing, because
 * their priorities decide.
 */
export function compareProgram(program: WindowsProgram, {documents, endpoints, owners, nameOf}: ComparedNode): WindowsComparison {
  const used = new Set(endpoints.flatMap(({acls}) => acls.flatMap(setsOf)))
  const compared = compareSets(program.sets, documents, {
    maxelemOf: () => undefined,
    ownerOf: ownersIn(program),
    isUsed: set => used.has(set),
    nameOf: set => program.sets.get(set)?.name ?? nameOf(set),
  })
  // A set that the input lacks is only known to be missing when all sets were given.
  const isCut = documents.lost.some(({part}) => part === 'sets')
  const sets = isCut
    ? {...compared, differences: compared.differences.filter(({set}) => documents.policies?.has(set.kernelName))}
    : compared
  const notCompared = program.leftOut.map(({policy}) => ({
    policy,
    reason: program.refusals.find(refusal => refusal.policy === policy)?.reason ?? '',
  }))
  if (!documents.endpoints) return {...sets, notCompared, incomplete: documents.lost}
  const {differences, notes, incomplete} = compareEndpoints(program, endpoints, owners, documents)
  return {
    differences: [...sets.differences, ...differences],
    notes: [...sets.notes, ...notes],
    notCompared,
    incomplete: [...documents.lost, ...incomplete],
  }
}

function compareEndpoints(
  program: WindowsProgram,
  endpoints: readonly HnsEndpoint[],
  owners: AclOwners,
  {node, lost}: WindowsDocuments,
): {differences: AclDifference[]; notes: string[]; incomplete: IncompletePart[]} {
  const policiesOf = policyFinder(program)
  const leftOut = new Set(program.leftOut.map(({policy}) => policy))
  const pods = new Map(program.pods.map(pod => [pod.address, pod]))
  const differences: AclDifference[] = []
  const notes: string[] = []
  for (const endpoint of endpoints) {
    const pod = pods.get(endpoint.address ?? '')
    const found = endpoint.acls.filter(({id}) => id !== undefined && isPolicyAclId(id))
    if (!pod) {
      if (found.length > 0) notes.push(`endpoint ${endpoint.name || endpoint.id} has ACLs of Azure NPM and no pod of the cluster`)
      continue
    }
    const address = program.nodeAddresses.get(pod.node ?? node)
    const wanted = policiesOf(pod).flatMap(({policy, acls}): ComparedAcl[] =>
      [...acls, nodeAcl(policy, address ?? '')].map(acl => ({acl, endpoint, policy})),
    )
    differences.push(...compareAcls(wanted, found, endpoint, {owners, leftOut, isNodeKnown: address !== undefined}))
  }
  return {differences, notes, incomplete: lost.length > 0 ? [] : missingEndpoints(program.pods, endpoints, node)}
}

function compareAcls(
  wanted: readonly ComparedAcl[],
  found: readonly ProgramAcl[],
  endpoint: HnsEndpoint,
  {
    owners,
    leftOut,
    isNodeKnown,
  }: {readonly owners: AclOwners; readonly leftOut: ReadonlySet<string>; readonly isNodeKnown: boolean},
): AclDifference[] {
  const chain = endpoint.name || endpoint.id
  const asked = new Set(wanted.map(({acl}) => aclKey(acl, isNodeKnown)))
  const there = new Set(found.map(acl => aclKey(acl, isNodeKnown)))
  const missing = wanted.flatMap((rule, index): AclDifference[] => {
    if (there.has(aclKey(rule.acl, isNodeKnown))) return []
    // Without the node's address it is not known what the rule would hold.
    if (rule.acl.priority === FROM_NODE && !isNodeKnown) return []
    const {policy} = rule
    return [
      {kind: 'rule', chain, ...(policy !== undefined && {policy}), wanted: {rule, position: index + 1}, behind: found.length},
    ]
  })
  const told = new Set<string>()
  const extra = found.flatMap((acl, index): AclDifference[] => {
    const key = aclKey(acl, isNodeKnown)
    if (asked.has(key) || told.has(key)) return []
    told.add(key)
    const owner = owners.of(acl, endpoint)
    const policy = owner.kind === 'policy' && owner.policies.length === 1 ? owner.policies[0] : undefined
    if (policy !== undefined && leftOut.has(policy)) return []
    const rule = {acl, endpoint, ...(policy !== undefined && {policy})}
    return [{kind: 'rule', chain, ...(policy !== undefined && {policy}), found: {rule, position: index + 1}}]
  })
  return [...missing, ...extra]
}

/** Pods of the node without an endpoint: what would be enforced for them is not known. */
const missingEndpoints = (pods: readonly LocalPod[], endpoints: readonly HnsEndpoint[], node: string): IncompletePart[] => {
  const addresses = new Set(endpoints.map(({address}) => address))
  return pods
    .filter(pod => pod.node === node && !addresses.has(pod.address))
    .map(({pod, address}) => ({
      part: `endpoint of pod ${pod}`,
      state: 'absent',
      reason: `no endpoint in the input has its address ${address}`,
      next: 'Take all endpoints on the node: Get-HnsEndpoint | ConvertTo-Json -Depth 20 > hns-endpoints.json',
    }))
}

/** Returns the policy of a set that only one policy can use: blocks, and several values of a label. */
function ownersIn({policies, leftOut}: WindowsProgram): (set: ProgramSet) => string | undefined {
  const users = new Map<string, string | undefined>()
  for (const {policy, sets} of [...policies, ...leftOut])
    for (const set of sets) users.set(set, users.has(set) ? undefined : policy)
  return ({kernelName, type}) => (type === 'NestedLabelOfPod' || type === 'CIDRBlocks' ? users.get(kernelName) : undefined)
}
