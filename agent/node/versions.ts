import type {DocumentReader} from './document-reader.ts'
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

/** Asks each tool for its version. What is missing is told in its line: it is a problem of what it would have read. */
export async function readVersions(run: Run, signal?: AbortSignal): Promise<string[]> {
  return Promise.all(
    TOOLS.map(async ({command, args}) => {
      const result = await run(command, args, {...VERSION_BOUNDS, ...(signal && {signal})})
      const text = new TextDecoder().decode(result.stdout).trim()
      return `${result.command}: ${result.end === 'ok' ? text.replaceAll('\n', '; ') : result.failure}`
    }),
  )
}

export function versionsReader(run: Run, agentVersion: string): DocumentReader {
  return async function* read(signal) {
    const lines = await readVersions(run, signal)
    yield new TextEncoder().encode(`npm-agent: ${agentVersion}\nnode: ${process.version}\n${lines.join('\n')}\n`)
    return {command: TOOLS.map(({command, args}) => [command, ...args].join(' ')).join('; '), problems: []}
  }
}
