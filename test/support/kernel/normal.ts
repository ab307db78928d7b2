/*
 * Dumps of the same program differ from run to run: in dates, counters, the order of tables and of members and hash seeds;
 * and from kernel to kernel in bucket sizes and revisions. These functions leave that out and keep all else.
 */

/** Rules as `iptables-save` prints them: tables by name, without dates, counters at 0. */
export function normalRules(text: string): string {
  const tables = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) tables.set(line, (lines = []))
    else if (line !== '' && !line.startsWith('#')) lines.push(line.replace(/\[\d+:\d+\]/, '[0:0]'))
  }
  return byName(tables)
    .map(([table, rest]) => [table, ...rest].join('\n'))
    .join('\n')
}

/** Sets as `ipset save` prints them: by name, members sorted, without what hashing needs. */
export function normalSets(text: string): string {
  const sets = new Map<string, string[]>()
  for (const line of text.split('\n').filter(Boolean)) {
    const name = line.split(' ')[1] ?? ''
    sets.set(name, [...(sets.get(name) ?? []), withoutHashing(line)])
  }
  return byName(sets)
    .map(([, [create = '', ...members]]) => [create, ...members.sort()].join('\n'))
    .join('\n')
}

/** Sets as `ipset list` prints them: by name, members sorted, without what hashing needs, memory and revision. */
export function normalList(text: string): string {
  const sets = new Map<string, string[]>()
  for (const block of text.split('\n\n').filter(Boolean)) {
    const lines = block.split('\n').filter(line => line !== '' && !/^(Size in memory|Revision):/.test(line))
    const head = lines.indexOf('Members:') + 1
    sets.set(lines[0] ?? '', [...lines.slice(0, head).map(withoutHashing), ...lines.slice(head).sort()])
  }
  return byName(sets)
    .map(([, lines]) => lines.join('\n'))
    .join('\n\n')
}

const withoutHashing = (line: string): string => line.replace(/ (hashsize|bucketsize|initval) \S+/g, '')

const byName = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1))
