import type {DocumentContent} from '../contract/node-documents.ts'
import type {Problem} from '../problem/problem.ts'
import type {Text} from '../text/lines.ts'
import type {DataPlaneName, NodeFacts, NodeState} from './node-state.ts'
import type {PolicyCompiler} from './policy-compiler.ts'
import type {PlaneRedaction} from './redaction.ts'

/** One document of a node as its data plane parsed it. Nobody else looks into it. */
export interface NodeContent {
  readonly kind: DocumentContent
  /** Of rules: the back end that they are of. */
  readonly backend?: 'nft' | 'legacy'
  readonly problems: readonly Problem[]
}

/**
 * How one operating system enforces policies on a node. Verbs know this interface and no data plane; a data plane knows no
 * verb. What one method returns is handed to methods of the same data plane only, which may look at more of it.
 */
export interface DataPlane {
  readonly name: DataPlaneName
  /** The kinds of documents that hold this data plane's rules and sets. */
  readonly documentKinds: ReadonlySet<string>
  readonly policyCompiler: PolicyCompiler
  /**
   * Parses one document. Never throws for bad content: what is wrong is in `problems`.
   *
   * @param kind one of `documentKinds`
   * @param isWhole whether the text is all that a known tool printed: then what is not in it does not exist
   */
  parse(kind: string, text: Text, file: string, isWhole: boolean): NodeContent
  /** Opens a node. Contents that contradict each other become problems. */
  open(facts: NodeFacts, documents: readonly {readonly name: string; readonly content: NodeContent}[]): NodeState
  /** Loads what redacts its documents, which no other verb needs. */
  redaction(): Promise<PlaneRedaction>
}
