import type {DataPlane, NodeState} from '../dataplane/dataplane.ts'
import {dataPlaneOfNode} from '../dataplanes.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {type Deviation, findDeviations} from '../policy/deviations.ts'
import type {Compile, CompileOptions, Program, Unsupported} from '../policy/program.ts'
import {leavesOldVersion} from '../policy/unsupported.ts'
import type {Problem} from '../problem/problem.ts'

/** What Azure NPM will do with a cluster's policies. */
export interface Foretold {
  /** The node that it would program. */
  readonly node: NodeState
  /** Kernel names of the sets that rules look at. */
  readonly usedSets: ReadonlySet<string>
  /** What is not programmed as it is written. */
  readonly problems: readonly Problem[]
}

/**
 * The data plane of the nodes that pods run on, where all of them say the same.
 *
 * @param usual for nodes of which nothing says what they run, and for a cluster with nodes of several
 */
export function commonDataPlane({pods, nodes}: ClusterObjects, usual: DataPlane): DataPlane {
  const byName = new Map(nodes.map(node => [node.metadata.name, node]))
  const planes = new Set(pods.map(({spec}) => dataPlaneOfNode(byName.get(spec?.nodeName ?? '')) ?? usual))
  const [only = usual] = planes
  return planes.size > 1 ? usual : only
}

/** Foretells the node that Azure NPM would program from a cluster's objects. */
export function foretell(cluster: ClusterObjects, dataPlane: DataPlane, options: CompileOptions): Foretold {
  const program = dataPlane.policyCompiler.compile(cluster, options)
  return {
    node: dataPlane.foretell(program, {cluster}),
    usedSets: usedSets(program),
    problems: program.refusals.map(refusalProblem),
  }
}

/** What a matrix looks at, of a node that was foretold. */
export const foretoldInput = ({
  node,
  usedSets,
}: Foretold): Pick<Foretold, 'usedSets'> & {readonly nodes: readonly NodeState[]} => ({
  nodes: [node],
  usedSets,
})

/**
 * Foretells the node after a change. An update of a policy that Azure NPM refuses when it reads it leaves the version before in
 * force, until Azure NPM starts anew.
 */
export function foretellChange(
  before: ClusterObjects,
  after: ClusterObjects,
  dataPlane: DataPlane,
  options: CompileOptions,
): Foretold {
  const {refusals} = dataPlane.policyCompiler.compileSets(after, options)
  const refused = new Map(refusals.filter(({code}) => leavesOldVersion(code)).map(each => [each.policy, each]))
  const versions = new Map(before.policies.map(policy => [objectKey(policy), policy]))
  const kept = new Set<string>()
  const policies = after.policies.map(policy => {
    const key = objectKey(policy)
    const old = versions.get(key)
    if (!old || old === policy || !refused.has(key)) return policy
    kept.add(key)
    return old
  })
  const {node, usedSets: used, problems} = foretell({...after, policies}, dataPlane, options)
  const keptProblems = [...kept].map((policy): Problem => {
    const {field, reason, code} = refused.get(policy) as Unsupported
    return {
      code: 'POLICY_REFUSED',
      message: `policy ${policy}, ${field}: ${reason} (${code}); Azure NPM refuses the update, and the version before stays in force`,
      next: 'When Azure NPM starts anew nothing of the policy is in force, and its pods are open.',
    }
  })
  // The node's objects are those after the change: the API's meaning is theirs.
  return {node: node.with({cluster: after}), usedSets: used, problems: [...keptProblems, ...problems]}
}

/** The known departures from the API in a cluster's policies, as documents have them. They are known for the second generation only. */
export function printedDepartures(
  cluster: ClusterObjects,
  dataPlane: DataPlane,
  options: CompileOptions,
): {readonly code: string; readonly sentence: string; readonly objects: string[]}[] {
  return departuresOf(cluster, dataPlane, options).map(({code, sentence, places}) => ({
    code,
    sentence,
    objects: [...new Set(places.map(({object}) => object))],
  }))
}

function departuresOf(cluster: ClusterObjects, {policyCompiler}: DataPlane, options: CompileOptions): Deviation[] {
  const {generation, release, scheme} = options
  if (generation === 'v1') return []
  const compile: Compile = (objects, asked) =>
    policyCompiler.compile(objects, {...asked, ...(asked.semantics === 'npm' && release && {release})})
  return findDeviations(cluster, {...policyCompiler, compile}, scheme)
}

function usedSets({policies, leftOut, sets}: Program): Set<string> {
  const used = new Set([...policies, ...leftOut].flatMap(policy => policy.sets))
  for (const name of used) {
    const set = sets.get(name)
    if (set?.ipsetType === 'list:set') for (const member of set.members) used.add(member)
  }
  return used
}

const refusalProblem = ({policy, code, field, reason, consequence}: Unsupported): Problem => ({
  code: 'POLICY_REFUSED',
  message: `policy ${policy}, ${field}: ${reason} (${code})`,
  next: `${consequence}.`,
})
