import {dumpFiles} from '../../core/dump/layout.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {readLocalCluster} from '../agents/local-agent.ts'
import {Packed} from '../bytes/packed.ts'
import {type LocalDocument, requireRoot, services} from '../services.ts'
import {beginning, type CollectedFile, entryLines, nodeLines} from './collection-log.ts'
import type {Collected} from './content.ts'

/**
 * Reads everything from this machine, as its root. Cluster objects come from the agent that runs here, if one does.
 *
 * @throws InputError for anybody but root
 */
export async function collectLocal(signal: AbortSignal): Promise<Collected> {
  requireRoot('reads the kernel')
  const takenAt = new Date().toISOString()
  const {node, documents} = await services().localDocuments()
  const read: CollectedFile[] = []
  // One after the other: the tools wait for each other's lock anyway.
  for (const [file, document] of documents) {
    read.push(await collectDocument(file, document, signal))
    signal.throwIfAborted()
  }
  const objects = await collectObjects(signal)
  const failures = read.flatMap(({entry: {file}, failures}) => failures.map(failure => ({node, document: file, ...failure})))
  const lost = objects.failures.map(failure => ({document: dumpFiles.cluster, ...failure}))
  const all = [...failures, ...lost]
  const files = read.flatMap(({entry: {file}, packed}) => (packed ? [[file, packed] as const] : []))
  return {
    content: {
      takenAt,
      redacted: false,
      nodes: [{name: node, takenAt, files: new Map(files)}],
      ...(objects.packed && {cluster: objects.packed}),
      failures: all,
      log: [
        beginning(takenAt, 'begins to collect'),
        ...entryLines(objects.entry),
        ...nodeLines(
          node,
          'this machine',
          read.map(({entry}) => entry),
        ),
      ],
    },
    failures: all,
    problems: [],
  }
}

async function collectDocument(file: string, document: LocalDocument, signal: AbortSignal): Promise<CollectedFile> {
  const startedAt = performance.now()
  let end: {readonly command: string; readonly problems: readonly Problem[]} | undefined
  const keepEnd = async function* () {
    end = yield* document(signal)
  }
  const packed = await Packed.of(keepEnd())
  return collected(file, packed, performance.now() - startedAt, end ?? {command: '', problems: []})
}

async function collectObjects(signal: AbortSignal): Promise<CollectedFile> {
  const startedAt = performance.now()
  const entry = {file: dumpFiles.cluster, command: "the watch of this machine's agent", problems: []}
  try {
    const known = await readLocalCluster(signal)
    const [document] = known?.documents ?? []
    if (!known || !document)
      return {entry: {...entry, command: 'not there: no agent runs here that knows the cluster'}, failures: []}
    const packed = await Packed.of(document.text)
    return collected(entry.file, packed, performance.now() - startedAt, {...entry, problems: known.problems})
  } catch (error) {
    signal.throwIfAborted()
    const message = `the agent of this machine did not give its cluster objects: ${(error as Error).message}`
    return {entry: {...entry, problems: [message]}, failures: [{message, next: 'Look at it with npm-agent status.'}]}
  }
}

function collected(
  file: string,
  packed: Packed,
  durationMs: number,
  {command, problems}: {readonly command: string; readonly problems: readonly Problem[]},
): CollectedFile {
  return {
    packed,
    entry: {file, command, durationMs, problems: problems.map(({message}) => message)},
    failures: problems.map(({message, next}) => ({message, next})),
  }
}
