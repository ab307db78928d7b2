import type {Problem} from '../../core/problem/problem.ts'

/** What there is to say of a document when all of it has been read. */
export interface DocumentEnd {
  /** What was run or asked. */
  readonly command: string
  readonly problems: readonly Problem[]
}

/** Gives a document's bytes as they come, and at the end what went wrong. Never throws: what came is kept. */
export type DocumentReader = (signal: AbortSignal) => AsyncGenerator<Uint8Array, DocumentEnd>
