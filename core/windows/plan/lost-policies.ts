import {isObject, listOf} from '../hns/documents.ts'
import {isOwnPolicy} from './part.ts'
import {parseRequest, policiesOf} from './request.ts'

/**
 * The policy of another program that a line would take away: one that has come since the plan was made. HNS has no request that looks and
 * writes at once.
 *
 * @param now the endpoint's document, as it is read just before
 */
export function lostBy(line: string, now: string): string | undefined {
  const request = parseRequest(line)
  if (request?.object !== 'endpoint' || request.request.RequestType !== 'Update') return undefined
  const told = policiesOf(request).map(each => JSON.stringify(each))
  const document: unknown = JSON.parse(now)
  for (const policy of listOf(isObject(document) ? document['Policies'] : [])) {
    if (!isObject(policy) || isOwnPolicy(policy)) continue
    const at = told.indexOf(JSON.stringify(policy))
    if (at < 0) return `a policy of type ${String(policy['Type'])}`
    told.splice(at, 1)
  }
  return undefined
}
