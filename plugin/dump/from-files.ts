import {CLUSTER_DOCUMENT} from '../../core/contract/node-documents.ts'
import {ACCEPTED} from '../../core/dump/document-kind.ts'
import {type PlannedNode, planDump} from '../../core/dump/plan-dump.ts'
import {type ClusterObjects, objectKey} from '../../core/kubernetes/objects.ts'
import {printObjects} from '../../core/kubernetes/print-objects.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Text} from '../../core/text/lines.ts'
import {eachLine} from '../../core/text/lines.ts'
import type {NodeChoice} from '../agents/agents.ts'
import {Packed} from '../bytes/packed.ts'
import {readFiles} from '../source/read-files.ts'
import {beginning} from './collection-log.ts'
import type {Collected, DumpedNode} from './content.ts'

/**
 * Makes a dump of files: of another dump, or of what somebody took by hand.
 *
 * @throws InputError when a path cannot be read, there is nothing to keep, or the choice fits nothing
 */
export async function collectFiles(paths: readonly string[], choice: NodeChoice, signal: AbortSignal): Promise<Collected> {
  if (choice.selector !== undefined)
    throw new InputError('-l chooses nodes of a cluster, and files were given', 'Choose with --node or --pod.')
  const {documents, problems: unread} = await readFiles(paths)
  signal.throwIfAborted()
  const {nodes: all, cluster, otherKinds, unreadObjects, manifests, logs, failures, leftOut, problems} = await planDump(documents)
  if (all.length === 0 && !cluster)
    throw new InputError('nothing to keep: no rules, sets or cluster objects were found', ACCEPTED, [
      ...unread,
      ...problems,
      ...unreadObjects,
    ])
  const lost = unreadObjects.map(({message, next}) => ({document: CLUSTER_DOCUMENT, message: `left out: ${message}`, next}))
  const nodes = await chosen(all, cluster, choice)
  const names = new Set(nodes.map(({name}) => name))
  const isWhole = nodes.length === all.length
  const packed: DumpedNode[] = []
  for (const {files, given, ...told} of nodes) {
    const its = new Map<string, Packed>()
    for (const [file, text] of files) {
      signal.throwIfAborted()
      its.set(file, await Packed.of(text))
    }
    packed.push({...told, files: its, ...(given.length > 0 && {given})})
  }
  const begunAt = new Date().toISOString()
  const objects = cluster && (await Packed.of(printObjects(cluster)))
  return {
    content: {
      takenAt: (manifests.length === 1 && manifests[0]?.takenAt) || begunAt,
      redacted: manifests.length > 0 && manifests.every(({redacted}) => redacted),
      nodes: packed,
      ...(objects && {cluster: objects}),
      failures: [...failures.filter(({node}) => isWhole || node === undefined || names.has(node)), ...lost],
      log: [
        beginning(begunAt, 'put together from files'),
        ...leftOut.map(name => `  ${name}: left out, a dump has no place for it`),
        ...lost.map(({message}) => `  ${CLUSTER_DOCUMENT}: ${message}`),
        ...(objects ? [`  ${CLUSTER_DOCUMENT}: ${kept(otherKinds)}`] : []),
        ...logs.flatMap(linesOf),
      ],
    },
    failures: lost,
    problems: [...unread, ...problems, ...manifests.flatMap(manifest => manifest.problems)],
  }
}

const SHOWN_KINDS = 20

/** What a dump does not keep of objects that were given. */
function kept(otherKinds: ReadonlyMap<string, number>): string {
  const kinds = [...otherKinds].map(([kind, count]) => `${count} ${kind}`)
  const shown = [...kinds.slice(0, SHOWN_KINDS), ...(kinds.length > SHOWN_KINDS ? ['…'] : [])]
  const others = kinds.length === 0 ? '' : `, and objects of other kinds: ${shown.join(', ')}`
  return `of objects, fields that policies do not depend on are left out (annotations, environment, images, …)${others}`
}

function linesOf(text: Text): string[] {
  const lines = ['']
  eachLine(text, (piece, start, end) => lines.push(piece.slice(start, end)))
  return lines
}

async function chosen(
  nodes: readonly PlannedNode[],
  cluster: ClusterObjects | undefined,
  {node, pod}: NodeChoice,
): Promise<readonly PlannedNode[]> {
  const held = `It holds: ${nodes.map(({name}) => name).join(', ') || 'no node'}`
  const absent = node?.find(name => !nodes.some(each => each.name === name))
  if (absent !== undefined) throw new InputError(`--node ${absent}: the input holds no such node`, held)
  const named = node === undefined ? nodes : nodes.filter(({name}) => node.includes(name))
  if (pod === undefined) return named
  const where = cluster?.pods.find(each => objectKey(each) === pod)?.spec?.nodeName
  if (where === undefined) throw new InputError(`--pod ${pod}: the input does not tell on which node it runs`, held)
  const its = named.filter(({name}) => name === where)
  if (its.length === 0) throw new InputError(`--pod ${pod}: its node ${where} is not in the input`, held)
  return its
}
