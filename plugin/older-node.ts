/*
 * What Node 20 lacks of the language's library, for verbs that read dumps: people unpack a dump on whatever they have. Imported first by
 * the programs; a newer Node has it all, and nothing is replaced there.
 */

// Source: ECMA-262, 24.1.2.1 Map.groupBy.
if (!('groupBy' in Map)) Object.assign(Map, {groupBy})

function groupBy<Key, Item>(items: Iterable<Item>, keyOf: (item: Item, index: number) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  let index = 0
  for (const item of items) {
    const key = keyOf(item, index++)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
