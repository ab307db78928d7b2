import {release, version as systemVersion} from 'node:os'
import type {DocumentReader} from './document-reader.ts'
import type {NodeSource} from './node-source.ts'
import type {Run} from './run.ts'

const TOOLS: readonly {readonly command: string; readonly args: readonly string[]}[] = [
  {command: 'iptables-nft-save', args: ['--version']},
  {command: 'ipset', args: ['version']},
  {command: 'conntrack', args: ['--version']},
  {command: 'nft', args: ['--version']},
  {command: 'uname', args: ['-a']},
]
const VERSION_BOUNDS = {timeoutMs: 10_000, largestBytes: 64 * 1024}

/** Whether a tool is there and is the one of the nft back end. */
export async function isNftSave(command: string, run: Run, signal?: AbortSignal): Promise<boolean> {
  const version = await run(command, ['--version'], {...VERSION_BOUNDS, ...(signal && {signal})})
  return version.end === 'ok' && new TextDecoder().decode(version.stdout).includes('nf_tables')
}

/**
 * Asks what a node is read by for its version. What is missing is told in its line: it is a problem of what it would have read.
 */
export async function readVersions({run, hns}: NodeSource, signal: AbortSignal): Promise<string[]> {
  if (hns) {
    const found = await hns.version(signal)
    const hnsVersion = found ? `${found.major}.${found.minor}` : 'not told'
    return [`${systemVersion()}: ${release()}`, `HNS: ${hnsVersion}, by ${hns.way}`]
  }
  return Promise.all(
    TOOLS.map(async ({command, args}) => {
      const result = await run(command, args, {...VERSION_BOUNDS, signal})
      const text = new TextDecoder().decode(result.stdout).trim()
      return `${result.command}: ${result.end === 'ok' ? text.replaceAll('\n', '; ') : result.failure}`
    }),
  )
}

/** What is told in place of commands. */
export const WINDOWS_VERSIONS = 'versions of Windows and HNS'

export function versionsReader(source: NodeSource, agentVersion: string): DocumentReader {
  return async function* read(signal) {
    const lines = await readVersions(source, signal)
    yield new TextEncoder().encode(`npm-agent: ${agentVersion}\nnode: ${process.version}\n${lines.join('\n')}\n`)
    const commands = source.hns ? [WINDOWS_VERSIONS] : TOOLS.map(({command, args}) => [command, ...args].join(' '))
    return {command: commands.join('; '), problems: []}
  }
}
