import type {LiveSummary} from '../contract/live.ts'
import type {RuleStructure} from '../dataplane/rule-counters.ts'
import type {RunningNpm} from '../kubernetes/npm-pod.ts'
import {type NpmPage, npmFigures} from './npm-page.ts'

export type {RunningNpm}

/**
 * What is known of the Azure NPM that runs on a node; null where nothing tells that one does. Of an image without a release its rules tell
 * the generation at least.
 */
export function npmSummary(npm: RunningNpm | undefined, page: NpmPage | undefined, rules: RuleStructure): LiveSummary['npm'] {
  if (!npm && !page) return null
  return {
    release: npm?.release ?? generationOf(rules),
    startedAt: npm?.startedAt ?? null,
    ...(page ? npmFigures(page) : {addPolicyMs: null, failures: null}),
  }
}

/** Policies of NPM v1 have no chains of their own, so nobody can count them. */
const generationOf = ({rules, policies}: RuleStructure): string | null =>
  rules.length === 0 ? null : policies === null ? 'v1' : 'v2'
