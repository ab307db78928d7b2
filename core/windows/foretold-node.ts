import type {NodeFacts} from '../dataplane/node-facts.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {policyFinder} from './compile/local-pods.ts'
import {aclsOnNode} from './compile/print.ts'
import {nodeSet} from './documents/read.ts'
import type {Acl, HnsEndpoint, SetPolicy} from './hns/model.ts'
import {UNREAD} from './hns/parse.ts'
import type {WindowsDocuments} from './npm/documents.ts'
import {BASE_ALLOW} from './npm/priorities.ts'
import type {ProgramAcl, WindowsProgram} from './npm/program.ts'

/** What the network plugin puts on each endpoint, and without which HNS denies what no ACL allows. */
const BASE: readonly ProgramAcl[] = (['In', 'Out'] as const).map(direction => ({
  action: 'Allow',
  direction,
  ruleType: 'Switch',
  priority: BASE_ALLOW[0],
}))

/** The documents that Windows nodes would have with a program: the endpoints of all its pods, as if they were one node's. */
export function foretoldDocuments(program: WindowsProgram, facts: Partial<NodeFacts>): WindowsDocuments {
  const {nodeAddresses, leftOut} = program
  const policiesOf = policyFinder(program)
  const leftOutOf = policyFinder({...program, policies: leftOut.map(policy => ({...policy, acls: [UNKNOWN]}))})
  const endpoints = program.pods.map((pod): HnsEndpoint => {
    const address = nodeAddresses.get(pod.node ?? '')
    const its = policiesOf(pod).flatMap(policy => (address === undefined ? [...policy.acls] : [...aclsOnNode(policy, address)]))
    const unknown = leftOutOf(pod).map(() => UNKNOWN)
    const acls: Acl[] = [...unknown, ...its, ...BASE].map((acl, index) => ({...acl, position: index + 1}))
    return {
      shape: 'v2',
      id: pod.pod,
      name: pod.pod,
      address: pod.address,
      isAttached: true,
      isRemote: false,
      acls,
      source: {},
    }
  })
  const policies = new Map<string, SetPolicy>(
    [...program.sets.values()].map(({kernelName, name, ipsetType, members}, index) => [
      kernelName,
      {
        id: kernelName,
        name,
        policyType: ipsetType === 'list:set' ? 'NESTEDIPSET' : 'IPSET',
        values: members,
        position: index + 1,
      },
    ]),
  )
  return {
    node: 'unknown',
    metricNames: [],
    problems: [],
    ...facts,
    isForetold: true,
    endpoints,
    policies,
    sets: new Map([...policies].map(([id, set]) => [id, nodeSet(set)])),
    hasMembers: true,
    lost: leftOut.map(
      ({policy}): IncompletePart => ({
        part: `policy ${policy}`,
        state: 'absent',
        reason: 'it has too many rules to be compiled here',
        next: 'Its peers, values and ports multiply: select the peers by one common label, or the ports by ranges.',
      }),
    ),
  }
}

/** Stands for the rules of a policy that are too many: what it does is not known. */
const UNKNOWN: ProgramAcl = {action: UNREAD, direction: UNREAD, priority: 0}
