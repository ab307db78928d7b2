/** A part of the input that is not whole. An answer that rests on one is `unknown`. */
export interface IncompletePart {
  /** The part, `NetworkPolicies` or `Namespace shop` for example. */
  readonly part: string
  /** `absent` when nothing of it was given, `cut` when only some was. */
  readonly state: 'cut' | 'absent'
  /** What is not known, and why, as a clause: it may follow a colon. */
  readonly reason: string
  /** What the user can do. */
  readonly next: string
}
