import type {LiveNode, LiveSample} from '../contract/live.ts'
import type {NodeView} from './node-view.ts'

/** Something that happened to a node, found by comparing two documents of the stream. */
export interface Happening {
  /** RFC 3339, by the clock of the node. */
  readonly at: string
  readonly node: string
  readonly kind:
    | 'differenceAppeared'
    | 'differenceGone'
    | 'policyAdded'
    | 'policyRemoved'
    | 'rulesReplaced'
    | 'countersReset'
    | 'npmRestarted'
    | 'nodeLost'
    | 'nodeBack'
  /** In one sentence, without the node. */
  readonly text: string
  /** `namespace/name` */
  readonly policy?: string
}

type Found = Omit<Happening, 'at' | 'node'>

/** What has happened between two states of a node that follow each other. */
export function happeningsOf(before: NodeView, after: NodeView): Happening[] {
  const {node} = after
  const found = (at: string, all: readonly Found[]): Happening[] => all.map(each => ({at, node, ...each}))
  const happened: Happening[] = []
  if (after.failure && !before.failure)
    happened.push(...found(after.failure.at, [{kind: 'nodeLost', text: withoutNode(after.failure.message, node)}]))
  if (before.failure && !after.failure && after.sample)
    happened.push(
      // What was on its way meanwhile comes first, and is from before.
      ...found(later(before.failure.at, after.sample.at), [{kind: 'nodeBack', text: 'the node can be watched again'}]),
    )
  if (before.live && after.live && before.live !== after.live)
    happened.push(...found(after.live.at, rulesChanged(before.live, after.live)))
  if (before.sample && after.sample && before.sample !== after.sample)
    happened.push(
      ...found(after.sample.at, [
        ...npmRestarted(before.sample, after.sample),
        ...differencesChanged(before.sample, after.sample),
        ...countersReset(before, after),
      ]),
    )
  return happened
}

const later = (one: string, other: string): string => (Date.parse(one) > Date.parse(other) ? one : other)

/** Errors begin with the node that they are of. */
const withoutNode = (message: string, node: string): string =>
  message.startsWith(`node ${node}: `) ? message.slice(`node ${node}: `.length) : message

function npmRestarted({summary: {npm: old}}: LiveSample, {summary: {npm: now}}: LiveSample): Found[] {
  if (!now?.startedAt || !old?.startedAt || now.startedAt === old.startedAt) return []
  return [{kind: 'npmRestarted', text: `Azure NPM was started at ${now.startedAt}`}]
}

const harms = {opens: 'opens something', closes: 'closes something', other: 'changes no packet that was found'} as const

function differencesChanged({summary: {differences: old}}: LiveSample, {summary: {differences: now}}: LiveSample): Found[] {
  if (!now || now.at === old?.at) return []
  return (['opens', 'closes', 'other'] as const).flatMap((what): Found[] => {
    const more = now[what] - (old?.[what] ?? 0)
    if (more === 0) return []
    const causes = `${Math.abs(more)} ${Math.abs(more) === 1 ? 'difference that' : 'differences each of which'} ${harms[what]}`
    return more > 0
      ? [{kind: 'differenceAppeared', text: `${causes}: ${now[what]} now`}]
      : [{kind: 'differenceGone', text: `${causes} gone: ${now[what]} left`}]
  })
}

function rulesChanged(old: LiveNode, now: LiveNode): Found[] {
  const [oldPolicies, policies] = [rulesByPolicy(old), rulesByPolicy(now)]
  const changes: Found[] = []
  for (const [key, {policy, direction, rules}] of policies) {
    const before = oldPolicies.get(key)?.rules
    if (!before)
      changes.push({kind: 'policyAdded', policy, text: `${direction} of ${policy} is in force, with ${amount(rules.length)}`})
    else if (before.join('\n') !== rules.join('\n'))
      changes.push({
        kind: 'rulesReplaced',
        policy,
        text: `rules of ${direction} of ${policy} replaced: ${amount(rules.length)}, before ${before.length}`,
      })
  }
  for (const [key, {policy, direction}] of oldPolicies)
    if (!policies.has(key))
      changes.push({kind: 'policyRemoved', policy, text: `${direction} of ${policy} is not in force any more`})
  return changes
}

const amount = (rules: number): string => `${rules} rule${rules === 1 ? '' : 's'}`

interface PolicyRules {
  readonly policy: string
  readonly direction: string
  readonly rules: readonly string[]
}

/** Those that are enforced. */
const rulesByPolicy = ({policies}: LiveNode): Map<string, PolicyRules> =>
  new Map(
    policies
      .filter(({enforced}) => enforced)
      .map(({policy, direction, chain, rules}) => [
        `${chain} ${policy}`,
        {policy, direction, rules: rules.map(({action, text}) => `${action} ${text}`)},
      ]),
  )

/** Rules that are the same and whose counters went back: of some policies because they were written again, or of all. */
function countersReset(before: NodeView, after: NodeView): Found[] {
  const [old, now] = [before.counts?.rules, after.counts?.rules]
  if (!old || !now || old === now || old.structure !== now.structure || after.live?.structure !== now.structure) return []
  const isReset = (number: number) => (now.packets[number] ?? 0) < (old.packets[number] ?? 0)
  const policies = after.live.policies.filter(({jump, rules}) =>
    [...(jump === null ? [] : [{number: jump}]), ...rules].some(({number}) => isReset(number)),
  )
  if (policies.length === 0) return []
  const names = [...new Set(policies.map(({policy}) => policy))]
  const counted = after.live.policies.filter(({jump, rules}) =>
    [...(jump === null ? [] : [{number: jump}]), ...rules].some(({number}) => (old.packets[number] ?? 0) > 0),
  )
  if (names.length > 1 && policies.length === counted.length)
    return [{kind: 'countersReset', text: 'all counters begin again at 0'}]
  return names.map(policy => ({
    kind: 'countersReset' as const,
    policy,
    text: `rules of ${policy} were written again: their counters begin again at 0`,
  }))
}
