import type {AgentStatus} from '../../core/contract/agent.ts'
import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import {NPM_CHAIN} from '../../core/linux/npm/chain-names.ts'

const NAME = Buffer.from(NPM_CHAIN)

/** Sees in passing, without parsing, in which back end's rules Azure NPM's chains are. */
export class BackendDetector {
  private readonly seen = new Set<'nft' | 'legacy'>()

  /** What looks at a document's bytes as they pass; undefined for those that hold no rules. */
  of(name: NodeDocument): ((bytes: Uint8Array) => void) | undefined {
    const {backend} = documentRow(name)
    if (backend === undefined) return undefined
    let tail = Buffer.alloc(0)
    return bytes => {
      if (this.seen.has(backend)) return
      // The name may lie across two pieces.
      if (Buffer.concat([tail, bytes.subarray(0, NAME.length)]).includes(NAME)) this.seen.add(backend)
      else if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(NAME)) this.seen.add(backend)
      tail = Buffer.from(bytes.subarray(-NAME.length))
    }
  }

  get backend(): AgentStatus['backend'] {
    const [only, other] = this.seen
    return only !== undefined && other === undefined ? only : 'unknown'
  }
}
