import {type Finding, type LintCode, lintCodes} from '../contract/lint.ts'
import type {WrittenPolicy} from '../kubernetes/read-objects.ts'
import {InputError} from '../problem/input-error.ts'
import type {Problem} from '../problem/problem.ts'
import {meant} from '../text/nearest.ts'

/** On a policy: codes of findings that somebody has looked at and accepts, with commas between them. */
export const ACCEPT_ANNOTATION = 'kubectl-npm/lint-accept'

const isCode = (text: string): text is LintCode => (lintCodes as readonly string[]).includes(text)

/**
 * Reads codes of findings, in upper or lower case.
 *
 * @throws InputError for a word that is no code
 */
export const readCodes = (words: readonly string[]): LintCode[] =>
  words.flatMap(word =>
    partsOf(word).map(part => {
      if (isCode(part)) return part
      throw new InputError(`--ignore ${part}: there is no finding of this code`, [
        ...meant(part, lintCodes),
        'All codes: docs/lint.md',
      ])
    }),
  )

/** Which findings are accepted: of all policies, and of one by its annotation. */
export interface Accepted {
  readonly accepts: (finding: Finding) => boolean
  /** Words of annotations that are no codes. */
  readonly problems: readonly Problem[]
}

/** @param everywhere codes that are accepted of every policy */
export function acceptedFindings(written: readonly WrittenPolicy[], everywhere: readonly LintCode[]): Accepted {
  const all = new Set<string>(everywhere)
  const ofPolicy = new Map<string, ReadonlySet<string>>()
  const problems: Problem[] = []
  for (const {policy, object} of written) {
    const {annotations} = (object['metadata'] ?? {}) as {annotations?: Readonly<Record<string, unknown>>}
    const text = annotations?.[ACCEPT_ANNOTATION]
    if (typeof text !== 'string') continue
    const codes = partsOf(text)
    ofPolicy.set(policy, new Set(codes))
    for (const code of codes.filter(each => !isCode(each)))
      problems.push({
        code: 'BAD_OBJECT',
        message: `policy ${policy}: its annotation ${ACCEPT_ANNOTATION} accepts ${code}, and there is no finding of this code`,
        next: [...meant(code, lintCodes), 'All codes: docs/lint.md'].join(' '),
      })
  }
  return {accepts: ({code, policy}) => all.has(code) || ofPolicy.get(policy)?.has(code) === true, problems}
}

const partsOf = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .filter(part => part !== '')
    .map(part => part.toUpperCase().replaceAll('-', '_'))
