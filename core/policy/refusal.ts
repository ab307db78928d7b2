import type {Refusal, RefusalCode, Semantics} from './program.ts'

/** When Azure NPM notices that it cannot program a policy: while translating it, or only when it writes the rules. */
type Moment = 'translation' | 'writing'

const moments: Readonly<Record<Exclude<RefusalCode, 'CHAIN_COLLISION' | 'SET_COLLISION'>, Moment>> = {
  IPV6_BLOCK: 'translation',
  BAD_BLOCK: 'translation',
  BAD_LABEL_VALUE: 'translation',
  BAD_SELECTOR: 'translation',
  LITE_PEER: 'translation',
  LITE_NAMED_PORT: 'translation',
  TOO_MANY_RULES: 'translation',
  BAD_EXCEPT: 'writing',
  BAD_PORT_RANGE: 'writing',
  BAD_PROTOCOL: 'writing',
  COMMENT_TOO_LONG: 'writing',
}

const consequences: Readonly<Record<Moment, string>> = {
  translation:
    'Azure NPM programs nothing of the policy, not even its default drop, and does not try again; an older version that was in force stays in force',
  writing:
    'Azure NPM makes the sets of the policy but never its rules, and tries again for ever; nothing of the policy is enforced',
}

/** What is wrong with one policy, gathered while it is translated. */
export class Refusals {
  readonly all: Refusal[] = []
  /** Whether Azure NPM gives up before it makes any set. */
  isBeforeSets = false
  private readonly policy: string
  private readonly semantics: Semantics

  constructor(policy: string, semantics: Semantics) {
    this.policy = policy
    this.semantics = semantics
  }

  add(code: keyof typeof moments, field: string, reason: string): void {
    const moment = this.semantics === 'npm' ? moments[code] : 'translation'
    this.isBeforeSets ||= moment === 'translation'
    const consequence = this.semantics === 'npm' ? consequences[moment] : 'nothing of the policy is compiled'
    this.all.push({policy: this.policy, code, field, reason, consequence})
  }
}
