import type {ResolvedName} from '../../core/contract/resolution.ts'
import type {Column} from './columns.ts'

const GENERATIONS = {v1: 'NPM v1', v2: 'NPM v2', any: 'NPM v1, v2', unknown: 'unknown'} as const

/** On Windows all rules of a policy have one id, and no chain. */
const isAclId = (name: string): boolean => name.startsWith('azure-acl-')

/**
 * Columns of resolved names; which nodes have a name is known with a dump only.
 *
 * @param nodeCount how many nodes were asked
 */
export function resolvedColumns(nodeCount: number): Column<ResolvedName>[] {
  const shown: Column<ResolvedName>[] = [
    {
      header: 'NAME',
      value: ({asked, name}) => (name === 'unknown' ? `unknown (${asked})` : name),
      style: ({name}) => (name === 'unknown' ? 'yellow' : undefined),
    },
    {
      header: 'TYPE',
      value: ({kind, type, sha256}) => {
        if (kind === 'policy') return sha256.some(isAclId) ? 'ACLs of a policy' : 'policy chain'
        return kind === 'chain' ? 'base chain' : kind === 'address' ? 'address' : type
      },
    },
    {header: 'USED BY', value: ({generation, kind}) => (kind === 'address' ? '-' : GENERATIONS[generation])},
    {header: 'FNV-1A', value: ({fnv32a}) => fnv32a.join(' ') || '-'},
    {header: 'SHA-256', value: ({sha256}) => sha256.join(' ') || '-'},
  ]
  const onNode: Column<ResolvedName> = {
    header: nodeCount > 1 ? 'ON NODES' : 'ON NODE',
    value: ({onNode, nodes}) => {
      if (onNode === null) return 'unknown'
      if (!nodes) return onNode ? 'yes' : 'no'
      return nodes.length === nodeCount ? 'all' : nodes.length === 0 ? 'none' : nodes.join(', ')
    },
  }
  return [...shown, ...(nodeCount > 0 ? [onNode] : []), {header: 'MEANING', value: ({meaning}) => meaning}]
}
