/** Differences between wanted sets and the sets found on a node, the same for every data plane. */

/** The set that differs. */
export interface SetSubject {
  /** Readable: `podlabel-app:web`. */
  readonly name: string
  readonly kernelName: string
}

/** What a set is besides its name. */
export interface SetState {
  /** The kernel's type: `hash:net`, `list:set` … */
  readonly type: string
  /** The maximum number of members, as the kernel prints it. Undefined when unknown, and for lists. */
  readonly maxelem?: string
  /** As the kernel prints them. */
  readonly members: readonly string[]
}

/** A member on one side of a comparison. */
export interface MemberState {
  /** As the kernel prints it: `10.0.0.1`, `10.0.0.0/8 nomatch`, `10.0.0.1,tcp:80`; for a list the kernel name of a set. */
  readonly text: string
  /** For a member of a list, the readable name of the set. */
  readonly name?: string
  /** Line in the document, from 1. */
  readonly line?: number
}

/** A member that only one side has, or that is an exception on one side only. */
export interface MemberDifference {
  readonly kind: 'member'
  readonly set: SetSubject
  /** Type of the set. */
  readonly type: string
  /** `namespace/name` of the policy that owns the set. */
  readonly policy?: string
  readonly wanted?: MemberState
  readonly found?: MemberState
}

/**
 * A set that only one side has, or whose type or `maxelem` differs. When both sides have the same type, each member that differs is a
 * separate `MemberDifference`.
 */
export interface SetDifference {
  readonly kind: 'set'
  readonly set: SetSubject
  readonly policy?: string
  readonly wanted?: SetState
  readonly found?: SetState
}

/** The inverse difference: `wanted` and `found` exchanged. */
export function swapSides<Side, Any extends {readonly wanted?: Side; readonly found?: Side}>(difference: Any): Any {
  const {wanted, found, ...rest} = difference
  return {...rest, ...(found !== undefined && {wanted: found}), ...(wanted !== undefined && {found: wanted})} as unknown as Any
}
