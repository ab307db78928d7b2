import type {SamplesInput, WireSample} from '../core/contract/live.ts'
import type {Plan} from '../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../core/contract/writes.ts'
import type {DumpDocument} from '../core/dump/model.ts'
import {InputError} from '../core/problem/input-error.ts'
import type {Problem} from '../core/problem/problem.ts'

/** Gives a document's bytes as they come, and at the end what was run and what went wrong. Never throws. */
export type LocalDocument = (
  signal: AbortSignal,
) => AsyncGenerator<Uint8Array, {readonly command: string; readonly problems: readonly Problem[]}>

/** Writes to this node. No method throws for what the node does; the result says how it ended, and in which state the node is. */
export interface LocalWriter {
  readonly node: string
  apply(
    plan: Plan,
    options: {readonly confirmWithinMs?: number; readonly endDeniedFlows?: boolean; readonly signal?: AbortSignal},
  ): Promise<WriteResult>
  rollback(options: {readonly to?: string; readonly signal?: AbortSignal}): Promise<WriteResult>
  confirm(options: {readonly id?: string; readonly signal?: AbortSignal}): Promise<WriteResult>
  /** @param options `withoutPoints`: none are listed, and none are read, which takes long */
  status(options?: {readonly withoutPoints?: boolean}): Promise<WriteStatus>
  /** Waits until a write is confirmed, or its time is over and it is taken back. */
  settled(id: string, signal?: AbortSignal): Promise<WriteResult>
  stop(): void
}

/** Counts what this node's kernel counts, with the reader that the agent has, without an agent. */
export interface LocalCounters {
  readonly node: string
  /** @throws Error when the node cannot be read */
  samples(input: SamplesInput, signal: AbortSignal): AsyncIterable<WireSample>
  stop(): void
}

/** What is read of this node besides its rules and sets. */
export interface LocalReads {
  readonly withConnections?: boolean
  /** Whether a write may follow. */
  readonly isBeforeWrite?: boolean
}

/**
 * What the plugin needs from the machine it runs on and that another part of the project provides. The executable puts
 * them together, so that plugin and agent do not know each other.
 */
export interface Services {
  /** All that a dump keeps of this node, each read when it is called. */
  readonly localDocuments: () => Promise<{readonly node: string; readonly documents: ReadonlyMap<string, LocalDocument>}>
  /** Reads this node's kernel, for `--local`. */
  readonly readLocal: (
    signal: AbortSignal,
    options?: LocalReads,
  ) => Promise<{
    readonly node: string
    readonly documents: readonly DumpDocument[]
    readonly problems: readonly Problem[]
  }>
  /** What counts on this node while somebody watches, for `--local`. */
  readonly localCounters: () => Promise<LocalCounters>
  /** Whether a process of Azure NPM runs on this machine. */
  readonly hasNpmProcess: () => Promise<boolean>
  /** Opens what writes to this node, for `--local`. @param stateDir of the agent: both share lock, journal and restore points */
  readonly openWriter: (stateDir: string) => Promise<LocalWriter>
}

/** @param does what `--local` does. @throws InputError for others than root. On Windows, HNS itself refuses them */
export function requireRoot(does: string): void {
  if (process.getuid !== undefined && process.getuid() !== 0)
    throw new InputError(`--local ${does}, which only root may do`, 'Run it with sudo.')
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
