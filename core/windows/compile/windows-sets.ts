import {setKernelName} from '../../names/kernel-name.ts'
import type {CompileOptions, ProgramSet} from '../../policy/program.ts'

const EMPTY_NAME = 'empty-emptyhashset'

/**
 * The sets of a program as Azure NPM has them on Windows. HNS takes a list without members for every address, so each list of
 * namespaces holds the set that never has a member. There are no sets of named ports, and NPM Lite makes none of blocks.
 */
export function windowsSets(sets: ReadonlyMap<string, ProgramSet>, {scheme, isLite}: CompileOptions): Map<string, ProgramSet> {
  const empty = setKernelName(EMPTY_NAME, scheme)
  const own = new Map<string, ProgramSet>()
  for (const [id, set] of sets) {
    if (set.type === 'NamedPorts' || (isLite && set.type === 'CIDRBlocks')) continue
    const isNamespaceList = set.type === 'KeyLabelOfNamespace' || set.type === 'KeyValueLabelOfNamespace'
    own.set(id, isNamespaceList ? withEmpty(set, empty) : set)
  }
  // Azure NPM makes it with the first namespace, whatever else is left out.
  own.set(empty, {name: EMPTY_NAME, kernelName: empty, type: 'EmptySet', ipsetType: 'hash:net', members: []})
  return own
}

/** A list with the empty set, the same object for the same list: snapshots are compared by identity. */
function withEmpty(set: ProgramSet, empty: string): ProgramSet {
  let known = lists.get(set)
  if (!known) {
    known = {...set, members: [...set.members, empty]}
    lists.set(set, known)
  }
  return known
}

const lists = new WeakMap<ProgramSet, ProgramSet>()
