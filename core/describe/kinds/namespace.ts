import type {Knowledge} from '../knowledge.ts'
import type {Scope} from '../scope.ts'

export function ofNamespace(name: string, known: Knowledge): Scope {
  const isOf = (key: string | undefined): boolean => key?.startsWith(`${name}/`) === true
  const [first] = known.nodes
  const label = (key: string) => key === `ns-${name}` || key === name
  return {
    pods: known.pods.filter(({metadata}) => (metadata.namespace ?? 'default') === name),
    sets: first
      ? [...first.translation().sets()].filter(({names}) => names.some(label)).map(set => ({...set, node: first.node}))
      : [],
    policies: ({namespace}) => namespace === name,
    rules: () => undefined,
    concerns: ({policy, pod, opens, closes}, sets) =>
      isOf(policy) ||
      isOf(pod) ||
      [...sets].some(label) ||
      [...opens, ...closes].some(({source, destination}) => isOf(source) || isOf(destination)),
  }
}
