import {execFileSync} from 'node:child_process'
import {join} from 'node:path'

/** The folder of the manifests that are under test. */
export const monitoring = join(import.meta.dirname, '../../../manifests/monitoring')

/** What is missing to run Prometheus, promtool and amtool, in words; undefined when both are there. */
export function missingTools(): string | undefined {
  for (const tool of ['promtool', 'prometheus', 'amtool'])
    try {
      execFileSync(tool, ['--version'], {stdio: 'pipe'})
    } catch {
      return `${tool} does not work here; see scripts/install-tools.sh`
    }
  return undefined
}

export interface ToolResult {
  readonly isGood: boolean
  readonly output: string
}

/** Runs a tool to its end; a tool that finds fault is a result, not an error. */
export function runTool(tool: string, args: readonly string[], cwd = monitoring): ToolResult {
  try {
    const output = execFileSync(tool, args, {cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 2 ** 26})
    return {isGood: true, output}
  } catch (error) {
    const {stdout, stderr, status} = error as {stdout?: string; stderr?: string; status?: number}
    if (typeof status !== 'number') throw error
    return {isGood: false, output: `${stdout}${stderr}`}
  }
}
