import type {BesideNpm, NodeState, NodeWriting} from '../dataplane/dataplane.ts'
import type {LeftAlone} from '../dataplane/plan.ts'
import {listed} from '../drift/words.ts'
import {InputError} from '../problem/input-error.ts'
import {mayRun, type NpmPresence} from './npm-presence.ts'
import type {OtherEngine} from './other-engines.ts'
import type {PlanNodeOptions, Wanted} from './wanted.ts'

/** Where a plan is to be followed. */
export interface Place {
  readonly node: NodeState
  readonly presence: NpmPresence
  readonly engines: {readonly active: readonly OtherEngine[]; readonly leftOver: readonly OtherEngine[]}
}

/**
 * Refuses what must not be done at a place.
 *
 * @throws InputError with the reason, and what is possible
 */
export function requirePlace(
  {node, presence, engines}: Place,
  wanted: Wanted,
  {writing, isEvenIfNpmRuns = false}: PlanNodeOptions,
): void {
  const [engine] = engines.active
  if (engine && (wanted.kind === 'policies' || wanted.kind === 'dump'))
    throw new InputError(
      `${engine.name} enforces policies on node ${node.node}: ${engine.because}. Rules of Azure NPM beside it would decide about the same packets, and the first that drops one wins`,
      'Nothing is programmed there. What an earlier Azure NPM left behind goes with --remove.',
    )
  if (isEvenIfNpmRuns) return
  const {refusal} = writing.besideNpm
  if (refusal !== undefined && mayRun(presence))
    throw new InputError(
      `Azure NPM ${stateWords(presence)}: ${refusal}`,
      'Stop it on this node first: delete its DaemonSet, or keep it from this node. Or say --even-if-npm-runs.',
    )
  if (wanted.kind === 'policies' && wanted.semantics === 'kubernetes' && mayRun(presence))
    throw new InputError(
      `Azure NPM ${stateWords(presence)}: where a policy or pod changes it puts its own rules in place of those that mean what the API means`,
      'Stop it on this node first, or say --even-if-npm-runs.',
    )
  if (wanted.kind === 'nothing' && presence.state === 'runs')
    throw new InputError(
      `Azure NPM runs on node ${node.node}: ${presence.because}. Without its rules no policy is enforced, and it puts parts of them back when something changes`,
      'Stop it first, so that it does not come back: delete its DaemonSet, or keep it from this node. Or say --even-if-npm-runs.',
    )
}

const stateWords = ({state, because}: NpmPresence): string =>
  state === 'runs' ? `runs: ${because}` : state === 'stopped' ? `may start again: ${because}` : `may be running: ${because}`

/** What else to know about writing at a place. */
export function placeNotes(
  {presence, engines}: Place,
  wanted: Wanted,
  isAnythingDone: boolean,
  {besideNpm}: Pick<NodeWriting, 'besideNpm'>,
): string[] {
  if (!isAnythingDone) return []
  return [
    ...npmNotes(presence, wanted, besideNpm),
    ...[...engines.active, ...engines.leftOver].map(({name, because, withForeign}) =>
      [`${name}: ${because}`, ...(withForeign === undefined ? [] : [withForeign])].join('. '),
    ),
  ]
}

function npmNotes(presence: NpmPresence, wanted: Wanted, {removal}: BesideNpm): string[] {
  if (!mayRun(presence)) return []
  const who = `Azure NPM ${stateWords(presence)}`
  if (wanted.kind === 'nothing') return [`${who}. ${removal}`]
  const again = 'When it starts it writes everything anew, and until it has done so no policy is enforced'
  if (wanted.kind === 'policies' && wanted.semantics !== 'kubernetes')
    return [
      `${who}. What is put back is as it writes it, so it leaves it alone; it does not notice when it gets lost again. ${again}. A change of a policy that it is just making looks like a difference: look again a second later before you apply`,
    ]
  return [
    `${who}. It does not notice this change, and undoes parts of it: a policy that is updated or deleted becomes what Azure NPM makes of it, and so does each set in which a pod changes. ${again}`,
  ]
}

/** What a plan leaves, whatever is wanted of the part that it changes. */
export function untouchedHere({node}: Place, wanted: Wanted): LeftAlone[] {
  const {leftOver} = node.otherRuleLists
  if (leftOver.length === 0 || wanted.kind === 'nothing') return []
  return [
    {
      name: listed(leftOver),
      reason: 'chains of an Azure NPM that used the other back end of iptables; packets may meet them too',
      next: 'Azure NPM takes them away when it starts. Where it runs no more: kubectl npm apply --remove takes away all of both back ends.',
    },
  ]
}
