/**
 * How the emulator answers where nobody has seen what HNS does. Whoever asks HNS must come to the same end under all of these settings.
 */
export interface HnsSettings {
  /** Of a request or a resource that is not known. */
  readonly unknownRequest: number
  /** An address field with literals beside ids. */
  readonly refusesMixedAddresses: boolean
  /** Adding a set whose id is there: refused, or replaced. */
  readonly refusesKnownSet: boolean
  /** A nested set with a member that is not there. */
  readonly refusesMissingMember: boolean
  /** A nested set in a nested set. */
  readonly refusesDeepNesting: boolean
  /** Nested sets before version 15. */
  readonly refusesNestedOnOld: boolean
  /** Updating or removing what is not there: refused, or passed over. */
  readonly refusesMissing: boolean
  /** Whether what is removed from a network must be equal in all members, or its id is enough. */
  readonly removesEqualOnly: boolean
  /** Of a set that others refer to. */
  readonly referenced: number
  /** Whether what stands in a request before the faulty part stays done. */
  readonly keepsDonePart: boolean
  /** Language of texts beside codes. */
  readonly language: 'en' | 'de'
  /** Members of ACLs that this build of Windows has besides those that are known. */
  readonly moreAclMembers: readonly string[]
}

export const strict: HnsSettings = {
  unknownRequest: 0x803b001b,
  refusesMixedAddresses: true,
  refusesKnownSet: true,
  refusesMissingMember: true,
  refusesDeepNesting: true,
  refusesNestedOnOld: true,
  refusesMissing: true,
  removesEqualOnly: false,
  referenced: 0x803b002c,
  keepsDonePart: false,
  language: 'en',
  moreAclMembers: [],
}

export const lenient: HnsSettings = {
  ...strict,
  unknownRequest: 0x803b0015,
  refusesMixedAddresses: false,
  refusesKnownSet: false,
  refusesMissingMember: false,
  refusesDeepNesting: false,
  refusesNestedOnOld: false,
  refusesMissing: false,
  referenced: 0x803b000d,
  language: 'de',
}

/** All that tests of whoever writes should run under, by name. */
export const allSettings: Readonly<Record<string, HnsSettings>> = {
  strict,
  lenient,
  'strict, which keeps what was done before a fault': {...strict, keepsDonePart: true, language: 'de'},
  'lenient, which keeps what was done before a fault': {...lenient, keepsDonePart: true},
  'strict, which removes equal sets only': {...strict, removesEqualOnly: true},
}
