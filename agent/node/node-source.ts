import type {Hns} from '../hns/hns.ts'
import {type Run, run, type Start} from './run.ts'
import {isWindows} from './system.ts'

/** By what this node is read: tools of Linux, or HNS of Windows. */
export interface NodeSource {
  readonly run: Run
  /** Set on Windows, where it is all that is read of rules and sets: no tool of Linux is run then. */
  readonly hns?: Hns
  /** Tests replace what follows. */
  readonly start?: Start
  readonly legacyTables?: () => Promise<string | undefined>
}

/** The longest that a call of HNS was seen to take is half a minute. */
const CALL_MS = 120_000

/** Whether a source runs the tools of this machine, of which its kernel can be asked, and not others that stand for them. */
export const isOfThisKernel = ({run: its = run, start}: Partial<NodeSource>): boolean => its === run && start === undefined

let opened: Promise<NodeSource> | undefined

/** By what this machine is read. */
export function nodeSource(): Promise<NodeSource> {
  opened ??= isWindows ? windowsSource() : Promise.resolve({run})
  return opened
}

/** Tests put another one in its place. */
export const setNodeSource = (source: NodeSource): void => {
  opened = Promise.resolve(source)
}

async function windowsSource(): Promise<NodeSource> {
  const {nodeFunctions} = await import('../hns/node-functions.ts')
  const {openHns} = await import('../hns/open-hns.ts')
  const {limits} = await import('../limits/limits.ts')
  const functions = await nodeFunctions({run, timeoutMs: limits.toolMs, largestBytes: limits.toolBytes})
  return {run, hns: openHns(functions, {callMs: CALL_MS})}
}
