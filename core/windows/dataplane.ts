import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {CompileOptions} from '../policy/program.ts'
import {aclCauses} from './causes/acl-causes.ts'
import {simulateNode} from './causes/simulated-node.ts'
import {compareProgram} from './compare/compare-program.ts'
import type {WindowsDifference} from './compare/compared-acl.ts'
import {describeDifference} from './compare/describe-difference.ts'
import {compile} from './compile/compile.ts'
import {windowsPolicyCompiler} from './compile/policy-compiler.ts'
import {joinWindowsDocuments, readWindowsDocument, type WindowsDocument} from './documents/read.ts'
import {foretoldDocuments} from './foretold-node.ts'
import {isOfHns} from './hns/documents.ts'
import type {HnsEndpoint} from './hns/model.ts'
import {WindowsNode} from './node-state.ts'
import {aclIdOf, isPolicyAclId} from './npm/acl-id.ts'
import type {WindowsProgram} from './npm/program.ts'

/** Azure NPM on Windows: sets and ACLs of HNS. */
export const windows = {
  name: 'windows',
  withoutConnections: {
    message: 'it is a Windows node, and nothing there lists the connections of pods',
    next: 'See what is denied to new ones: kubectl npm trace, kubectl npm matrix',
  },
  policyCompiler: windowsPolicyCompiler,
  // All rules of a policy have one id, whatever their direction and however sets are hashed.
  policyChains: {
    nameOf: policy => aclIdOf(policy),
    shapeOf: name => (isPolicyAclId(name) ? {direction: 'Ingress', schemes: ['fnv32a', 'sha256']} : undefined),
    ofDigest: () => [],
    purposesOf: () => [],
    directionOf: () => undefined,
  },
  documentKinds: new Set<string>(),
  json: {holds: isOfHns, parse: readWindowsDocument},
  parse(kind) {
    throw new RangeError(`no document of Windows is text of kind ${kind}`)
  },
  redaction: async () => (await import('./redact/redaction.ts')).windowsRedaction,
  writing: async () => (await import('./plan/writing.ts')).windowsWriting,
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
    const compiled = (asked: CompileOptions): WindowsProgram => {
      const program = (programFor ? programFor(asked) : compile(cluster, asked)) as WindowsProgram
      // Where nothing says which node it is, its endpoints say which pods are its own.
      return asked.node === undefined ? {...program, pods: program.pods.filter(({address}) => node.judges(address))} : program
    }
    const program = compiled(options)
    const isThere = (name: string): boolean => node.documents.sets?.has(name) === true
    if (!node.documents.sets || [...program.sets.keys()].every(isThere)) return {program, notes: []}
    // With ApplyIPSetsOnNeed the node has none of those that no policy uses.
    const needed = compiled({...options, isOnNeed: true})
    const unneeded = [...program.sets.keys()].filter(name => !needed.sets.has(name))
    const isOnNeed = unneeded.length > 0 && !unneeded.some(isThere)
    return {program: isOnNeed ? needed : program, notes: []}
  },
  compare(program: WindowsProgram, node: WindowsNode) {
    const {owners, names} = node.translation()
    const nameOf = (set: string) => names.namesOf(set)[0]?.name ?? set
    return compareProgram(program, {documents: node.documents, endpoints: node.endpoints, owners, nameOf})
  },
  describe: (difference: WindowsDifference) => describeDifference(difference),
  ruleCauses(differences: readonly WindowsDifference[], program: WindowsProgram, node: WindowsNode) {
    const ofAcls = differences.filter(each => each.kind === 'rule')
    if (ofAcls.length === 0) return []
    const programmed = new Set([...node.translation().policyOfChain.values()].flatMap(policies => policies.split('|')))
    return aclCauses(ofAcls, {
      existing: new Set(node.cluster?.policies.map(objectKey)),
      wanted: new Set([...program.policies, ...program.leftOut].map(({policy}) => policy)),
      isProgrammed: policy => programmed.has(policy),
    })
  },
  simulate: (node: WindowsNode) => simulateNode(node.documents),
} satisfies DataPlane

/** The node that all pods at the endpoints run on: HNS does not say what its node is called. */
function nodeOfPods({cluster}: NodeFacts, endpoints: readonly HnsEndpoint[]): string | undefined {
  const addresses = new Set(endpoints.flatMap(({address, isRemote}) => (isRemote ? [] : (address ?? []))))
  const nodes = new Set(
    cluster?.pods.flatMap(pod => (addresses.has(policyIp(pod) ?? '') && pod.spec?.nodeName ? [pod.spec.nodeName] : [])),
  )
  return nodes.size === 1 ? [...nodes][0] : undefined
}
