import type {AgentStatus} from '../../core/contract/agent.ts'
import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import {NPM_CHAIN} from '../../core/linux/npm/chain-names.ts'

const NAME = Buffer.from(NPM_CHAIN)

/** Finds out, without parsing, which back end's rules contain chains of Azure NPM, while the documents are read. HNS is the only one of a Windows node. */
export class BackendDetector {
  private readonly seen = new Set<'nft' | 'legacy' | 'hns'>()

  /**
   * Starts to look at one document.
   *
   * @returns takes the document's bytes, piece by piece; undefined for a document that holds no rules
   */
  of(name: NodeDocument): ((bytes: Uint8Array) => void) | undefined {
    const {backend, content} = documentRow(name)
    if (content === 'hns') return () => void this.seen.add('hns')
    if (backend === undefined) return undefined
    let tail = Buffer.alloc(0)
    return bytes => {
      if (this.seen.has(backend)) return
      // The name may lie across pieces.
      if (Buffer.concat([tail, bytes.subarray(0, NAME.length)]).includes(NAME)) this.seen.add(backend)
      else if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(NAME)) this.seen.add(backend)
      tail = Buffer.concat([tail, bytes.subarray(-NAME.length)]).subarray(-NAME.length)
    }
  }

  /** `unknown` when both back ends have such chains, and when none has. */
  get backend(): AgentStatus['backend'] {
    const [only, other] = this.seen
    return only !== undefined && other === undefined ? only : 'unknown'
  }
}
