import type {NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {Log} from '../log.ts'
import type {ReadLocalOptions} from '../node/local-node.ts'
import {type Clock, machineClock} from './clock.ts'
import type {DeniedFlows} from './denied-flows.ts'
import {NodeWriter} from './node-writer.ts'
import type {WriteBounds} from './session.ts'
import {hasHns, systemFlows} from './system-flows.ts'
import type {Writer} from './writer.ts'

export interface WriterOptions {
  /** Of the agent, the same for all that write to this node: lock, journal and restore points are in it. */
  readonly stateDir: string
  readonly node: string
  /** Of this program, for the restore points. */
  readonly version: string
  readonly log: Log
  /** Tests replace what follows. */
  readonly deniedFlows?: DeniedFlows
  readonly writing?: NodeWriting
  readonly read?: ReadLocalOptions
  readonly clock?: Clock
  readonly bounds?: Partial<WriteBounds>
}

const usualBounds: WriteBounds = {lockMs: 30_000, toolMs: 120_000, xtablesSeconds: 60}

/** Opens what writes to this node. Nothing is read or written before one of its methods is called. */
export function openWriter({bounds, clock = machineClock, deniedFlows, ...options}: WriterOptions): Writer {
  const {read} = options
  const flows = deniedFlows ?? systemFlows(async () => read?.hns !== undefined || (await hasHns()))
  return new NodeWriter({...options, clock, deniedFlows: flows, bounds: {...usualBounds, ...bounds}})
}
