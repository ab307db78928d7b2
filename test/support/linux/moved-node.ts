import {fc} from '@fast-check/vitest'
import {hasPolicyAddress} from '../../../core/kubernetes/pod-filter.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxNode} from '../../../core/linux/node-state.ts'
import {nodeWith} from '../../../core/linux/plan/node-with.ts'
import {isListType} from '../../../core/linux/plan/part.ts'
import {wholePartOf} from '../../../core/linux/plan/read-part.ts'
import {cluster} from '../arbitrary-cluster.ts'
import {linesOf} from '../node-of.ts'
import {azureNpm} from './arbitrary-node.ts'
import {nodeOfLines} from './written-node.ts'

/** An address that is sent on to every pod. */
export const SERVICE = '10.96.0.1'

const natOf = (pods: readonly string[]): string[] => [
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ...pods.map(
    pod => `-A PREROUTING -d ${SERVICE}/32 -m statistic --mode random --probability 0.5 -j DNAT --to-destination ${pod}`,
  ),
  'COMMIT',
]

/** A node before and after members came into sets, or left them, lists among them. Rules and sets are the same. */
export interface MovedNode {
  readonly before: LinuxNode
  readonly after: LinuxNode
  /** Addresses of pods that are not the node's own. */
  readonly pods: readonly string[]
}

const place = fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true})

export const movedNode: fc.Arbitrary<MovedNode> = fc
  .tuple(cluster, azureNpm, fc.array(fc.tuple(place, place), {minLength: 1, maxLength: 6}), fc.boolean())
  .map(([objects, options, moves, hasService]): MovedNode => {
    const pods = [...new Set(objects.pods.filter(hasPolicyAddress).map(({status}) => status?.podIP ?? ''))]
    const {rules, sets} = linesOf(compile(objects, {...options, semantics: 'npm'}))
    const lines = {sets, rules: hasService ? [...rules, ...natOf(pods)] : rules}
    const before = nodeOfLines(lines).with({cluster: objects})
    const part = wholePartOf(before)
    const moved = new Map(part.sets)
    for (const [whichSet, whichMember] of moves) {
      const set = pick([...moved.values()], whichSet)
      const others = set && isListType(set.type) ? [...moved.values()].filter(({type}) => !isListType(type)) : []
      const member = set && pick(isListType(set.type) ? others.map(({name}) => name) : pods, whichMember)
      if (!set || member === undefined || set.type === 'hash:ip,port') continue
      const {members} = set
      moved.set(set.name, {
        ...set,
        members: members.includes(member) ? members.filter(each => each !== member) : [...members, member],
      })
    }
    return {before, after: nodeWith(before, {...part, sets: moved}), pods}
  })

const pick = <T>(all: readonly T[], where: number): T | undefined => all[Math.floor(where * all.length)]
