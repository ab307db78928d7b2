import {nodeDocuments} from '../../core/contract/node-documents.ts'
import {limits} from '../limits/limits.ts'
import type {DocumentReader} from './document-reader.ts'
import {documentReaders} from './documents.ts'
import {nodeName} from './read-once.ts'
import {run} from './run.ts'

/** How all documents of this node are read that it can have, without an agent that runs. */
export async function readLocalDocuments(version: string): Promise<{node: string; documents: Map<string, DocumentReader>}> {
  return {node: nodeName(), documents: await documentReaders(nodeDocuments, {version, cluster: undefined, limits, run})}
}
