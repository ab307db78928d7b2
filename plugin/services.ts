import type {DumpDocument} from '../core/dump/model.ts'
import type {Problem} from '../core/problem/problem.ts'

/** Gives a document's bytes as they come, and at the end what was run and what went wrong. Never throws. */
export type LocalDocument = (
  signal: AbortSignal,
) => AsyncGenerator<Uint8Array, {readonly command: string; readonly problems: readonly Problem[]}>

/**
 * What the plugin needs from the machine it runs on and that another part of the project provides. The executable puts
 * them together, so that plugin and agent do not know each other.
 */
export interface Services {
  /** All that a dump keeps of this node, each read when it is called. */
  readonly localDocuments: () => Promise<{readonly node: string; readonly documents: ReadonlyMap<string, LocalDocument>}>
  /** Reads this node's kernel, for `--local`. */
  readonly readLocal: (signal: AbortSignal) => Promise<{
    readonly node: string
    readonly documents: readonly DumpDocument[]
    readonly problems: readonly Problem[]
  }>
}

let current: Services | undefined

/** Called once, by the executable. */
export function setServices(given: Services): void {
  current = given
}

export function services(): Services {
  if (!current) throw new Error('no services were provided')
  return current
}
