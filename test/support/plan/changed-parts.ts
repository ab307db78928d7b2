import type {NodeState} from '../../../core/dataplane/dataplane.ts'

/** The sets and chains that are not the same on two nodes; FORWARD stands for the jumps in it. */
export async function changedParts(before: NodeState, after: NodeState): Promise<Set<string>> {
  const [one, other] = [await partsOf(before), await partsOf(after)]
  return new Set([...one.keys(), ...other.keys()].filter(name => one.get(name) !== other.get(name)))
}

/** What each set and chain holds, as the text from which digests are made. */
export async function partsOf(node: NodeState): Promise<Map<string, string>> {
  const writing = await node.dataPlane.writing()
  const part = writing.partOf(node)
  if ('incomplete' in part) throw new Error('the node is not whole')
  const found = new Map<string, string>()
  let name = ''
  for (const line of writing.canonical(part).trimEnd().split('\n')) {
    const [, set, chain] = /^(?:set (\S+)|chain nft (\S+))/.exec(line) ?? []
    if (line.startsWith('forward ')) name = 'FORWARD'
    else if (set !== undefined || chain !== undefined) name = set ?? chain ?? ''
    found.set(name, `${found.get(name) ?? ''}${line}\n`)
  }
  return found
}
