import {randomUUID} from 'node:crypto'
import {nodeDocuments} from '../../core/contract/agent.ts'
import type {DumpFailure, DumpManifest, DumpNode} from '../../core/contract/dump.ts'
import {DUMP_FORMAT} from '../../core/contract/dump-format.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {dumpFiles, nodeFolder} from '../../core/dump/layout.ts'
import {InputError} from '../../core/input-error.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import type {NodeChoice} from '../cluster/agents.ts'
import {openCluster} from '../cluster/cluster.ts'
import {eachNode} from '../cluster/each-node.ts'
import type {ClusterFlags} from '../cluster/flags.ts'
import {type DocumentLog, readNode} from '../cluster/read-snapshot.ts'
import type {DumpFile} from './write-dump.ts'

/** Dumps are large, and all of them are held until the last one is there. */
const READ_AT_ONCE = 8

export interface Collected {
  readonly files: readonly DumpFile[]
  readonly failures: readonly DumpFailure[]
}

/**
 * Reads everything from the nodes of a cluster that are meant, through their agents. A node that cannot be read is told in
 * the dump; the others are there.
 *
 * @throws InputError when no node can be read
 */
export async function collectDump(flags: ClusterFlags & NodeChoice, signal: AbortSignal): Promise<Collected> {
  const takenAt = new Date().toISOString()
  await using cluster = await openCluster(flags, signal, {anyEngine: true})
  const [first] = cluster.ready
  const results = await eachNode(
    cluster.ready,
    async pod => {
      await using agent = await cluster.connect(pod, signal)
      const documents = nodeDocuments.filter(name => name !== 'cluster.json' || pod === first)
      return {...(await readNode(agent, documents, signal)), version: agent.hello.version}
    },
    {nodeOf: ({node}) => node, label: 'reading', limit: READ_AT_ONCE, signal},
  )
  const files: DumpFile[] = []
  const nodes: DumpNode[] = []
  const failures: DumpFailure[] = cluster.absent.map(({node, error}) => ({node, message: error.message, next: error.next}))
  const log: string[] = []
  for (const [index, result] of results.entries()) {
    const {node} = result
    if ('error' in result) {
      failures.push({node, message: result.error.message, next: result.error.next})
      continue
    }
    const {documents, takenAt: readAt, version, log: read} = result.value
    const folder = nodeFolder(node, index)
    const names: string[] = []
    for (const {name, text} of documents) {
      const file = name.slice(name.lastIndexOf('/') + 1)
      const isCluster = file === dumpFiles.cluster
      files.push({path: isCluster ? file : `${folder}/${file}`, content: text.join('')})
      if (!isCluster) names.push(file)
    }
    nodes.push({name: node, folder, takenAt: readAt, agentVersion: version, documents: names})
    log.push(...read.map(each => logLine(node, each)))
    for (const {document, problems} of read)
      failures.push(...problems.map(({message, next}) => ({node, document, message, next})))
  }
  if (nodes.length === 0)
    throw new InputError(
      `no node could be read: ${failures[0]?.message ?? 'there are no agents'}`,
      failures[0]?.next ?? 'Install the agents: kubectl npm install',
    )
  log.push(...failures.map(({node = '-', message}) => `${node}\tFAILED\t${message}`))
  const manifest: DumpManifest = {
    apiVersion: API_VERSION,
    kind: 'Dump',
    formatVersion: DUMP_FORMAT,
    id: randomUUID(),
    takenAt,
    version: packageFacts.version,
    redacted: false,
    nodes,
    failures,
  }
  return {
    files: [
      {path: dumpFiles.manifest, content: `${JSON.stringify(manifest, undefined, 2)}\n`},
      {path: dumpFiles.log, content: log.map(line => `${line}\n`).join('')},
      ...files,
    ],
    failures,
  }
}

const logLine = (node: string, {document, command, durationMs, problems}: DocumentLog): string =>
  [node, document, command ?? '-', `${durationMs ?? '-'} ms`, problems.length === 0 ? 'ok' : 'FAILED'].join('\t')
