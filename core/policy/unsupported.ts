import {LEFT_OUT} from './largest-left-out.ts'
import type {Semantics, Unsupported, UnsupportedCode} from './program.ts'

/** What Azure NPM does with a refused policy, and whether it creates the sets nevertheless. */
interface Consequence {
  readonly hasSets: boolean
  readonly words: string
}

/** Maps a fault to its consequence for the policy. */
export type ConsequenceOf = (code: PolicyFault) => Consequence

/** Faults for which a policy is not programmed. */
export type PolicyFault = Exclude<UnsupportedCode, Loss>

/** Faults of a policy that is programmed all the same. */
const losses = ['CHAIN_COLLISION', 'SET_COLLISION', 'LITE_BLOCK_OPEN', 'WINDOWS_INVERTED_NAMESPACES'] as const
type Loss = (typeof losses)[number]
const isLoss = (code: UnsupportedCode): code is Loss => (losses as readonly UnsupportedCode[]).includes(code)

/** Azure NPM detects some faults when it translates a policy, others only when it writes the rules. */
const atTranslation: Consequence = {
  hasSets: false,
  words:
    'Azure NPM programs nothing of the policy, not even its default drop, and does not try again; an older version that was in force stays in force',
}
const atWriting: Consequence = {
  hasSets: true,
  words:
    'Azure NPM makes the sets of the policy but never its rules, and tries again for ever; nothing of the policy is enforced',
}

const whenWriting: ReadonlySet<PolicyFault> = new Set([
  'BAD_EXCEPT',
  'BAD_PORT_RANGE',
  'BAD_PROTOCOL',
  'COMMENT_TOO_LONG',
  'WINDOWS_NEGATED_NAMESPACES',
])

/** What Azure NPM does with a policy that has this fault. */
const npmConsequence: ConsequenceOf = code =>
  code === 'TOO_MANY_RULES' ? leftOut : whenWriting.has(code) ? atWriting : atTranslation

/**
 * Whether a fault in an update leaves the older version of the policy in force: Azure NPM finds it before it takes anything away.
 * After a restart nothing of the policy is in force.
 */
export const leavesOldVersion = (code: UnsupportedCode): boolean => !isLoss(code) && npmConsequence(code) === atTranslation

const leftOut: Consequence = {
  hasSets: false,
  words: LEFT_OUT,
}

const notCompiled: Consequence = {hasSets: false, words: 'nothing of the policy is compiled'}

/** The consequences under the given semantics; with `kubernetes` a policy with a fault is not compiled. */
export const consequenceFor = (semantics: Semantics): ConsequenceOf => (semantics === 'npm' ? npmConsequence : () => notCompiled)

/** Collects the faults of one policy during its translation. */
export class UnsupportedList {
  readonly all: Unsupported[] = []
  /** Parts that are lost of a policy that is programmed nevertheless. */
  readonly losses: Unsupported[] = []
  /** Whether Azure NPM fails before it creates any set. */
  isBeforeSets = false
  private readonly policy: string
  private readonly consequenceOf: ConsequenceOf

  constructor(policy: string, consequenceOf: ConsequenceOf) {
    this.policy = policy
    this.consequenceOf = consequenceOf
  }

  add(code: PolicyFault, field: string, reason: string): void {
    const {hasSets, words} = this.consequenceOf(code)
    this.isBeforeSets ||= !hasSets
    this.all.push({policy: this.policy, code, field, reason, consequence: words})
  }

  addLoss(code: UnsupportedCode, field: string, reason: string, consequence: string): void {
    this.losses.push({policy: this.policy, code, field, reason, consequence})
  }
}
