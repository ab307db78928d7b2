import {entryOf} from '../../sets/member.ts'
import type {SetLine} from './line.ts'
import {isListType, isOwnSet, type LinuxPart, type PartSet} from './part.ts'
import {rulesNamingSets} from './visibility.ts'

interface OpenSet {
  readonly type: string
  readonly options: ReadonlyMap<string, string>
  /** By entry. */
  readonly members: Map<string, string>
  readonly isList: boolean
  /** How many members it may have. */
  readonly most: number
}

const LONGEST_NAME = 31

/**
 * What `ipset restore` does with lines that none of which has `--exist`: each by itself, up to the first one that fails. Source:
 * ipset(8), measured on a real kernel.
 */
export class SetTool {
  private readonly part: LinuxPart
  private readonly sets: Map<string, PartSet | OpenSet>
  /** How many lists hold a set. */
  private inLists: Map<string, number> | undefined
  /** The set that the last line was about: the next one mostly is about it, too. */
  private last: {readonly name: string; readonly set: OpenSet} | undefined

  constructor(part: LinuxPart) {
    this.part = part
    this.sets = new Map(part.sets)
  }

  /** @throws RangeError where ipset would fail */
  tell(line: SetLine): void {
    const {sets} = this
    const {set: name} = line
    if (line.does === 'create') {
      if (sets.has(name)) throw new RangeError(`set ${name} exists`)
      if (name.length > LONGEST_NAME) throw new RangeError(`the name ${name} is too long`)
      sets.set(name, open(line, []))
      return
    }
    const set = this.opened(name)
    switch (line.does) {
      case 'add': {
        const entry = entryOf(line.member)
        if (set.members.has(entry)) throw new RangeError(`${entry} is in set ${name} already`)
        if (set.isList && isOwnSet(entry) && !sets.has(entry)) throw new RangeError(`there is no set ${entry}`)
        if (set.members.size >= set.most) throw new RangeError(`set ${name} is full`)
        set.members.set(entry, line.member)
        this.count(set, entry, 1)
        return
      }
      case 'del':
        if (!set.members.delete(line.entry)) throw new RangeError(`${line.entry} is not in set ${name}`)
        this.count(set, line.entry, -1)
        return
      case 'flush':
        for (const entry of set.members.keys()) this.count(set, entry, -1)
        set.members.clear()
        return
      case 'destroy': {
        const user = this.userOf(name)
        if (user !== undefined) throw new RangeError(`set ${name} is in use by ${user}`)
        for (const entry of set.members.keys()) this.count(set, entry, -1)
        sets.delete(name)
        this.last = undefined
        return
      }
      case 'swap': {
        const other = this.opened(line.other)
        if (other.type !== set.type) throw new RangeError(`sets ${name} and ${line.other} are of different types`)
        sets.set(name, other)
        sets.set(line.other, set)
        this.last = undefined
        return
      }
    }
  }

  result(): LinuxPart {
    const sets = new Map<string, PartSet>()
    for (const [name, set] of this.sets) sets.set(name, closed(name, set))
    return {...this.part, sets}
  }

  private opened(name: string): OpenSet {
    if (this.last?.name === name) return this.last.set
    const found = this.sets.get(name)
    if (!found) throw new RangeError(`there is no set ${name}`)
    const set = 'name' in found ? open(found, found.members) : found
    if (set !== found) this.sets.set(name, set)
    this.last = {name, set}
    return set
  }

  private userOf(name: string): string | undefined {
    const {foreign} = this.part
    if (rulesNamingSets(this.part).has(name)) return 'a rule of Azure NPM'
    if (foreign.sets.has(name)) return foreign.sets.get(name)
    return (this.counts.get(name) ?? 0) > 0 ? 'a list' : undefined
  }

  private get counts(): Map<string, number> {
    if (this.inLists) return this.inLists
    this.inLists = new Map()
    for (const set of this.sets.values())
      if (isListType(set.type))
        for (const member of set.members.values()) {
          const entry = entryOf(member)
          this.inLists.set(entry, (this.inLists.get(entry) ?? 0) + 1)
        }
    return this.inLists
  }

  private count({isList}: OpenSet, entry: string, by: number): void {
    if (this.inLists && isList) this.inLists.set(entry, (this.inLists.get(entry) ?? 0) + by)
  }
}

const open = ({type, options}: Pick<PartSet, 'type' | 'options'>, members: readonly string[]): OpenSet => ({
  type,
  options,
  members: new Map(members.map(member => [entryOf(member), member])),
  isList: isListType(type),
  most: Number(options.get('maxelem') ?? Number.POSITIVE_INFINITY),
})

function closed(name: string, set: PartSet | OpenSet): PartSet {
  if ('name' in set) return set.name === name ? set : {...set, name}
  return {name, type: set.type, options: set.options, members: [...set.members.values()]}
}
