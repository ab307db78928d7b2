import {TextDecoding} from '../../core/text/decode.ts'
import {rulesGeneration} from '../netlink/generation.ts'
import type {DocumentReader} from './document-reader.ts'
import {type ReadTexts, textsOfProcess} from './read-texts.ts'

/** Larger texts are not kept, for the sake of an agent's memory: 60,000 rules have so many bytes. */
const LARGEST_BYTES = 16 * 1024 ** 2

/**
 * A reader of the rules of nftables whose text is kept for a minute: a write that follows need not have them printed again while the kernel says that
 * none was changed.
 */
export function sharedRules(
  read: DocumentReader,
  texts: ReadTexts = textsOfProcess,
  generation: () => Promise<number | undefined> = rulesGeneration,
): DocumentReader {
  return async function* readShared(signal) {
    // From before they are printed: what is changed meanwhile counts as changed.
    const before = await generation()
    if (before === undefined) return yield* read(signal)
    const decoding = new TextDecoding()
    let bytes = 0
    const pieces = read(signal)
    try {
      for (;;) {
        const next = await pieces.next()
        if (!next.done) {
          bytes += next.value.length
          if (bytes <= LARGEST_BYTES) decoding.push(next.value)
          yield next.value
          continue
        }
        if (next.value.problems.length === 0 && bytes <= LARGEST_BYTES) texts.keepRules(decoding.end(), before)
        return next.value
      }
    } finally {
      // Whoever does not want the rest leaves early.
      await pieces.return({command: '', problems: []})
    }
  }
}
