import type {NodeState} from '../dataplane/dataplane.ts'
import type {OwnedRules} from './increments.ts'

/** The rules of a node's policies with the numbers that its counters have for them. Where the name of a policy is a guess, it is left out. */
export function ownedRules(node: NodeState): OwnedRules {
  const counted = node.counters()
  return {
    policies: [...node.translation().policies()].flatMap(({policy, direction, chain, rules, candidates}) =>
      candidates
        ? []
        : [
            {
              policy,
              direction,
              chain,
              rules: rules.flatMap(({where, action}) => {
                const number = counted.numberOf(where)
                return number === undefined ? [] : [{number, action}]
              }),
            },
          ],
    ),
  }
}
