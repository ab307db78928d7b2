/** At most `most` items, evenly spread over the array. */
export function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items
  return Array.from({length: most}, (_, index) => items[Math.floor((index * items.length) / most)] as Item)
}
