import type {Where} from '../../core/contract/common.ts'

/** A rule's place in short: `AZURE-NPM-INGRESS:3`, or the ACL and its endpoint. */
export function whereText(where: Where): string {
  return 'chain' in where
    ? `${where.chain}:${where.position}`
    : `${where.acl} (priority ${where.priority}) of endpoint ${where.endpoint}`
}

/** The line of the save that holds the rule, where there is one. */
export function lineOf(where: Where): number | undefined {
  return 'line' in where ? where.line : undefined
}
