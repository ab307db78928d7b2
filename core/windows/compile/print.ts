import {InputError} from '../../problem/input-error.ts'
import {aclPolicy, setPolicy} from '../hns/print.ts'
import type {ProgramAcl, WindowsPolicy, WindowsProgram} from '../npm/program.ts'
import {nodeAcl} from './acls-of-policy.ts'
import {policyFinder} from './local-pods.ts'

/** A set of a program as HNS has it. */
export const hnsSet = ({kernelName: id, name, ipsetType, members: values}: WindowsSet) =>
  setPolicy({id, name, policyType: ipsetType === 'list:set' ? 'NESTEDIPSET' : 'IPSET', values})
type WindowsSet = WindowsProgram['sets'] extends ReadonlyMap<string, infer Set> ? Set : never

/** All rules of a policy on a node, as Azure NPM adds them to an endpoint. */
export function* aclsOnNode({policy, acls}: WindowsPolicy, nodeAddress: string): Generator<ProgramAcl> {
  yield* acls
  if (acls.length > 0) yield nodeAcl(policy, nodeAddress)
}

/**
 * Prints a program as one JSON document: the sets of the network, lists behind their members, and the rules of each endpoint in the order in
 * which Azure NPM adds them. Both are lists of policies as HNS takes them in a request to add.
 *
 * @returns one line at a time
 * @throws InputError when the address of a node is not known, which a rule of each policy holds
 */
export function* printHns(program: WindowsProgram): Generator<string> {
  const {pods, nodeAddresses} = program
  const policiesOf = policyFinder(program)
  // A pod that was not placed yet has no endpoint.
  const placed = pods.flatMap(pod => (pod.node === undefined ? [] : [{...pod, node: pod.node, policies: policiesOf(pod)}]))
  const lost = placed.find(({node, policies}) => policies.length > 0 && !nodeAddresses.has(node))
  if (lost)
    throw new InputError(
      `the address of node ${lost.node} is not known, and the rules of pod ${lost.pod} hold it`,
      'Give the Node objects too: kubectl get pods,namespaces,networkpolicies,nodes -A -o json',
    )
  const sets = [...program.sets.values()]
  const isList = ({ipsetType}: WindowsSet): boolean => ipsetType === 'list:set'
  yield '{"network": {"Policies": ['
  yield* separated([...sets.filter(set => !isList(set)), ...sets.filter(isList)], set => JSON.stringify(hnsSet(set)))
  yield ']},'
  yield '"endpoints": ['
  for (const [index, {pod, address, node, policies}] of placed.entries()) {
    yield `{"pod": ${JSON.stringify(pod)}, "address": "${address}", "node": ${JSON.stringify(node)}, "Policies": [`
    const acls = policies.flatMap(policy => [...aclsOnNode(policy, nodeAddresses.get(node) ?? '')])
    yield* separated(acls, acl => JSON.stringify(aclPolicy(acl)))
    yield index < placed.length - 1 ? ']},' : ']}'
  }
  yield ']}'
}

function* separated<Item>(items: readonly Item[], print: (item: Item) => string): Generator<string> {
  for (const [index, item] of items.entries()) yield `  ${print(item)}${index < items.length - 1 ? ',' : ''}`
}
