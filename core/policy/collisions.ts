import type {Direction} from '../names/kernel-name.ts'
import type {BuiltSet} from './built-set.ts'
import type {NamedSet} from './named-set.ts'
import type {NpmPolicy} from './npm-policy-model.ts'
import type {Unsupported} from './program.ts'
import {isMergedWith} from './program-set.ts'

/** A set that a policy names, and the field that names it. */
export interface NamedPlace {
  readonly set: NamedSet
  readonly field: string
}

/**
 * Reports the sets of a policy that share their kernel name with other sets, because the names have the same hash.
 *
 * @param policy `namespace/name`
 * @param places sets that the policy names, with the fields that name them
 * @param claimsTo all sets that claim a set's kernel name; the first one keeps it
 * @returns one entry for each set that collides
 */
export function setCollisions(
  policy: string,
  places: Iterable<NamedPlace>,
  setOf: (set: NamedSet) => BuiltSet,
  claimsTo: (set: BuiltSet) => readonly BuiltSet[],
): Unsupported[] {
  const found = new Map<BuiltSet, Unsupported>()
  for (const {set, field} of places) {
    const named = setOf(set)
    // A collision of a member changes what the list matches.
    for (const built of [named, ...named.parts]) {
      const refusal = found.has(built) ? undefined : setCollision(policy, built, claimsTo(built), field)
      if (refusal) found.set(built, refusal)
    }
  }
  return [...found.values()]
}

function setCollision(policy: string, set: BuiltSet, claims: readonly BuiltSet[], field: string): Unsupported | undefined {
  const [first] = claims
  if (!first || claims.length < 2) return undefined
  const isKept = isMergedWith(set, first)
  const others = isKept ? claims.filter(claim => claim !== set && isMergedWith(claim, first)) : [first]
  if (others.length === 0) return undefined
  const names = others.map(describe).join(', ')
  return {
    policy,
    code: 'SET_COLLISION',
    field,
    reason: `${describe(set)} and ${names} have one hash, so they are one kernel set, ${set.natural}`,
    consequence: isKept
      ? `Azure NPM puts the members of all into it: a member of ${names} counts as a member of ${set.text}`
      : `The kernel refuses to make a second set of another type: the rules look at the members of ${names} in place of ${set.text}`,
  }
}

const describe = ({text, named: {owner, type}}: BuiltSet): string =>
  owner !== undefined && (type === 'CIDRBlocks' || type === 'NestedLabelOfPod') ? `${text} of policy ${ownerPolicy(owner)}` : text

/** The owner of a nested list names the label too. */
const ownerPolicy = (owner: string): string => (owner.startsWith('[') ? String((JSON.parse(owner) as string[])[0]) : owner)

/**
 * Reports the chains of a policy that share their name with chains of other policies.
 *
 * @param claims policies that claim one of the chain names; the policy itself is skipped
 * @returns one entry for each direction that collides
 */
export function chainCollisions(
  {policy, chains}: NpmPolicy,
  claims: readonly NpmPolicy[],
  chainOf: (direction: Direction) => string,
): Unsupported[] {
  return chains.flatMap(({direction}): Unsupported[] => {
    const others = claims.filter(claim => claim.policy !== policy && claim.chains.some(chain => chain.direction === direction))
    if (others.length === 0) return []
    const names = others.map(other => other.policy).join(', ')
    return [
      {
        policy,
        code: 'CHAIN_COLLISION',
        field: 'metadata.name',
        reason: `its chain ${chainOf(direction)} is that of ${names} too: the names have one hash`,
        consequence:
          'Added one after the other, the later policy takes the place of the earlier in the chain; after a restart of Azure NPM the chain holds the rules of all, and the pods of each get them all',
      },
    ]
  })
}
