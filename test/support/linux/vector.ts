import {readdirSync, readFileSync} from 'node:fs'
import type {NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import type {UnsupportedCode} from '../../../core/policy/program.ts'

/** One policy with what Azure NPM makes of it. Refused ones have no sets and rules. */
export interface Vector {
  readonly file: string
  readonly title: string
  readonly policy: NetworkPolicy
  readonly isLite?: boolean
  /** The spec as the API server gives it out, where it differs. */
  readonly served?: NetworkPolicy['spec']
  readonly refusal?: UnsupportedCode
  readonly sets?: readonly {name: string; type: string; ipsetType: string; kernelName: string; members?: string[]}[]
  /** As iptables-save prints them. */
  readonly rules?: readonly string[]
  /** The file by which Azure NPM adds the policy. */
  readonly written?: readonly string[]
  /** Under decimal names. */
  readonly fnv32a?: {readonly sets: Record<string, string>; readonly rules: readonly string[]}
}

const folder = new URL('../../fixtures/vectors/', import.meta.url)

/** A file of test/fixtures/vectors. */
export const readVector = <Shape>(path: string): Shape => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as Shape

export const vectors: readonly Vector[] = readdirSync(new URL('policies/', folder))
  .toSorted()
  .map(file => ({...readVector<Vector>(`policies/${file}`), file}))
