import {InputError} from './input-error.ts'

/**
 * Asks the same of each node. One that cannot be answered for does not keep the others from it.
 *
 * @returns the answers, and why there are none of the other nodes
 * @throws InputError when there is no answer for the only node
 */
export function eachNode<Node extends {readonly node: string}, Answer>(
  nodes: readonly Node[],
  answer: (node: Node) => Answer,
): {readonly items: Answer[]; readonly failures: {readonly node: string; readonly message: string; readonly next: string}[]} {
  const items: Answer[] = []
  const failures: {node: string; message: string; next: string}[] = []
  for (const node of nodes)
    try {
      items.push(answer(node))
    } catch (error) {
      if (!(error instanceof InputError) || nodes.length === 1) throw error
      failures.push({node: node.node, message: error.message, next: error.next})
    }
  return {items, failures}
}
