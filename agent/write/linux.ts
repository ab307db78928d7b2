import type {PlannedStep} from '../../core/dataplane/plan.ts'
import {readLegacyTables} from '../node/legacy-tables.ts'
import {run} from '../node/run.ts'
import type {ToolEnding} from '../node/tool-ending.ts'
import {isNftSave} from '../node/versions.ts'
import type {StepFailure} from './step-failure.ts'

export interface LinuxTools {
  /** Of steps that name none. */
  readonly backend: 'nft' | 'legacy'
  /** Of the lock: the tool holds it, too. */
  readonly lockFd: number | undefined
  readonly toolMs: number
  readonly xtablesSeconds: number
}

/**
 * Tells a tool of Linux all operations of a step in one run.
 *
 * @returns undefined when the tool ended well. Of a failed `ipset restore` the lines before the failed one are done, of a failed
 *   `iptables-restore` none
 */
export async function runLinuxStep(step: PlannedStep, tools: LinuxTools): Promise<StepFailure | undefined> {
  const lines = step.operations.map(({line}) => line)
  const {lockFd, toolMs} = tools
  let ending: ToolEnding
  if (step.tool === 'ipset')
    ending = await run('ipset', ['restore'], {heldFile: lockFd, timeoutMs: toolMs, input: `${lines.join('\n')}\n`})
  else {
    const {backend = tools.backend} = step
    const refusal = await backendRefusal(backend)
    if (refusal) return {operation: lines[0] as string, ...refusal}
    ending = await runIptables(lines, {...tools, backend})
  }
  if (ending.end === 'ok') return undefined
  return {
    operation: failedLine(step, ending.failure),
    message: `${ending.command}: ${ending.failure}`,
    next: nextOf(step.tool, ending),
  }
}

async function runIptables(lines: readonly string[], options: LinuxTools): Promise<ToolEnding> {
  const {backend, lockFd, toolMs, xtablesSeconds} = options
  // Rules that are written anew keep their counters, which stand in the lines.
  const args = ['--noflush', '-w', String(xtablesSeconds), '-T', 'filter', '-c']
  const given = {heldFile: lockFd, timeoutMs: toolMs, input: `*filter\n${lines.join('\n')}\nCOMMIT\n`}
  const ending = await run(`iptables-${backend}-restore`, args, given)
  // As for reading: distributions without that name have the nft tool under the plain one.
  if (backend === 'nft' && ending.end === 'missing' && (await isNftSave('iptables-restore', run)))
    return run('iptables-restore', args, given)
  return ending
}

/** Running a legacy tool where the kernel has no legacy tables would load the legacy modules. */
async function backendRefusal(backend: 'nft' | 'legacy'): Promise<Omit<StepFailure, 'operation'> | undefined> {
  if (backend === 'nft') return undefined
  const tables = await readLegacyTables().catch((error: Error) => error)
  if (typeof tables === 'string' && tables.trim() !== '') return undefined
  const why = tables instanceof Error ? `whether there are is unknown: ${tables.message}` : 'there are none'
  return {
    message: `the plan is for legacy tables, and ${why} in the kernel; running iptables-legacy-restore would load their modules`,
    next: 'Plan again: the node is read and its back end found.',
  }
}

/** Source: what ipset 7.17 and iptables 1.8.9 say, nft and legacy. */
const FAILED_LINE = /(?:Error in line|Error occurred at line:|line) (\d+)/

function failedLine({tool, operations}: PlannedStep, failure: string): string {
  const number = Number(FAILED_LINE.exec(failure)?.[1])
  // iptables is told the table first.
  const at = tool === 'iptables' ? number - 2 : number - 1
  return (operations[at] ?? operations[0])?.line ?? ''
}

function nextOf(tool: PlannedStep['tool'], {end, failure}: ToolEnding): string {
  if (end === 'missing') return `Install it (Debian: apt-get install ${tool}), then plan again.`
  if (failure.includes('xtables lock')) return 'Try again. If it stays so, find who holds it: fuser -v /run/xtables.lock'
  if (failure.includes('is full')) return 'The set has as many members as its maxelem allows. Look at it: ipset list -t'
  if (failure.includes('in use')) return 'Find the rule that uses it: iptables-save | grep the name of the set'
  return 'Read the node and plan again: kubectl npm diff --local'
}
