import type {Cause} from '../../dataplane/cause.ts'
import type {AclDifference} from '../compare/compared-acl.ts'

/** What is known of policies, `namespace/name`. */
export interface KnownPolicies {
  /** Those of the cluster. */
  readonly existing: ReadonlySet<string>
  /** Those that the program has. */
  readonly wanted: ReadonlySet<string>
  /** Whether any endpoint has an ACL of a policy. */
  readonly isProgrammed: (policy: string) => boolean
}

/** Groups the differences of ACLs by what caused them: a policy that is missing, left over or otherwise. */
export function aclCauses(differences: readonly AclDifference[], policies: KnownPolicies): Cause[] {
  return [...Map.groupBy(differences, ({policy, found}) => policy ?? `id ${found?.rule.acl.id}`)].map(([key, group]) => {
    const [{policy, found}] = group as [AclDifference, ...AclDifference[]]
    if (policy === undefined)
      return {
        kind: 'chain',
        text: `${counted(group)} ${found?.rule.acl.id} of no policy that is known ${at(group)}`,
        differences: group,
      }
    return {...causeOf(key, group, policies), policy, differences: group}
  })
}

function causeOf(
  policy: string,
  group: readonly AclDifference[],
  {existing, wanted, isProgrammed}: KnownPolicies,
): Pick<Cause, 'kind' | 'text'> {
  const missing = group.filter(each => each.wanted)
  const extra = group.filter(each => !each.wanted)
  if (extra.length === 0 && !isProgrammed(policy))
    return {kind: 'policyMissing', text: `policy ${policy} is not programmed: ${counted(missing)} missing ${at(missing)}`}
  if (missing.length === 0 && !wanted.has(policy)) {
    const why = existing.has(policy) ? 'Azure NPM does not program this policy' : 'the policy was deleted'
    return {
      kind: 'policyLeftOver',
      text: `policy ${policy} is left over: ${why}, and ${counted(extra)} of it ${extra.length === 1 ? 'is' : 'are'} there ${at(extra)}`,
    }
  }
  const parts = [
    ...(missing.length > 0 ? [`${counted(missing)} missing ${at(missing)}`] : []),
    ...(extra.length > 0 ? [`${counted(extra)} too many ${at(extra)}`] : []),
  ]
  return {kind: 'policyChanged', text: `policy ${policy} is programmed otherwise: ${parts.join(', ')}`}
}

const counted = ({length}: readonly unknown[]): string => `${length} ACL${length === 1 ? '' : 's'}`

/** Endpoints that a sentence names before it counts them. */
const MOST_NAMED = 3

function at(group: readonly AclDifference[]): string {
  const names = [...new Set(group.map(({chain}) => chain))]
  return names.length > MOST_NAMED
    ? `on ${names.length} endpoints`
    : `on endpoint${names.length === 1 ? '' : 's'} ${names.join(' and ')}`
}
