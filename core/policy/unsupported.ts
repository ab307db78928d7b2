import type {Semantics, Unsupported, UnsupportedCode} from './program.ts'

/** What becomes of a refused policy, and whether its sets are made all the same. */
interface Consequence {
  readonly hasSets: boolean
  readonly words: string
}

/** Says what becomes of a policy with a fault. */
export type ConsequenceOf = (code: PolicyFault) => Consequence

/** Faults for which a policy is not programmed. */
export type PolicyFault = Exclude<UnsupportedCode, 'CHAIN_COLLISION' | 'SET_COLLISION' | 'LITE_BLOCK_OPEN'>

/** Azure NPM notices some faults while it translates a policy, others only when it writes the rules. */
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

const whenWriting: ReadonlySet<PolicyFault> = new Set(['BAD_EXCEPT', 'BAD_PORT_RANGE', 'BAD_PROTOCOL', 'COMMENT_TOO_LONG'])

export const npmConsequence: ConsequenceOf = code => (whenWriting.has(code) ? atWriting : atTranslation)

const notCompiled: Consequence = {hasSets: false, words: 'nothing of the policy is compiled'}

export const consequenceFor = (semantics: Semantics): ConsequenceOf => (semantics === 'npm' ? npmConsequence : () => notCompiled)

/** What is wrong with one policy, gathered while it is translated. */
export class UnsupportedList {
  readonly all: Unsupported[] = []
  /** What is lost of a policy that is programmed all the same. */
  readonly losses: Unsupported[] = []
  /** Whether Azure NPM gives up before it makes any set. */
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
