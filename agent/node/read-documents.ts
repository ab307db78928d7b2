import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import type {DocumentReader} from './document-reader.ts'

/** A document as it was read: what came before a failure is kept. */
export interface DocumentReading {
  readonly name: NodeDocument
  readonly text: Text
  /** What was run or asked. */
  readonly command: string
  readonly problems: readonly Problem[]
}

/**
 * Reads documents of this node. Rules and sets are read at the same time: their tools wait for no common lock. Tools of one kind run one
 * after the other, since those of iptables hold all rules while they print them, and those of ipset wait for each other. Never throws.
 *
 * @param visit called with each when it is there, while others are still being read
 * @returns in the order of the readers
 */
export async function readDocuments(
  readers: ReadonlyMap<NodeDocument, DocumentReader>,
  signal: AbortSignal,
  visit: (reading: DocumentReading) => void = () => {},
): Promise<DocumentReading[]> {
  const queues = Map.groupBy(readers, ([name]) => documentRow(name).content?.startsWith('ipset') ?? false)
  const read = await Promise.all(
    [...queues.values()].map(async queue => {
      const done: DocumentReading[] = []
      for (const [name, reader] of queue) {
        const reading = await readDocument(name, reader, signal)
        visit(reading)
        done.push(reading)
      }
      return done
    }),
  )
  const byName = new Map(read.flat().map(each => [each.name, each]))
  return [...readers.keys()].flatMap(name => byName.get(name) ?? [])
}

async function readDocument(name: NodeDocument, reader: DocumentReader, signal: AbortSignal): Promise<DocumentReading> {
  const decoding = new TextDecoding()
  const pieces = reader(signal)
  let next = await pieces.next()
  for (; !next.done; next = await pieces.next()) decoding.push(next.value)
  const {command, problems} = next.value
  return {name, text: decoding.end(), command, problems}
}
