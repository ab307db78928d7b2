import {isSetName} from '../../names/kernel-name.ts'
import {keyOf, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'

/**
 * A text that is equal for equal parts: sets with their members, endpoints with their ACLs, and the policies of others on endpoints, for
 * those are told again with each list of ACLs. The order of all is not in it.
 */
export function canonicalPart({network, sets, endpoints}: WindowsPart): string {
  const lines = [`network ${network.id.toLowerCase()}`]
  for (const id of [...sets.keys()].toSorted()) lines.push(setText(sets.get(id) as PartSet))
  for (const id of [...endpoints.keys()].toSorted()) lines.push(endpointText(id, endpoints.get(id) as PartEndpoint))
  return `${lines.join('\n')}\n`
}

const setText = ({id, name, policyType, values}: PartSet): string =>
  // What a set that Azure NPM has named is called follows from its id. Of others it is told.
  [`set ${id} ${policyType}${isSetName(id) ? '' : ` ${name ?? ''}`}`, ...values.toSorted()].join('\n')

const texts = new WeakMap<PartEndpoint, string>()

function endpointText(id: string, endpoint: PartEndpoint): string {
  let text = texts.get(endpoint)
  if (text === undefined) {
    const {foreign, own} = endpoint
    const others = foreign.map(each => `other ${JSON.stringify(each)}`).toSorted()
    text = [`endpoint ${id}`, ...others, ...own.map(acl => `acl ${keyOf(acl)}`).toSorted()].join('\n')
    texts.set(endpoint, text)
  }
  return text
}
