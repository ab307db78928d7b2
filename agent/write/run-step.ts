import type {PlannedStep} from '../../core/dataplane/writing.ts'
import type {Hns} from '../hns/hns.ts'
import {readLegacyTables} from '../node/legacy-tables.ts'
import {run} from '../node/run.ts'
import type {ToolEnding} from '../node/tool-ending.ts'
import {isNftSave} from '../node/versions.ts'
import {faultPoint} from './fault-point.ts'
import type {StepFailure} from './step-failure.ts'
import {runHnsStep} from './windows.ts'

export interface RunStepOptions {
  /** Of steps that name none. */
  readonly backend: 'nft' | 'legacy'
  /** Of the lock: the tool holds it, too. */
  readonly lockFd: number
  readonly toolMs: number
  readonly xtablesSeconds: number
  /** Of a Windows node. */
  readonly hns?: Hns | undefined
}

/**
 * Tells a tool all operations of a step in one run. The only place that runs what changes a node.
 *
 * @returns undefined when the tool ended well. Of a failed `ipset restore` the lines before the failed one are done, of a failed
 *   `iptables-restore` none
 */
export async function runStep(step: PlannedStep, options: RunStepOptions): Promise<StepFailure | undefined> {
  const lines = step.operations.map(({line}) => line)
  if (lines.length === 0) return undefined
  const {lockFd, toolMs, hns} = options
  faultPoint(`before ${step.tool} runs`)
  if (step.tool === 'hns') {
    if (!hns) throw new RangeError('a node without HNS was given a step for it')
    const failure = await runHnsStep(step, hns)
    faultPoint(`after ${step.tool} has run`)
    return failure
  }
  const bounds = {heldFile: lockFd, timeoutMs: toolMs}
  let ending: ToolEnding
  if (step.tool === 'ipset') ending = await run('ipset', ['restore'], {...bounds, input: `${lines.join('\n')}\n`})
  else {
    const {backend = options.backend} = step
    const refusal = await backendRefusal(backend)
    if (refusal) return {operation: lines[0] as string, ...refusal}
    ending = await runIptables(lines, {...options, backend})
  }
  faultPoint(`after ${step.tool} has run`)
  if (ending.end === 'ok') return undefined
  return {
    operation: failedLine(step, ending.failure),
    message: `${ending.command}: ${ending.failure}`,
    next: nextOf(step.tool, ending),
  }
}

async function runIptables(lines: readonly string[], options: RunStepOptions): Promise<ToolEnding> {
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
