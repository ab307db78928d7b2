import {escapeJson} from '../../core/text/escape.ts'
import {interruptedCode} from '../cleanup/interruption.ts'
import {type Answer, answerLines} from '../print/answer.ts'
import {wholeDocument, yamlLines} from '../print/document.ts'
import {readerGone} from '../print/output.ts'
import type {Paint} from '../print/paint.ts'
import {showAnswers} from './answer-changes.ts'
import {type ShownAnswer, watchAnswers} from './watch-answers.ts'

/** What a verb has found when it was asked once. */
export interface FoundAnswer {
  readonly answer: Answer
  /** What it says beside it. */
  readonly told: readonly string[]
  readonly exitCode: number
}

export interface FollowedVerb {
  /** Asks once. @throws InputError when there is no answer */
  readonly ask: () => Promise<FoundAnswer>
  readonly output: string
  readonly hasHeaders: boolean
  readonly paint: Paint
  /** Opens the way to a cluster anew, which all answers have in common. Absent where this machine is asked. */
  readonly renew: (() => Promise<void>) | undefined
}

/** Between two questions, at least. This machine is asked more often than the agents of a cluster. */
const PAUSE_MS = {local: 2000, cluster: 5000} as const

/**
 * Answers again and again until Ctrl-C, or until nobody reads it any more, and shows what changes.
 *
 * @returns the exit code: 130 for Ctrl-C, else that of the last answer
 */
export async function followAnswers({ask, output, hasHeaders, paint, renew}: FollowedVerb, given: AbortSignal): Promise<number> {
  const signal = AbortSignal.any([given, readerGone()])
  const isTerminal = process.stdout.isTTY && process.env['TERM'] !== 'dumb'
  let exitCode = 0
  await watchAnswers(
    {
      ask: async () => {
        const found = await ask()
        exitCode = found.exitCode
        return shownAnswer(found, {output, hasHeaders, paint})
      },
      show: showAnswers(output, paint, isTerminal, () => new Date()),
      onFailure: async () => renew?.(),
      pauseMs: renew ? PAUSE_MS.cluster : PAUSE_MS.local,
    },
    signal,
  )
  return interruptedCode() ?? exitCode
}

/** Fields that say when something was looked at: they differ in each answer. */
const MOMENTS = new Set(['at', 'takenAt', 'asOf', 'secondsLeft'])

async function shownAnswer(
  {answer, told}: FoundAnswer,
  {output, hasHeaders, paint}: Pick<FollowedVerb, 'output' | 'hasHeaders' | 'paint'>,
): Promise<ShownAnswer> {
  if (output !== 'json' && output !== 'yaml') {
    const lines = [...(await answerLines(answer, output, paint, hasHeaders))]
    return {lines, key: lines.join('\n'), told}
  }
  const document = wholeDocument(answer.document())
  // One document to a line, or a stream of documents.
  const lines = output === 'json' ? [escapeJson(JSON.stringify(document))] : ['---', ...(await yamlLines(document))]
  return {lines, key: JSON.stringify(document, (name, value: unknown) => (MOMENTS.has(name) ? undefined : value)), told}
}
