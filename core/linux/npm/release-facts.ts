import {CURRENT, isSince, type ReleaseLine, releaseLines} from '../../policy/release.ts'
import {bitMarks, type Marks, wholeWordMarks} from './marks.ts'

/** How a line of releases programs iptables. Source: sections 4.2, 4.6, 6 and 8.2 of NPM's data plane. */
export interface LinuxReleaseFacts {
  readonly marks: Marks
  /** The comment of the rule that clears all marks before a packet is accepted; absent without such a rule. */
  readonly clearComment?: string
  /** Whether only packets that open a connection are sent to Azure NPM. */
  readonly judgesNewOnly: boolean
  /** Whether rules and jumps of policies have comments. */
  readonly hasRuleComments: boolean
}

/** The comment of the rule that clears all marks, in v1 and the first releases of v2. */
export const OLD_CLEAR_COMMENT = 'Clear-AZURE-NPM-MARKS'

function factsOf(line: ReleaseLine): LinuxReleaseFacts {
  const clearComment = isSince(line, 'v1.4.17') ? 'CLEAR-AZURE-NPM-MARKS' : OLD_CLEAR_COMMENT
  return {
    ...(isSince(line, 'v1.4.24') ? {marks: bitMarks} : {marks: wholeWordMarks, clearComment}),
    judgesNewOnly: isSince(line, 'v1.4.16'),
    hasRuleComments: isSince(line, 'v1.4.17'),
  }
}

const facts = new Map(releaseLines.map(line => [line, factsOf(line)]))

/**
 * How a line of releases programs iptables.
 *
 * @param line by default the current one
 */
export const linuxReleaseFacts = (line: ReleaseLine = CURRENT): LinuxReleaseFacts => facts.get(line) as LinuxReleaseFacts
