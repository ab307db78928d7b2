import type {LiveNode, LivePolicy, LiveRule, LiveSummary} from '../contract/live.ts'
import type {History} from './table.ts'

/** What is known of nodes at one moment, as pages show it. Rates are of a second, and null before there are two samples to compare. */
export interface Watched {
  readonly nodes: readonly WatchedNode[]
  /** Whether it is still being found out which nodes there are. */
  readonly isOpening?: boolean
  /** The newest first. */
  readonly events: readonly WatchedEvent[]
}

export interface WatchedNode {
  readonly node: string
  /** Absent before the first sample. */
  readonly summary?: LiveSummary
  /** Nothing more can be read of it. */
  readonly isRecorded?: true
  /** Of the newest sample, in milliseconds since 1970. */
  readonly at?: number
  readonly drops: number | null
  readonly newConnections: number | null
  readonly dropHistory: History
  readonly backend?: LiveNode['backend']
  /** Absent while only the summary is watched. */
  readonly policies: readonly WatchedPolicy[] | undefined
  readonly sets: readonly WatchedSet[] | undefined
  readonly problems: readonly string[]
  /** Why the node cannot be read now, since when. */
  readonly failure?: {readonly message: string; readonly next: string; readonly at: number}
  readonly readMs?: number
  /** Time between samples: longer than asked for while the node is busy. */
  readonly intervalMs?: number
}

export interface WatchedPolicy extends Omit<LivePolicy, 'rules'> {
  /** Different for policies whose names collide in one chain. */
  readonly key: string
  /** What none of its rules allows, and at most what the node drops. */
  readonly drops: number | null
  readonly newConnections: number | null
  readonly dropHistory: History
  readonly ruleCount: number
  readonly rules: readonly WatchedRule[]
}

export interface WatchedRule extends LiveRule {
  readonly packets: number | null
  readonly packetRate: number | null
  readonly byteRate: number | null
  readonly history: History
}

export interface WatchedSet {
  readonly set: string
  readonly name: string
  readonly meaning: string
  readonly kind: 'hash' | 'list' | 'unknown'
  readonly capacity: number | null
  readonly members: number | null
  /** Members more, or fewer, since the node is watched. */
  readonly growth: number | null
}

export interface WatchedEvent {
  readonly node: string
  readonly at: number
  readonly isBad: boolean
  readonly text: string
}
