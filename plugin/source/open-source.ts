import type {NodeDump} from '../../core/dump/model.ts'
import {ACCEPTED} from '../../core/dump/read-document.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import {InputError} from '../../core/input-error.ts'
import type {Problem} from '../../core/problem.ts'
import {provided} from '../services.ts'
import {readFiles} from './read-files.ts'

/** Where a reading verb takes its data from, as the flags say it. */
export interface SourceFlags {
  readonly from: readonly string[] | undefined
  readonly local: boolean
  readonly node: readonly string[] | undefined
}

/** All dumps that the flags name, and what is wrong with the input as a whole. */
export interface Source {
  readonly dumps: readonly NodeDump[]
  readonly problems: readonly Problem[]
}

/**
 * Opens what the flags name.
 *
 * @throws InputError when there is nothing that could be answered from
 */
export async function openSource(flags: SourceFlags, signal: AbortSignal): Promise<Source> {
  const {local, from = []} = flags
  if (!local && from.length === 0)
    throw new InputError(
      'no source: nothing says what to read',
      'Give a dump with --from PATH (a folder, a .tgz, files, - for standard input), or --local on the node itself.',
    )
  const given = from.length > 0 ? await readFiles(from) : {documents: [], problems: []}
  if (!local) return readGiven(given)
  if (process.getuid?.() !== 0) throw new InputError('--local reads the kernel, which only root may do', 'Run it with sudo.')
  const reading = await provided().readLocal(signal)
  // Files beside --local add what the kernel does not know: cluster objects, NPM's cache. Their folder must not matter.
  const documents = [...reading.documents, ...given.documents].map(document => ({...document, folder: 'local'}))
  const {nodes, problems} = await readDump(documents)
  return {
    dumps: nodes.map(dump => ({...dump, node: reading.node})),
    problems: [...reading.problems, ...given.problems, ...problems],
  }
}

async function readGiven(given: Awaited<ReturnType<typeof readFiles>>): Promise<Source> {
  const {nodes, problems} = await readDump(given.documents)
  return {dumps: nodes, problems: [...given.problems, ...problems]}
}

/**
 * The one dump a verb is about.
 *
 * @throws InputError when none fits, or when several do and no `--node` says which
 */
export function oneDump(source: Source, flags: SourceFlags): NodeDump {
  const all = [...source.problems, ...source.dumps.flatMap(({problems}) => problems)]
  const ambiguous = all.find(({code}) => code === 'AMBIGUOUS_FILES')
  if (ambiguous) throw new InputError(ambiguous.message, ambiguous.next)
  const usable = source.dumps.filter(dump => dump.save ?? dump.sets)
  if (usable.length === 0) throw new InputError('nothing to read: no iptables rules and no ipsets were found', ACCEPTED, all)
  const named = flags.node === undefined ? usable : usable.filter(({node}) => flags.node?.includes(node))
  const nodes = usable.map(({node}) => node).join(', ')
  const [dump] = named
  if (!dump) throw new InputError(`--node ${flags.node?.join(', ')}: the input holds no such node`, `It holds: ${nodes}`, all)
  if (named.length > 1) throw new InputError(`the input holds ${named.length} nodes: ${nodes}`, 'Say which one with --node NAME.')
  return dump
}
