import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Program} from '../policy/program.ts'
import type {MemberDifference, SetDifference} from '../sets/set-difference.ts'
import {setCauses} from './set-causes.ts'

type OfSets = SetDifference | MemberDifference

/** Groups all differences of a node by what caused them. Each difference is in one cause. */
export function groupCauses(
  differences: readonly AnyDifference[],
  {
    program,
    node,
    cluster,
    simulated,
  }: {
    readonly program: Program
    readonly node: NodeState
    readonly cluster: ClusterObjects
    readonly simulated: SimulatedNode<object, AnyDifference>
  },
): Cause[] {
  const isOfSets = (each: AnyDifference): each is OfSets => 'set' in each
  const ofRules = node.dataPlane.ruleCauses(
    differences.filter(each => !isOfSets(each)),
    program,
    node.with({cluster}),
  )
  const ofSets = setCauses(differences.filter(isOfSets), program, cluster)
  const causes = new Map<number, Cause>(ofRules.entries())
  const join = (at: number, {differences: more}: Cause, text?: string): void => {
    const known = causes.get(at) as Cause
    causes.set(at, {...known, ...(text !== undefined && {text}), differences: [...known.differences, ...more]})
  }
  const owners = new SetOwners(ofRules, program, simulated)
  const left = ofSets.filter(cause => {
    const same = ofRules.findIndex(({policy}) => policy !== undefined && policy === cause.policy)
    if (same >= 0) {
      const isPart = ofRules[same]?.kind === 'policyMissing'
      join(
        same,
        cause,
        isPart ? undefined : `${causes.get(same)?.text}; its blocks too: ${cause.text.replace(/^.*? has other blocks: /, '')}`,
      )
      return false
    }
    const owner = owners.of(cause)
    if (owner >= 0) join(owner, cause)
    return owner < 0
  })
  return [...causes.values(), ...left]
}

/** Whole sets that only policies with a cause of their own use: they come and go with the policy. */
class SetOwners {
  private readonly causes: readonly Cause[]
  private readonly program: Program
  private readonly simulated: SimulatedNode<object, AnyDifference>
  private wanted: Map<string, string[]> | undefined
  private found: Map<string, number> | undefined

  constructor(causes: readonly Cause[], program: Program, simulated: SimulatedNode<object, AnyDifference>) {
    this.causes = causes
    this.program = program
    this.simulated = simulated
  }

  /** The position of the cause that a set belongs to; -1 if it belongs to none. */
  of({differences}: Cause): number {
    const [whole] = differences
    if (differences.length !== 1 || whole?.kind !== 'set') return -1
    const name = whole.set.kernelName
    if (whole.wanted && whole.found) return -1
    if (whole.found) {
      this.found ??= this.setsOfLeftovers()
      return this.found.get(name) ?? -1
    }
    const gone = this.causes.findIndex(({kind}) => kind === 'npm')
    if (gone >= 0) return gone
    this.wanted ??= this.usersOfSets()
    const users = (this.wanted.get(name) ?? []).map(policy =>
      this.causes.findIndex(cause => cause.policy === policy && cause.kind === 'policyMissing'),
    )
    return users.includes(-1) ? -1 : (users[0] ?? -1)
  }

  private usersOfSets(): Map<string, string[]> {
    const users = new Map<string, string[]>()
    for (const {policy, sets} of this.program.policies)
      for (const set of sets) users.set(set, [...(users.get(set) ?? []), policy])
    return users
  }

  private setsOfLeftovers(): Map<string, number> {
    const sets = new Map<string, number>()
    for (const [at, {kind, differences}] of this.causes.entries()) {
      if (kind !== 'policyLeftOver' && kind !== 'policyChanged') continue
      for (const each of differences) {
        const rules = each.kind === 'chain' ? (each.found ?? []) : each.kind === 'rule' && each.found ? [each.found.rule] : []
        for (const rule of rules) for (const {set} of this.simulated.conditions(rule).sets) if (!sets.has(set)) sets.set(set, at)
      }
    }
    return sets
  }
}
