import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {MatchSet} from '../linux/ipset/model.ts'
import type {SaveIndex} from '../linux/iptables/save-index.ts'
import type {Problem} from '../problem/problem.ts'
import type {Text} from '../text/lines.ts'
import type {DocumentKind} from './document-kind.ts'
import type {NpmCache} from './npm-cache.ts'

/** One file of a dump, or one tool's output. */
export interface DumpDocument {
  /** As a person would name it: a path, a path inside an archive, `stdin`. */
  readonly name: string
  /** Files of one folder belong to one node; files given one by one have the empty folder. */
  readonly folder: string
  readonly text: Text
  /** Set when it is all that a known tool printed; else the content tells. An empty answer of a tool is an answer. */
  readonly kind?: DocumentKind
}

/** What was read from one node at one moment. Absent parts were not in the dump. */
export interface NodeDump {
  /** `unknown` when nothing tells. */
  readonly node: string
  /** Of the dump that the node is in, when its `dump.json` tells. */
  readonly dumpId?: string
  /** When the kernel was read, when `dump.json` tells. */
  readonly takenAt?: string
  readonly save?: SaveIndex
  readonly sets?: ReadonlyMap<string, MatchSet>
  /** Whether set members are in the dump; `ipset list -t` has none. */
  readonly hasMembers: boolean
  readonly cache?: NpmCache
  readonly metricNames: readonly {readonly kernelName: string; readonly name: string}[]
  readonly cluster?: ClusterObjects
  readonly problems: readonly Problem[]
}
