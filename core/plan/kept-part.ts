import type {NodeState, NodeWriting} from '../dataplane/dataplane.ts'
import type {NodeTranslation} from '../dataplane/node-translation.ts'
import type {NpmPart} from '../dataplane/plan.ts'
import {judgedComparison, openComparison} from '../drift/compare-node.ts'
import {keptPolicies} from '../drift/repair-hint.ts'
import {listed} from '../drift/words.ts'
import {setTypeOf} from '../names/set-name.ts'
import {InputError} from '../problem/input-error.ts'
import {chosenCauses, hasNumber, isOf} from './narrow.ts'
import type {Narrowing} from './wanted.ts'

/** A part of which only some is to become what another part has. */
export interface KeptChoice {
  readonly node: NodeState
  readonly found: NpmPart
  /** What was kept, or nothing of Azure NPM. */
  readonly kept: NpmPart
  /** The node that it was kept of; absent where nothing is wanted. */
  readonly other?: NodeState | undefined
  readonly writing: NodeWriting
}

export interface ChosenPart {
  readonly part: NpmPart
  /** In words. */
  readonly narrowedTo: readonly string[]
  readonly notes: readonly string[]
}

/**
 * The node with some policies and sets as a kept state has them, or without some policies.
 *
 * @throws InputError for names that neither has, and for what the kept state cannot give
 */
export function narrowedKept(choice: KeptChoice, {policies = [], sets = [], causes = []}: Narrowing): ChosenPart {
  if (sets.length > 0 && !choice.other)
    throw new InputError(
      '--remove --set: a set is not taken away by itself: rules name it, and Azure NPM counts on what it has put there',
      'Take a policy away with --policy NS/NAME, or all with --remove alone.',
    )
  const meant = causes.flatMap(text => ofCauses(choice, text))
  const narrowedTo = [
    ...policies.map(policy => `policy ${policy}`),
    ...sets.map(set => `set ${set}`),
    ...meant.map(({text}) => text),
  ]
  const ofPolicies = withPolicies(choice, [...new Set([...policies, ...meant.flatMap(each => each.policies)])])
  const part = withSets({...choice, found: ofPolicies.part}, [...new Set([...sets, ...meant.flatMap(each => each.sets)])])
  return {part, narrowedTo, notes: ofPolicies.notes}
}

/** What is meant, and the policies or sets that it is about. */
interface Meant {
  readonly text: string
  readonly policies: readonly string[]
  readonly sets: readonly string[]
}

function ofCauses({node, other}: KeptChoice, text: string): Meant[] {
  const {cluster} = node
  if (!cluster || cluster.pods.length + cluster.policies.length + cluster.namespaces.length === 0)
    throw new InputError(
      `--cause ${text}: no cluster objects: what diff finds is unknown`,
      `Say what is meant with --policy NS/NAME${other ? ' or --set NAME' : ''}.`,
    )
  const {program, causes} = hasNumber({causes: [text]}) ? judgedComparison(cluster, node) : openComparison(cluster, node)
  return chosenCauses({causes, kept: keptPolicies(program, cluster)}, text).map(([at, cause]) => {
    const words = `cause ${at + 1}: ${cause.text}`
    // What a policy needs of sets comes with it.
    if (cause.policy !== undefined) return {text: words, policies: cause.policy.split(/ ?\| ?/), sets: []}
    const sets = cause.differences.flatMap(each => ('set' in each ? [each.set.kernelName] : []))
    if (sets.length < cause.differences.length)
      throw new InputError(
        `${words}: it is about rules that all policies share, and not of one`,
        `Leave --cause out: then all ${other ? 'is put back' : 'goes'}.`,
      )
    if (!other)
      throw new InputError(`${words}: it is about sets, and none is taken away by itself`, 'Repair it: leave --remove out.')
    return {text: words, policies: [], sets}
  })
}

function withPolicies(
  {node, other, found, kept, writing}: KeptChoice,
  policies: readonly string[],
): {readonly part: NpmPart; readonly notes: readonly string[]} {
  if (policies.length === 0) return {part: found, notes: []}
  const translations = [node, ...(other ? [other] : [])].map(each => each.translation())
  if (translations.some(({facts}) => facts.generation === 'v1'))
    throw new InputError(
      'the rules of NPM v1 stand in chains that all policies share: one policy cannot be taken by itself',
      `Leave --policy and --cause out: then all ${other ? 'is put back' : 'goes'}.`,
    )
  const chains = translations.flatMap(({policyOfChain}) => [...policyOfChain])
  const names = policies.flatMap(policy => {
    const its = chains.filter(([, of]) => isOf(of, policy))
    if (its.length > 0) return its
    const known = [...new Set(chains.map(([, of]) => of))]
    throw new InputError(
      `no policy ${policy} is programmed${other ? ', neither on the node nor in what was kept' : ' on the node'}`,
      known.length > 0 ? `There are: ${listed(known)}.` : 'There is none.',
    )
  })
  const part = writing.withPoliciesOf(found, kept, [...new Set(names.map(([name]) => name))], set =>
    isOfOnePolicy(translations, set),
  )
  if ('missing' in part) throw missing(part.missing)
  const shared = [...new Set(names.map(([, of]) => of))].filter(of => !policies.includes(of))
  return {
    part,
    notes: [
      other
        ? 'sets of pods, and sets that other policies use, too, stay as they are now: name them with --set to put them back'
        : 'sets stay as they are, also those that nothing names then',
      ...shared.map(of => `the policies ${of} share their rules, so they go together`),
    ],
  }
}

/** Whether a set holds what a policy says, addresses or the values of its selector, and not which pods there are. */
function isOfOnePolicy(translations: readonly NodeTranslation[], set: string): boolean {
  const types = translations.flatMap(({names}) => names.namesOf(set).map(({name}) => setTypeOf(name)))
  return types.length > 0 && types.every(type => type === 'NestedLabelOfPod' || type === 'CIDRBlocks')
}

function withSets({node, other, found, kept, writing}: KeptChoice, sets: readonly string[]): NpmPart {
  if (sets.length === 0) return found
  // A restore point has no objects that tell names, and the node may.
  const entries = [node, ...(other ? [other] : [])].flatMap(each => [...each.translation().sets()])
  const readable = new Map(entries.flatMap(each => each.names.map(name => [name, each.set] as const)))
  const part = writing.withSetsOf(
    found,
    kept,
    sets.map(name => readable.get(name) ?? name),
  )
  if ('missing' in part) throw missing(part.missing)
  return part
}

const missing = (what: string): InputError =>
  new InputError(
    `the kept state cannot give what is asked for: ${what}`,
    'See what it has: kubectl npm translate --from PATH, kubectl npm sets --from PATH',
  )
