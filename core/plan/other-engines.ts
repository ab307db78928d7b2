import type {NodeState} from '../dataplane/dataplane.ts'
import type {Pod} from '../kubernetes/objects.ts'
import type {Surroundings} from './wanted.ts'

export const AZURE_NPM = 'Azure NPM'

/** What else may enforce policies on a node, and how it is recognised there. */
interface Engine {
  /** As the cluster's DaemonSets are called by whoever looks at them. */
  readonly name: string
  /** Its chains. */
  readonly chains: RegExp
  /** Its sets, if it has any. */
  readonly sets?: RegExp
  /** Value of the label `k8s-app`, `app` or `name` of its pods. */
  readonly label: string
  /** What it or its platform does with chains and sets that are not its own, where that is known. */
  readonly withForeign?: string
}

/** Sources: the projects' own code and manifests, and Azure's monitor of iptables rules. */
const ENGINES: readonly Engine[] = [
  {
    name: 'Cilium',
    chains: /^(?:OLD_)?CILIUM_/,
    label: 'cilium',
    withForeign:
      'AKS with Cilium looks at all rules every 5 minutes and reports those that it does not know (event UnexpectedIPTablesRules, label kubernetes.azure.com/user-iptables-rules): they end when the leftovers are gone. With ACNS host routing the node refuses changes of rules (event BlockedIPTablesRule, "Operation not permitted"): then nothing can be cleaned here, and the node must be reimaged',
  },
  {
    name: 'Calico',
    chains: /^cali-/,
    sets: /^cali[46]0/,
    label: 'calico-node',
    withForeign:
      'Calico leaves chains and sets of others alone; its rules cali-… stay as they are, and go on to drop what its policies deny',
  },
  {
    name: 'kube-router',
    chains: /^KUBE-(?:ROUTER|POD-FW|NWPLCY)-/,
    sets: /^(?:KUBE-(?:SRC|DST)-|kube-router-)/,
    label: 'kube-router',
  },
  {name: 'Antrea', chains: /^ANTREA-/, sets: /^ANTREA-/, label: 'antrea'},
  {name: 'Weave Net', chains: /^WEAVE-NPC/, sets: /^weave-/, label: 'weave-net'},
]

/** Another engine that programs a node. */
export interface OtherEngine {
  readonly name: string
  /** How this is known, as a clause. */
  readonly because: string
  readonly withForeign?: string
}

/**
 * The engines other than Azure NPM that enforce policies on a node. Where the cluster's DaemonSets are known, chains of one that is not
 * among them are left over.
 */
export function otherEngines(
  node: NodeState,
  {engines}: Surroundings,
): {readonly active: readonly OtherEngine[]; readonly leftOver: readonly OtherEngine[]} {
  const found = ENGINES.flatMap(engine => {
    const because = traceOf(engine, node)
    const isDeclared = engines?.includes(engine.name) === true
    // Beside Azure NPM, another engine is on those nodes only on which something of it is found.
    const isOnly = isDeclared && !engines?.includes(AZURE_NPM)
    if (because === undefined && !isOnly) return []
    const {name, withForeign} = engine
    const other = {name, because: because ?? 'the cluster runs it', ...(withForeign !== undefined && {withForeign})}
    return [{other, isActive: engines === undefined || isDeclared || podOf(engine, node) !== undefined}]
  })
  return {
    active: found.filter(({isActive}) => isActive).map(({other}) => other),
    leftOver: found.filter(({isActive}) => !isActive).map(({other}) => other),
  }
}

function traceOf(engine: Engine, node: NodeState): string | undefined {
  const pod = podOf(engine, node)
  if (pod) return `its pod ${pod.metadata.name} runs on the node`
  const chain = node.otherRuleLists.foreign.find(name => engine.chains.test(name))
  if (chain !== undefined) return `its chain ${chain} is on the node`
  const set = [...(node.sets?.keys() ?? [])].find(name => engine.sets?.test(name))
  return set === undefined ? undefined : `its set ${set} is on the node`
}

function podOf({label}: Engine, {node, cluster}: NodeState): Pod | undefined {
  return cluster?.pods.find(({metadata: {labels = {}}, spec, status}) => {
    const isIts = [labels['k8s-app'], labels['app'], labels['name']].includes(label)
    return isIts && spec?.hostNetwork === true && spec.nodeName === node && status?.phase === 'Running'
  })
}
