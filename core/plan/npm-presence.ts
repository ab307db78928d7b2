import type {NodeState} from '../dataplane/dataplane.ts'
import {incompleteObjects} from '../kubernetes/completeness.ts'
import type {Pod} from '../kubernetes/objects.ts'
import {AZURE_NPM} from './other-engines.ts'
import type {Surroundings} from './wanted.ts'

/** What is known of Azure NPM on a node. */
export interface NpmPresence {
  /**
   * `runs`: it answers, or its pod or process is there. `stopped`: it belongs here and does not run, and may start at any moment.
   * `removed`: it is gone, and left rules or sets behind. `never`: nothing of it is there. `unknown`: it may run.
   */
  readonly state: 'runs' | 'stopped' | 'removed' | 'never' | 'unknown'
  /** How this is known, as a clause. */
  readonly because: string
}

/** Its pods, whatever installed them. */
const NPM_LABEL = 'azure-npm'

/** Finds out whether Azure NPM runs on a node, from its documents and what else is known of it. */
export function npmPresence(node: NodeState, {hasNpmPages, hasNpmProcess, engines}: Surroundings): NpmPresence {
  if (hasNpmPages === true || node.cache || node.metricNames.length > 0)
    return {state: 'runs', because: 'its pages answer on the node'}
  if (hasNpmProcess === true) return {state: 'runs', because: 'a process of it runs on the node'}
  const {cluster} = node
  const isHere = ({spec}: Pod): boolean => node.node === 'unknown' || spec?.nodeName === node.node
  const pods = (cluster?.pods ?? []).filter(pod => isNpmPod(pod) && isHere(pod))
  const running = pods.find(({status}) => status?.phase === 'Running')
  if (running && hasNpmProcess === undefined)
    return {state: 'runs', because: `its pod kube-system/${running.metadata.name} runs on the node`}
  const isStill = hasNpmPages === false || hasNpmProcess === false
  if (pods.length > 0)
    return isStill
      ? {state: 'stopped', because: `its pod ${pods[0]?.metadata.name} is there and does not answer`}
      : {state: 'unknown', because: `its pod ${pods[0]?.metadata.name} is there and does not run`}
  const knowsPods = cluster !== undefined && !incompleteObjects(cluster).some(({kind}) => kind === 'pods')
  const belongsHere = engines?.includes(AZURE_NPM)
  // All pods of a cluster are known, and all its DaemonSets: without either there is nobody who would start it.
  const isAbsent = (knowsPods && (isStill || belongsHere === false)) || hasNpmProcess === false
  if (!isAbsent || belongsHere === true)
    return {
      state: 'unknown',
      because: isStill
        ? belongsHere === true
          ? 'the cluster runs it, though nothing of it answers here'
          : 'nothing answers, and its pods are not known'
        : knowsPods
          ? 'no pod of it is on the node, and whether a process of it runs was not looked for'
          : 'nobody has looked for it on the node',
    }
  return hasTraces(node)
    ? {state: 'removed', because: 'nothing of it runs, and its rules or sets are there'}
    : {state: 'never', because: 'nothing of it runs, and nothing of it is programmed'}
}

/** Whether Azure NPM may be running. What is not known counts as running. */
export const mayRun = ({state}: NpmPresence): boolean => state !== 'removed' && state !== 'never'

const isNpmPod = ({metadata: {namespace, labels = {}, name}}: Pod): boolean =>
  labels['k8s-app'] === NPM_LABEL || (namespace === 'kube-system' && /^azure-npm-(?:win-)?[a-z0-9]{5}$/.test(name))

const hasTraces = ({ruleLists, sets}: NodeState): boolean =>
  ruleLists.length > 0 || [...(sets?.keys() ?? [])].some(name => name.startsWith('azure-npm-'))
