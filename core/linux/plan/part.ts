import type {NpmPart} from '../../dataplane/plan.ts'
import type {SetSubject} from '../../sets/set-difference.ts'
import {OWN_SET_NAME} from './own-names.ts'
import type {PartRule} from './part-rule.ts'

/** The iptables back end that a table is of. */
export type Backend = 'nft' | 'legacy'
export const backends: readonly Backend[] = ['nft', 'legacy']
export const otherThan = (backend: Backend): Backend => (backend === 'nft' ? 'legacy' : 'nft')

/** A set of Azure NPM, or of ours. */
export interface PartSet {
  readonly name: string
  readonly type: string
  /** The words of `create` behind the type, as key and value. What the kernel chooses by itself is not among them. */
  readonly options: ReadonlyMap<string, string>
  /** As ipset prints them, exceptions with ` nomatch`; for lists names of sets. What changes by itself, such as counters, is left out. */
  readonly members: readonly string[]
}

/** What one back end's table filter has of Azure NPM. */
export interface PartTable {
  /** Azure NPM's chains with their rules. Equal chains of two parts are often the same array. */
  readonly chains: ReadonlyMap<string, readonly PartRule[]>
  /** All rules of FORWARD, in order: those that lead to Azure NPM, and those of others, which are never changed. */
  readonly forward: readonly PartRule[]
}

/** A table for each back end. */
export const tablesOfBackends = (tableOf: (backend: Backend) => PartTable): LinuxPart['tables'] => ({
  nft: tableOf('nft'),
  legacy: tableOf('legacy'),
})

/** Who else uses sets and chains of Azure NPM. */
export interface ForeignUses {
  /** By set, who uses it: `rule of chain OTHER in table filter`. */
  readonly sets: ReadonlyMap<string, string>
  /** By back end and chain, as `nft AZURE-NPM`. */
  readonly chains: ReadonlyMap<string, string>
}

/** All that a Linux node has of Azure NPM. */
export interface LinuxPart extends NpmPart {
  /** The back end that Azure NPM and kube-proxy use. */
  readonly backend: Backend
  readonly sets: ReadonlyMap<string, PartSet>
  readonly tables: Readonly<Record<Backend, PartTable>>
  readonly foreign: ForeignUses
  /** Names of sets that the node may not tell, by kernel name. */
  readonly names?: ReadonlyMap<string, Pick<SetSubject, 'name'>>
}

/** The start of names of sets that plans make for themselves. */
export const TWIN_PREFIX = 'npm-new-'

const OWN_SET = new RegExp(`^${OWN_SET_NAME}$`)

/** Whether a set is Azure NPM's or one that a plan made. Names of another shape are of others, whatever they start with. */
export const isOwnSet = (name: string): boolean => OWN_SET.test(name)

export const isTwin = (name: string): boolean => name.startsWith(TWIN_PREFIX)

export const isListType = (type: string): boolean => type.startsWith('list:')

/** A chain of both back ends as one word. */
export const chainKey = (backend: Backend, chain: string): string => `${backend} ${chain}`
