import type {DocumentContent} from '../contract/node-documents.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {NpmCache} from '../names/npm-cache.ts'
import type {Problem} from '../problem/problem.ts'
import type {Text} from '../text/lines.ts'

/** What was read from one node at one moment, whatever its data plane. Absent parts were not in the input. */
export interface NodeFacts {
  /** `unknown` when nothing says which node it is. */
  readonly node: string
  /** Of the dump that the node is in, when its `dump.json` says so. */
  readonly dumpId?: string
  /** When the node was read, RFC 3339, when `dump.json` says so. */
  readonly takenAt?: string
  readonly cache?: NpmCache
  /** Names on Azure NPM's metrics page. */
  readonly metricNames: readonly {readonly kernelName: string; readonly name: string}[]
  readonly cluster?: ClusterObjects
  /** Lists of the node's connections, as conntrack prints them. */
  readonly connections?: readonly {readonly file: string; readonly text: Text}[]
  /** Azure NPM's metrics pages. */
  readonly metricPages?: readonly {readonly file: string; readonly text: Text}[]
  readonly problems: readonly Problem[]
  /** Whether the node was made from policies, as Azure NPM would program it: no node was read. */
  readonly isForetold?: true
}

/** One document of a node as its data plane parsed it. Nobody else looks into it. */
export interface NodeContent {
  readonly kind: DocumentContent
  /** Of rules: the back end that they are of. */
  readonly backend?: 'nft' | 'legacy'
  /** Which of several documents of one content it is, in the word of `nameHint`. */
  readonly part?: string
  readonly problems: readonly Problem[]
}

/**
 * How much of what a tool prints a text is known to be. `all`: all of it, so what is not in it does not exist. `ended`: it goes to the
 * end of what the tool was asked for, which may have been one table. `open`: nothing tells whether it was cut off.
 */
export type Extent = 'all' | 'ended' | 'open'
