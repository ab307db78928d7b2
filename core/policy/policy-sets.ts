import type {BuiltSet} from './built-set.ts'
import type {NamedSet} from './named-set.ts'
import type {SetTable} from './set-table.ts'

/** The sets of one policy in the table of all: brought into being with it, filled as far as it fills them, let go with it. */
export class PolicySets {
  private readonly table: SetTable
  private readonly sets = new Map<NamedSet, BuiltSet>()

  constructor(table: SetTable, named: readonly NamedSet[]) {
    this.table = table
    for (const each of named) {
      const set = table.set(each)
      this.sets.set(each, set)
      table.refer(set)
      for (const block of each.blocks ?? []) table.addEntry(set, block)
      for (const part of each.nested ?? []) table.addPart(set, table.set(part))
    }
  }

  release(): void {
    const {table} = this
    for (const [named, set] of this.sets) {
      for (const block of named.blocks ?? []) table.removeEntry(set, block)
      for (const part of named.nested ?? []) table.removePart(set, table.set(part))
      table.unrefer(set)
    }
  }

  /** @param named one of those that were given */
  of(named: NamedSet): BuiltSet {
    return this.sets.get(named) as BuiltSet
  }
}
