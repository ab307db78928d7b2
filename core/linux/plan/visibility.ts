import {NPM_CHAIN} from '../npm/chain-names.ts'
import {type Backend, backends, chainKey, isListType, type LinuxPart} from './part.ts'
import {isJump, leadsTo, type PartRule, setsOf} from './part-rule.ts'

/** What rules see of a part: what a change of theirs may do to a packet. */
export interface Visible {
  /** Chains that packets may come to, as `nft AZURE-NPM`. */
  readonly chains: ReadonlySet<string>
  /** Sets that rules there, or rules and lists of others, look at. Sets in lists that they look at are among them. */
  readonly sets: ReadonlySet<string>
}

export function visibleOf(part: LinuxPart): Visible {
  const chains = new Set<string>()
  const sets = new Set<string>()
  const see = (name: string): void => {
    if (sets.has(name)) return
    sets.add(name)
    const set = part.sets.get(name)
    if (set && isListType(set.type)) for (const member of set.members) see(member)
  }
  for (const name of part.foreign.sets.keys()) see(name)
  const reach = (backend: Backend, name: string): void => {
    const key = chainKey(backend, name)
    if (chains.has(key)) return
    chains.add(key)
    for (const rule of part.tables[backend].chains.get(name) ?? []) {
      for (const set of setsOf(rule)) see(set)
      const chain = leadsTo(rule)
      if (chain !== undefined) reach(backend, chain)
    }
  }
  for (const backend of backends) {
    const {forward} = part.tables[backend]
    if (forward.some(isJump)) reach(backend, NPM_CHAIN)
    for (const rule of forward) if (isJump(rule)) for (const set of setsOf(rule)) see(set)
    for (const key of part.foreign.chains.keys()) if (key.startsWith(`${backend} `)) reach(backend, key.slice(backend.length + 1))
  }
  return {chains, sets}
}

const named = new WeakMap<LinuxPart['tables'], ReadonlySet<string>>()

/** The sets that rules of Azure NPM's chains name, whether packets come there or not. */
export function rulesNamingSets({tables}: LinuxPart): ReadonlySet<string> {
  let names = named.get(tables)
  if (!names) {
    names = new Set(
      backends.flatMap(backend => [
        ...namedIn(tables[backend].chains.values()),
        ...namedIn([tables[backend].forward.filter(isJump)]),
      ]),
    )
    named.set(tables, names)
  }
  return names
}

function* namedIn(chains: Iterable<readonly PartRule[]>): Generator<string> {
  for (const rules of chains) for (const rule of rules) yield* setsOf(rule)
}
