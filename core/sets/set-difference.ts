/** Differences between sets that are asked for and sets that are there, the same for every data plane. */

/** The set that a difference is about. */
export interface SetSubject {
  /** Readable: `podlabel-app:web`. */
  readonly name: string
  readonly kernelName: string
}

/** What a set is besides its name. */
export interface SetState {
  /** The kernel's type: `hash:net`, `list:set` … */
  readonly type: string
  /** How many members it has room for, as the kernel prints it. Undefined where nothing says so, and of lists. */
  readonly maxelem?: string
  /** As the kernel prints them. */
  readonly members: readonly string[]
}

/** One member as one side has it. */
export interface MemberState {
  /** As the kernel prints it: `10.0.0.1`, `10.0.0.0/8 nomatch`, `10.0.0.1,tcp:80`, of a list the kernel name of a set. */
  readonly text: string
  /** Of a list's member, the set's readable name. */
  readonly name?: string
  /** Line in the document, from 1. */
  readonly line?: number
}

/** A member that only one side has, or that one side has as an exception. */
export interface MemberDifference {
  readonly kind: 'member'
  readonly set: SetSubject
  /** Of the set. */
  readonly type: string
  /** `namespace/name` of the policy whose set it is. */
  readonly policy?: string
  readonly wanted?: MemberState
  readonly found?: MemberState
}

/**
 * A set that only one side has, or that is of another type or has room for another number of members. Where both sides have
 * it with one type, members that only one side has are differences of their own.
 */
export interface SetDifference {
  readonly kind: 'set'
  readonly set: SetSubject
  readonly policy?: string
  readonly wanted?: SetState
  readonly found?: SetState
}

/** The same with what is wanted and what is found exchanged. */
export function swapSides<Side, Any extends {readonly wanted?: Side; readonly found?: Side}>(difference: Any): Any {
  const {wanted, found, ...rest} = difference
  return {...rest, ...(found !== undefined && {wanted: found}), ...(wanted !== undefined && {found: wanted})} as unknown as Any
}
