import type {DataPlane} from '../dataplane/dataplane.ts'
import type {NodeFacts} from '../dataplane/node-facts.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {ruleCauses} from './causes/rule-causes.ts'
import type {RuleDifferences} from './causes/rule-differences.ts'
import {simulateNode} from './causes/simulated-node.ts'
import {compareProgram} from './compare/compare-program.ts'
import type {LinuxDifference} from './compare/compared-rule.ts'
import {describeDifference} from './compare/describe-difference.ts'
import {expectedProgram, type LinuxProgramOptions} from './compare/expected-program.ts'
import {hasTable, withoutLost} from './compare/lost-differences.ts'
import {linuxPolicyCompiler} from './compile/policy-compiler.ts'
import {joinLinuxDocuments} from './documents/join.ts'
import {type LinuxDocument, linuxDocumentKinds, readLinuxDocument} from './documents/read.ts'
import {ForetoldNode} from './foretold-node.ts'
import {SavedChains} from './iptables/saved-chains.ts'
import {LinuxNode} from './node-state.ts'
import {baseChainPurposes} from './npm/base-chain-meanings.ts'
import {chainDirection, chainOfDigest, policyChain, policyChainName} from './npm/policy-chain.ts'
import type {LinuxProgram} from './npm/program.ts'

/** Azure NPM on Linux: rules of iptables, and ipsets. */
export const linux = {
  name: 'linux',
  policyCompiler: linuxPolicyCompiler,
  policyChains: {
    nameOf: policyChainName,
    shapeOf: policyChain,
    ofDigest: digest =>
      (['Ingress', 'Egress'] as const)
        .map(direction => chainOfDigest(digest, direction))
        .filter(chain => policyChain(chain) !== undefined),
    purposesOf: baseChainPurposes,
    directionOf: chainDirection,
  },
  documentKinds: new Set<string>(linuxDocumentKinds),
  parse: readLinuxDocument,
  async redaction() {
    const {linuxRedaction} = await import('./redact/redaction.ts')
    return linuxRedaction
  },
  async writing() {
    const {linuxWriting} = await import('./plan/writing.ts')
    return linuxWriting
  },
  open(facts, documents: readonly {readonly name: string; readonly content: LinuxDocument}[]): LinuxNode {
    const {save, beside, problems, ...sets} = joinLinuxDocuments(documents)
    return new LinuxNode(linux, {
      ...facts,
      ...sets,
      ...(save && {saved: new SavedChains(save)}),
      ...(beside && {savedBeside: new SavedChains(beside)}),
      problems: [...facts.problems, ...problems],
    })
  },
  foretell: (program: LinuxProgram, facts: Partial<NodeFacts> = {}): LinuxNode => new ForetoldNode(linux, program, facts),
  expectedProgram(node: LinuxNode, cluster: ClusterObjects, options: LinuxProgramOptions) {
    const {chains, usedSets} = node.translation()
    return expectedProgram({documents: node.documents, chains, usedSets}, cluster, options)
  },
  compare(program: LinuxProgram, node: LinuxNode) {
    const {chains, names, usedSets} = node.translation()
    const {documents} = node
    const compared = compareProgram(program, {
      ...documents,
      rules: hasTable(documents, chains.table) ? chains : undefined,
      isUsed: set => usedSets.has(set),
      nameOf: set => names.namesOf(set)[0]?.name ?? set,
    })
    return withoutLost(compared, program, documents, chains, usedSets)
  },
  describe: (difference: LinuxDifference) => describeDifference(difference),
  ruleCauses(differences: readonly LinuxDifference[], program: LinuxProgram, node: LinuxNode) {
    const ofRules = differences.filter((each): each is RuleDifferences => 'chain' in each)
    if (ofRules.length === 0) return []
    const {chains, policyOfChain} = node.translation()
    return ruleCauses(ofRules, {
      existing: new Set(node.cluster?.policies.map(objectKey)),
      wanted: new Set([...program.policies, ...program.leftOut].map(({policy}) => policy)),
      ofChain: policyOfChain,
      isEmpty: chain => chains.isEmpty(chain),
    })
  },
  simulate: (node: LinuxNode, program: LinuxProgram) => simulateNode(node, program),
} satisfies DataPlane
