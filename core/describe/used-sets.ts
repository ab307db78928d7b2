import type {TranslatedPolicy} from '../contract/translation.ts'
import type {NodeState} from '../dataplane/dataplane.ts'

/** The sets that rules name, and those in lists that they name: kernel names, and readable ones of ports. */
export function* usedSets(node: NodeState, isOf: (policy: TranslatedPolicy) => boolean): Generator<string> {
  const translation = node.translation()
  const named = new Set<string>()
  for (const policy of translation.policies()) {
    if (!isOf(policy)) continue
    for (const {set} of policy.appliesTo) named.add(set)
    for (const {sources, destinations, port} of policy.rules) {
      for (const {set} of [...sources, ...destinations]) named.add(set)
      if (typeof port === 'string') named.add(`namedport:${port}`)
    }
  }
  yield* named
  for (const {set, kind, members} of translation.sets()) if (kind === 'list' && named.has(set)) yield* members ?? []
}
