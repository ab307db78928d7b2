/** The priorities of access rules: the lowest decides first. Each tells what a rule is for. */

/** Azure NPM: the node may reach its pods, so that the kubelet's probes pass. One for each policy. */
export const FROM_NODE = 201
/** Azure NPM: what a rule of a policy allows. */
export const ALLOW = 222
/** Azure NPM: what no policy allows. One for each policy and direction. */
export const DENY = 3000

/** Azure CNI on all endpoints of AKS: no pod reaches the host's web service, and all else is allowed. */
export const WIRE_SERVER = 200
export const BASE_ALLOW = [65_499, 65_500] as const

/** HNS takes no higher one. Source: the field has 16 bits. */
export const HIGHEST_PRIORITY = 65_535
