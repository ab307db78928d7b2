/** How Azure NPM names its access rules: all of one policy alike, with the policy's namespace and name. */

const PREFIX = 'azure-acl-'
/** Releases recognise their own rules by this, without the dash. */
const OWN = 'azure-acl'

/** The id of all rules of a policy. Namespace and name are joined by a dash, which both may hold. */
export const aclIdOf = (policy: string): string => PREFIX + policy.replace('/', '-')

/** What stands behind the prefix of an id: `shop-web`. */
export const aclIdRest = (id: string): string => id.slice(PREFIX.length)

/** Whether Azure NPM takes a rule for its own, and removes it when it starts. */
export const isNpmAclId = (id: string | undefined): boolean => id?.startsWith(OWN) === true

/** Whether an id may be that of a policy's rules: others have no dash behind the prefix. */
export const isPolicyAclId = (id: string): boolean => id.startsWith(PREFIX) && id.slice(PREFIX.length).includes('-')

/** What a rule belongs to by its id. */
export type AclOwner =
  /** `policies`: `namespace/name`, those it may be of; several when the dash between namespace and name may be any of some. */
  | {readonly kind: 'policy'; readonly policies: readonly string[]}
  /** Rules that Azure NPM adds to each endpoint of the network `Calico`. */
  | {readonly kind: 'base'; readonly name: string}
  /** Of a policy that cannot select this pod: left behind by an earlier pod with its address, or not known. */
  | {readonly kind: 'stale'; readonly rest: string}
  /** The network plugin's, or HNS's own. */
  | {readonly kind: 'foreign'}

/**
 * Finds the policy of a rule. A policy selects pods of its own namespace, so that of the endpoint's pod tells where the name begins.
 *
 * @param namespace of the pod; undefined when the pod is not known
 * @param isKnown   whether a policy `namespace/name` exists
 */
export function aclOwner(
  id: string | undefined,
  namespace: string | undefined,
  isKnown: (policy: string) => boolean = () => false,
): AclOwner {
  if (id === undefined || !id.startsWith(PREFIX)) return {kind: 'foreign'}
  const rest = id.slice(PREFIX.length)
  if (!rest.includes('-')) return {kind: 'base', name: rest}
  if (namespace !== undefined) {
    const isOwn = rest.startsWith(`${namespace}-`) && rest.length > namespace.length + 1
    return isOwn ? {kind: 'policy', policies: [`${namespace}/${rest.slice(namespace.length + 1)}`]} : {kind: 'stale', rest}
  }
  const possible = [...rest.matchAll(/-/g)].map(({index}) => `${rest.slice(0, index)}/${rest.slice(index + 1)}`)
  const valid = possible.filter(each => !each.startsWith('/') && !each.endsWith('/'))
  const known = valid.filter(isKnown)
  return valid.length === 0 ? {kind: 'stale', rest} : {kind: 'policy', policies: known.length > 0 ? known : valid}
}
