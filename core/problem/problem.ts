/** All codes of problems with input. The list is closed: tests check that each code occurs. */
export const problemCodes = [
  'EMPTY_FILE',
  'BINARY_FILE',
  'UNKNOWN_FILE',
  'UNSUPPORTED_FILE',
  'UNREADABLE_FILE',
  'TRUNCATED_FILE',
  'AMBIGUOUS_FILES',
  'BACKEND_UNSURE',
  'LINE_TOO_LONG',
  'UNKNOWN_LINE',
  'LINE_OUTSIDE_TABLE',
  'RULE_OUTSIDE_CHAIN',
  'BAD_RULE',
  'UNKNOWN_TABLE',
  'DUPLICATE_TABLE',
  'DUPLICATE_SET',
  'MEMBER_OUTSIDE_SET',
  'BAD_MEMBER',
  'BAD_HEADER',
  'BAD_JSON',
  'BAD_YAML',
  'BAD_OBJECT',
  'NAME_MISMATCH',
  'NAME_COLLISION',
  'CHAIN_COLLISION',
  'UNRESOLVED_NAME',
  'MISSING_IPTABLES',
  'MISSING_IPSET',
  'MISSING_SET',
  'MISSING_JUMP',
  'MISSING_CHAIN',
  'TOOL_FAILED',
  'NPM_ABSENT',
  'OTHER_ENGINE',
  'NETWORK_MODEL',
  'POLICY_REFUSED',
  'POLICY_INVALID',
  'FOREIGN_OBJECT',
  'SHARED_ADDRESS',
  'INCOMPLETE_OBJECTS',
  'OLD_VERSION',
  'DUPLICATE_KEY',
  'DUPLICATE_OBJECT',
  'OLD_OBJECTS',
  'NODE_CHANGED',
  'UNSURE_VERDICT',
  'CHOSEN_POD',
  'HEADLESS_PORT',
] as const
export type ProblemCode = (typeof problemCodes)[number]

/** Problems because of which a part of the input is not known. They may be the reason when something is not found. */
export const unreadCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'EMPTY_FILE',
  'BINARY_FILE',
  'UNKNOWN_FILE',
  'UNSUPPORTED_FILE',
  'UNREADABLE_FILE',
  'TRUNCATED_FILE',
  'BAD_JSON',
  'BAD_YAML',
  'BAD_OBJECT',
  'FOREIGN_OBJECT',
  'TOOL_FAILED',
])

/** One fault in the input. The rest of the input is read nevertheless. */
export interface Problem {
  readonly code: ProblemCode
  /** The fault and its effect, in one sentence. */
  readonly message: string
  /** What the user can do. */
  readonly next: string
  /** Name of the file, as the user gave it. */
  readonly file?: string
  /** Line and column, both from 1. */
  readonly line?: number
  readonly column?: number
  /** The line itself, cut to a length that fits a terminal. */
  readonly text?: string
}
