import type {IncompletePart} from '../../core/contract/common.ts'
import type {Paint} from './paint.ts'

/** What an answer rests on and was not given, under a heading; nothing when all was given. */
export function* incompleteLines(heading: string, incomplete: readonly IncompletePart[], paint: Paint): Generator<string> {
  if (incomplete.length === 0) return
  yield ''
  yield paint(heading, 'yellow')
  yield* partLines(incomplete, paint)
}

/** The parts, each with what to do about it. */
export function* partLines(parts: readonly IncompletePart[], paint: Paint): Generator<string> {
  for (const {part, reason, next} of parts) {
    yield paint(`  ${part}: ${reason}`)
    yield paint(`      ${next}`, 'dim')
  }
}
