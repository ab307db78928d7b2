import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {CompileOptions} from '../policy/program.ts'
import {InputError} from '../problem/input-error.ts'
import {compile} from './compile/compile.ts'
import {windowsPolicyCompiler} from './compile/policy-compiler.ts'
import {joinWindowsDocuments, readWindowsDocument, type WindowsDocument} from './documents/read.ts'
import {foretoldDocuments} from './foretold-node.ts'
import {isOfHns} from './hns/documents.ts'
import type {HnsEndpoint} from './hns/model.ts'
import {WindowsNode} from './node-state.ts'
import {aclIdOf, isPolicyAclId} from './npm/acl-id.ts'
import type {WindowsProgram} from './npm/program.ts'

const lacking = (verb: string): never => {
  throw new InputError(
    `this is a Windows node, and it cannot be ${verb} yet`,
    'translate, sets, resolve, trace and matrix read Windows nodes, and compile -o hns prints what policies ask for there.',
  )
}

/** Azure NPM on Windows: sets and ACLs of HNS. */
export const windows = {
  name: 'windows',
  policyCompiler: windowsPolicyCompiler,
  // All rules of a policy have one id, whatever their direction and however sets are hashed.
  policyChains: {
    nameOf: policy => aclIdOf(policy),
    shapeOf: name => (isPolicyAclId(name) ? {direction: 'Ingress', schemes: ['fnv32a', 'sha256']} : undefined),
    directionOf: () => undefined,
  },
  documentKinds: new Set<string>(),
  lacks: new Set(['compare', 'verify', 'write', 'redact'] as const),
  json: {holds: isOfHns, parse: readWindowsDocument},
  parse: () => lacking('read as text'),
  redaction: async () => lacking('redacted'),
  writing: async () => lacking('written'),
  open(facts, documents: readonly {readonly name: string; readonly content: WindowsDocument}[]): WindowsNode {
    const {problems, ...objects} = joinWindowsDocuments(documents)
    return new WindowsNode(windows, {
      ...facts,
      node: facts.node === 'unknown' ? (nodeOfPods(facts, objects.endpoints ?? []) ?? 'unknown') : facts.node,
      ...objects,
      hasMembers: objects.policies !== undefined,
      problems: [...facts.problems, ...problems],
    })
  },
  foretell: (program: WindowsProgram, facts: Partial<NodeFacts> = {}): WindowsNode =>
    new WindowsNode(windows, foretoldDocuments(program, facts)),
  expectedProgram(node: WindowsNode, cluster: ClusterObjects, {isLite, semantics = 'npm', programFor}) {
    const {nameScheme} = node.translation().facts
    const options: CompileOptions = {
      scheme: nameScheme === 'fnv32a' ? 'fnv32a' : 'sha256',
      semantics,
      ...(node.node !== 'unknown' && {node: node.node}),
      ...(isLite && {isLite: true}),
    }
    return {program: programFor ? programFor(options) : compile(cluster, options), notes: []}
  },
  compare: () => lacking('compared'),
  describe: () => lacking('compared'),
  ruleCauses: () => lacking('compared'),
  simulate: () => lacking('compared'),
} satisfies DataPlane

/** The node that all pods at the endpoints run on: HNS does not say what its node is called. */
function nodeOfPods({cluster}: NodeFacts, endpoints: readonly HnsEndpoint[]): string | undefined {
  const addresses = new Set(endpoints.flatMap(({address, isRemote}) => (isRemote ? [] : (address ?? []))))
  const nodes = new Set(
    cluster?.pods.flatMap(pod => (addresses.has(policyIp(pod) ?? '') && pod.spec?.nodeName ? [pod.spec.nodeName] : [])),
  )
  return nodes.size === 1 ? [...nodes][0] : undefined
}
