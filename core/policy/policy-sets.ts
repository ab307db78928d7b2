import type {BuiltSet} from './built-set.ts'
import type {NamedSet} from './named-set.ts'
import type {SetTable} from './set-table.ts'

/** The sets of one policy in the table of all sets. Created with the policy, and released with it. */
export class PolicySets {
  private readonly table: SetTable
  private readonly named: readonly NamedSet[]
  /** In the order of `named`. */
  private readonly sets: readonly BuiltSet[]
  /** Built on first use, because callers that need no rules never use it. */
  private byName: ReadonlyMap<NamedSet, BuiltSet> | undefined

  constructor(table: SetTable, named: readonly NamedSet[]) {
    this.table = table
    this.named = named
    this.sets = named.map(each => {
      const set = table.set(each)
      table.refer(set)
      for (const block of each.blocks ?? []) table.addEntry(set, block)
      for (const part of each.nested ?? []) table.addPart(set, table.set(part))
      return set
    })
  }

  release(): void {
    const {table} = this
    this.named.forEach((named, at) => {
      const set = this.sets[at] as BuiltSet
      for (const block of named.blocks ?? []) table.removeEntry(set, block)
      for (const part of named.nested ?? []) table.removePart(set, table.set(part))
      table.unrefer(set)
    })
  }

  /** @param named one of the sets given to the constructor */
  of(named: NamedSet): BuiltSet {
    this.byName ??= new Map(this.named.map((each, at) => [each, this.sets[at] as BuiltSet]))
    return this.byName.get(named) as BuiltSet
  }
}
