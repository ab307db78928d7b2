import {randomBytes} from 'node:crypto'
import type {DumpFailure} from '../../core/contract/dump.ts'
import type {DocumentKind} from '../../core/dump/document-kind.ts'
import {dumpFiles, kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {rewriteDocument} from '../../core/redact/document.ts'
import {Learner} from '../../core/redact/learner.ts'
import type {Redaction} from '../../core/redact/redaction.ts'
import {KEY_BYTES} from '../../core/renaming/keyed-hash.ts'
import {Packed} from '../bytes/packed.ts'
import type {Collected, DumpContent, DumpedNode} from './content.ts'
import {redactLine} from './log-vocabulary.ts'

/**
 * Replaces names and addresses in all that is collected. What cannot be rewritten is left out, and told. One node at a time is
 * unpacked.
 */
export async function redactDump(collected: Collected, signal: AbortSignal): Promise<Collected> {
  const {content} = collected
  const redaction = await learn(content, signal)
  const lost: DumpFailure[] = []
  const nodes: DumpedNode[] = []
  for (const node of content.nodes) nodes.push(await redactNode(node, content, redaction, lost, signal))
  const objects = content.cluster && (await rewrite(redaction, content.cluster, 'json', {document: dumpFiles.cluster}, lost))
  const services = content.services && (await rewrite(redaction, content.services, 'json', {document: dumpFiles.services}, lost))
  const told = content.failures.map(({node, document, message, next}) => ({
    ...(node !== undefined && {node: redaction.node(node)}),
    ...(document !== undefined && {document}),
    message: redactLine(redaction, message),
    next: redactLine(redaction, next),
  }))
  return {
    ...collected,
    content: {
      takenAt: content.takenAt,
      redacted: true,
      // Their old order would tell something of their old names.
      nodes: nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ...(objects && {cluster: objects}),
      ...(services && {services}),
      failures: [...told, ...lost.map(({node, ...each}) => ({...each, ...(node !== undefined && {node: redaction.node(node)})}))],
      log: [
        ...content.log.map(line => redactLine(redaction, line)),
        '',
        'names and addresses were replaced',
        ...lost.map(({node, document = '', message}) =>
          ['  left out:', node && redaction.node(node), document, message].filter(Boolean).join(' '),
        ),
      ],
    },
    failures: [...collected.failures, ...lost],
  }
}

/** Gathers the names of all that the dump holds. The key is thrown away with the result. */
async function learn({nodes, cluster, services, failures}: DumpContent, signal: AbortSignal): Promise<Redaction> {
  const learner = new Learner()
  if (services) await learner.addNode('unknown', [{name: dumpFiles.services, folder: '', text: await services.text()}])
  if (cluster) await learner.addNode('unknown', [{name: dumpFiles.cluster, folder: '', text: await cluster.text()}])
  for (const {name, files} of nodes) {
    const documents: DumpDocument[] = []
    for (const [file, packed] of files) {
      signal.throwIfAborted()
      const kind = kindOfDocument(file)
      if (kind !== undefined) documents.push({name: file, folder: name, text: await packed.text()})
    }
    await learner.addNode(name, documents)
  }
  // Of these there is nothing but the name.
  for (const {node} of failures) if (node !== undefined) await learner.addNode(node, [])
  return await learner.settle(randomBytes(KEY_BYTES))
}

async function redactNode(
  {name, files, given, ...told}: DumpedNode,
  {failures}: DumpContent,
  redaction: Redaction,
  lost: DumpFailure[],
  signal: AbortSignal,
): Promise<DumpedNode> {
  const rewritten = new Map<string, Packed>()
  for (const [file, packed] of files) {
    signal.throwIfAborted()
    // Logs are text whatever stands in them. A file that is cut off tells itself what it is.
    const isCut = failures.some(each => each.node === name && each.document === file) || given?.includes(file)
    const known = kindOfDocument(file)
    const kind = known === undefined ? 'other' : isCut ? undefined : known
    const redacted = await rewrite(redaction, packed, kind, {node: name, document: file}, lost)
    if (redacted) rewritten.set(file, redacted)
  }
  return {...told, name: redaction.node(name), files: rewritten, ...(given && {given})}
}

async function rewrite(
  redaction: Redaction,
  packed: Packed,
  kind: DocumentKind | undefined,
  what: {readonly node?: string; readonly document: string},
  lost: DumpFailure[],
): Promise<Packed | undefined> {
  const rewritten = rewriteDocument(redaction, await packed.text(), kind)
  if ('text' in rewritten) return await Packed.of(rewritten.text)
  lost.push({
    ...what,
    message: `left out, because names in it cannot be replaced: ${rewritten.leftOut}`,
    next: 'Look at the file in the dump that was not redacted.',
  })
  return undefined
}
