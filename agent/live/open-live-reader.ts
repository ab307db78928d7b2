import {createHash} from 'node:crypto'
import type {Drift} from '../../core/contract/drift.ts'
import type {Limits} from '../limits/limits.ts'
import {Comparisons} from './comparisons.ts'
import {connectionCount} from './connection-count.ts'
import {HnsCounters} from './hns-counters.ts'
import {KernelCounters, type KernelTools} from './kernel-counters.ts'
import {LiveReader} from './live-reader.ts'
import {NpmFigures, type NpmFiguresOptions} from './npm-figures.ts'

export interface OpenLiveOptions extends KernelTools {
  readonly limits: Limits
  /** Tests replace it. */
  readonly npmPort?: number
  /** Azure NPM of this node as its pod tells. */
  readonly npmPod?: NpmFiguresOptions['pod']
  /** Compares the node with its policies. Absent where nothing tells what they ask for. */
  readonly compare?: () => Promise<Drift>
  /** How often objects of the cluster have changed. */
  readonly changes?: () => number
}

/** A reader of this node's counters. It reads nothing before somebody watches. */
export function openLiveReader({limits, npmPort, npmPod, compare, changes, ...source}: OpenLiveOptions): LiveReader {
  return new LiveReader({
    limits,
    counters: source.hns ? new HnsCounters(source, limits) : new KernelCounters(source, limits),
    connections: source.hns ? async () => null : connectionCount,
    npm: new NpmFigures({limits, ...(npmPort !== undefined && {port: npmPort}), ...(npmPod && {pod: npmPod})}),
    sha256: text => createHash('sha256').update(text).digest('hex'),
    ...(compare && {comparisons: new Comparisons(compare, limits)}),
    ...(changes && {changes}),
  })
}
