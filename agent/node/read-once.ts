import {readFile} from 'node:fs/promises'
import {hostname} from 'node:os'
import type {DocumentKind} from '../../core/dump/document-kind.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {decodeText} from '../../core/text/decode.ts'
import {type Run, run as runTool, type ToolResult} from './run.ts'
import {toolProblem} from './tool-failure.ts'

/** What this node's kernel holds, as the tools print it: the same documents that a dump folder has. */
export interface NodeReading {
  readonly node: string
  readonly documents: readonly DumpDocument[]
  readonly problems: readonly Problem[]
}

export interface ReadNodeOptions {
  readonly signal?: AbortSignal
  readonly run?: Run
  /** The kernel's list of legacy tables, or undefined when the legacy modules are not loaded. */
  readonly legacyTables?: () => Promise<string | undefined>
}

/**
 * Reads iptables and ipsets of this node's network namespace. A tool that is missing, fails or hangs is a problem;
 * what the others print is still there.
 */
export async function readNode(options: ReadNodeOptions = {}): Promise<NodeReading> {
  const {signal, run = runTool, legacyTables = readLegacyTables} = options
  const runOptions = signal ? {signal} : {}
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  const keep = (result: ToolResult, kind: DocumentKind) => {
    const text = decodeText(result.stdout)
    // An empty answer of a tool that ended well is an answer: there are no sets, there are no rules.
    if (result.end === 'ok' || text.length > 0)
      documents.push({name: result.command, folder: 'local', text, ...(result.end === 'ok' && {kind})})
    if (result.end !== 'ok') problems.push(toolProblem(result))
  }
  keep(await readNft(run, runOptions), 'iptables-save')
  // Running a legacy tool would load the legacy modules; listing tables of another back end would then be our doing.
  const legacy = await legacyTables()
  if (legacy !== undefined && legacy.trim() !== '') keep(await run('iptables-legacy-save', ['-c'], runOptions), 'iptables-save')
  keep(await run('ipset', ['save'], runOptions), 'ipset-save')
  const list = await run('ipset', ['list', '-t'], runOptions)
  // Only headers and reference counts: worth having, not worth a second complaint.
  if (list.end === 'ok') documents.push({name: list.command, folder: 'local', text: decodeText(list.stdout), kind: 'ipset-list'})
  return {node: nodeName(), documents, problems}
}

/** What Kubernetes calls this machine, as far as that is known here. */
export const nodeName = (): string => process.env['NODE_NAME'] ?? hostname()

/** Distributions without `iptables-nft-save` call it `iptables-save`; that name may also mean the legacy tool. */
async function readNft(run: Run, options: {signal?: AbortSignal}): Promise<ToolResult> {
  const result = await run('iptables-nft-save', ['-c'], options)
  if (result.end !== 'missing') return result
  const version = await run('iptables-save', ['--version'], options)
  const isNft = version.end === 'ok' && new TextDecoder().decode(version.stdout).includes('nf_tables')
  return isNft ? run('iptables-save', ['-c'], options) : result
}

/** The file exists only while the legacy modules are loaded, and lists the tables of this network namespace. */
export async function readLegacyTables(): Promise<string | undefined> {
  try {
    return await readFile('/proc/self/net/ip_tables_names', 'utf8')
  } catch {
    return undefined
  }
}
