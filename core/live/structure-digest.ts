import type {RuleStructure} from '../dataplane/rule-counters.ts'

/** What names a structure in documents: equal for equal rules in equal order. */
export const structureDigest = ({rules}: Pick<RuleStructure, 'rules'>, sha256: (text: string) => string): string =>
  sha256(rules.join('\n')).slice(0, DIGEST_LENGTH)
const DIGEST_LENGTH = 32
