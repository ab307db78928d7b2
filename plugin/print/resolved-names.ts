import type {ResolvedName} from '../../core/contract/resolution.ts'
import type {Column} from './columns.ts'

const GENERATIONS = {v1: 'NPM v1', v2: 'NPM v2', any: 'NPM v1, v2', unknown: 'unknown'} as const

/** On Windows all rules of a policy have one id, and no chain. */
const isAclId = (name: string): boolean => name.startsWith('azure-acl-')

/** Columns of resolved names; whether a name is on a node is known with a dump only. */
export function resolvedColumns(hasNode: boolean): Column<ResolvedName>[] {
  const shown: Column<ResolvedName>[] = [
    {
      header: 'NAME',
      value: ({asked, name}) => (name === 'unknown' ? `unknown (${asked})` : name),
      style: ({name}) => (name === 'unknown' ? 'yellow' : undefined),
    },
    {
      header: 'TYPE',
      value: ({kind, type, sha256}) => (kind !== 'policy' ? type : sha256.some(isAclId) ? 'ACLs of a policy' : 'policy chain'),
    },
    {header: 'USED BY', value: ({generation}) => GENERATIONS[generation]},
    {header: 'FNV-1A', value: ({fnv32a}) => fnv32a.join(' ') || '-'},
    {header: 'SHA-256', value: ({sha256}) => sha256.join(' ') || '-'},
  ]
  const onNode: Column<ResolvedName> = {
    header: 'ON NODE',
    value: ({onNode}) => (onNode === null ? 'unknown' : onNode ? 'yes' : 'no'),
  }
  return [...shown, ...(hasNode ? [onNode] : []), {header: 'MEANING', value: ({meaning}) => meaning}]
}
