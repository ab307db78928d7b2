import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import {isKept, repairHint} from '../drift/repair-hint.ts'
import {counted, listed} from '../drift/words.ts'
import {objectKey} from '../kubernetes/objects.ts'
import type {Program} from '../policy/program.ts'
import {InputError} from '../problem/input-error.ts'
import type {Narrowing} from './wanted.ts'

/** What a node was compared with, and what differs. */
export interface Compared {
  readonly node: NodeState
  readonly program: Program
  readonly differences: readonly AnyDifference[]
  /** In the order in which diff prints them, where one is asked for by its number. */
  readonly causes: readonly Cause[]
  /** Policies of which an old version stays in force. */
  readonly kept: ReadonlySet<string>
}

export interface Chosen {
  readonly differences: readonly AnyDifference[]
  /** What was asked for, in words. */
  readonly narrowedTo: readonly string[]
  /** What else is to be known, such as that nothing of what was asked for differs. */
  readonly notes: readonly string[]
}

/**
 * The differences that a narrowing means.
 *
 * @throws InputError for a name that nothing has, with those that there are
 */
export function narrow(compared: Compared, {policies = [], sets = [], causes = []}: Narrowing): Chosen {
  const chosen = new Set<AnyDifference>()
  const [narrowedTo, notes]: [string[], string[]] = [[], []]
  const choose = (what: string, found: readonly AnyDifference[]): void => {
    narrowedTo.push(what)
    if (found.length === 0) notes.push(`${what} is as it should be`)
    for (const each of found) chosen.add(each)
  }
  for (const policy of policies) choose(`policy ${policy}`, ofPolicy(compared, policy))
  for (const set of sets) choose(`set ${set}`, ofSet(compared, set))
  for (const text of causes)
    for (const [at, cause] of chosenCauses(compared, text)) choose(`cause ${at + 1}: ${cause.text}`, cause.differences)
  return {differences: compared.differences.filter(each => chosen.has(each)), narrowedTo, notes}
}

/** Names of policies that share a chain, because it was named by a hash, are one text. */
export const isOf = (names: string | undefined, policy: string): boolean => names?.split(/ ?\| ?/).includes(policy) === true

function ofPolicy({causes, differences, program, node, kept}: Compared, policy: string): readonly AnyDifference[] {
  const its = causes.filter(cause => isOf(cause.policy, policy) && !isKept(cause, kept)).flatMap(cause => cause.differences)
  const more = differences.filter(
    each => 'policy' in each && isOf(each.policy, policy) && !(kept.has(policy) && !('wanted' in each)),
  )
  if (its.length + more.length > 0) return [...its, ...more]
  const known = new Set([
    ...[...program.policies, ...program.leftOut, ...program.refusals].map(each => each.policy),
    ...(node.cluster?.policies.map(objectKey) ?? []),
    ...node.translation().policyOfChain.values(),
  ])
  if ([...known].some(names => isOf(names, policy))) return []
  throw unknown(
    `no policy ${policy}`,
    'Policies that differ',
    causes.flatMap(cause => cause.policy ?? []),
    [...known],
  )
}

function ofSet({differences, program, node}: Compared, set: string): readonly AnyDifference[] {
  const found = differences.filter(each => 'set' in each && (each.set.name === set || each.set.kernelName === set))
  if (found.length > 0) return found
  const isKnown =
    node.sets?.has(set) === true ||
    [...program.sets.values()].some(({name, names = [], kernelName}) => [name, kernelName, ...names].includes(set)) ||
    [...node.translation().sets()].some(({names}) => names.includes(set))
  if (isKnown) return []
  const differing = differences.flatMap(each => ('set' in each ? [each.set.name] : []))
  throw unknown(
    `no set ${set}`,
    'Sets that differ',
    differing,
    [...program.sets.values()].map(({name}) => name),
  )
}

/** Whether causes are asked for by their number, which counts in the order in which diff prints them. */
export const hasNumber = (narrowing: Narrowing | undefined): boolean => (narrowing?.causes ?? []).some(text => /^\d+$/.test(text))

/** The causes that a number, a kind, a sentence or a part of one means. */
export function chosenCauses({causes, kept}: Pick<Compared, 'causes' | 'kept'>, text: string): (readonly [number, Cause])[] {
  const all = [...causes.entries()]
  const isRepairable = (at: number): boolean => repairHint(at, {target: '', causes, kept}).command !== undefined
  const checked = (found: typeof all): typeof all => {
    if (found.length > 0 && found.every(([at]) => !isRepairable(at))) {
      const [[at, cause] = [0, undefined]] = found
      throw new InputError(
        `apply cannot mend cause ${at + 1}: ${cause?.text}`,
        repairHint(at, {target: '', causes, kept}).instead ?? '',
      )
    }
    return found.filter(([at]) => isRepairable(at))
  }
  if (/^\d+$/.test(text)) {
    const at = Number(text) - 1
    const cause = causes[at]
    if (cause) return checked([[at, cause]])
    throw new InputError(`no cause ${text}: diff finds ${counted(causes.length, 'thing')} wrong`, listOf(all))
  }
  const ofKind = all.filter(([, {kind}]) => kind === text)
  if (ofKind.length > 0) return checked(ofKind)
  const exact = all.filter(([, cause]) => cause.text === text)
  const found = exact.length > 0 ? exact : all.filter(([, cause]) => cause.text.toLowerCase().includes(text.toLowerCase()))
  if (found.length === 1) return checked(found)
  throw new InputError(
    found.length === 0 ? `no cause has the text "${text}"` : `${found.length} causes have the text "${text}"`,
    listOf(found.length > 0 ? found : all),
  )
}

const MOST_LISTED = 10

function listOf(causes: readonly (readonly [number, Cause])[]): string[] {
  if (causes.length === 0) return ['There is nothing to repair.']
  const more = causes.length - MOST_LISTED
  return [
    'There are:',
    ...causes.slice(0, MOST_LISTED).map(([at, {text}]) => `  ${at + 1}. ${text}`),
    ...(more > 0 ? [`  and ${more} more: kubectl npm diff`] : []),
  ]
}

function unknown(what: string, title: string, differing: readonly string[], known: readonly string[]): InputError {
  const names = [...new Set(differing)]
  if (names.length > 0) return new InputError(what, `${title}: ${listed(names)}.`)
  return new InputError(
    what,
    known.length > 0 ? `Nothing of them differs. There are: ${listed([...new Set(known)])}.` : 'There is none.',
  )
}
