import {isStrictSubset, parseApiBlock} from './api-blocks.ts'
import {
  labelKeyFault,
  labelValueFault,
  namePrefixFault,
  namespaceNameFault,
  objectNameFault,
  portNameFault,
  portNumberFault,
} from './api-names.ts'
import {type FieldFault, fieldFaults} from './policy-fields.ts'
import {isFields, type Unread} from './unread.ts'

/*
 * What the API server refuses of a NetworkPolicy, and what it warns of. Source: pkg/apis/networking/validation and
 * k8s.io/apimachinery of Kubernetes 1.36; test/cluster/refused-policies.test.ts holds this to a real server.
 */

/** Whether a fault makes an API server of today refuse the policy. Of the others it warns. */
export const isRefused = ({kind}: FieldFault): boolean => kind !== 'unusual'

/** Whether a fault makes API servers of all releases refuse the policy, so that no cluster has it. */
export const isRefusedByAll = ({kind}: FieldFault): boolean => kind !== 'unusual' && kind !== 'strict'

/**
 * Finds why the API server would refuse a policy that kubectl creates, and of what it would warn.
 *
 * @param object as it was parsed, with everything that is in the file
 */
export function policyFaults(object: unknown): FieldFault[] {
  const faults = fieldFaults(object)
  // Values of wrong types cannot be looked at further, and neither does the API server.
  if (!isFields(object) || faults.some(({kind}) => kind === 'type')) return faults
  const found = new Faults(faults)
  found.meta(fieldsOf(object['metadata']))
  found.spec(fieldsOf(object['spec']))
  return found.all
}

const fieldsOf = (value: unknown): Unread => (isFields(value) ? value : {})
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const isGiven = (value: unknown): boolean => value !== null && value !== undefined

const PROTOCOLS: ReadonlySet<unknown> = new Set(['TCP', 'UDP', 'SCTP'])
const TYPES: ReadonlySet<unknown> = new Set(['Ingress', 'Egress'])
const MOST_ANNOTATION_BYTES = 256 * 1024
const byteLength = (text: string): number => new TextEncoder().encode(text).length

class Faults {
  readonly all: FieldFault[]

  constructor(all: FieldFault[]) {
    this.all = all
  }

  private add(field: string, reason: string | undefined, next?: string): void {
    if (reason !== undefined) this.all.push({kind: 'invalid', field, reason, ...(next !== undefined && {next})})
  }

  meta(metadata: Unread): void {
    const {name, generateName, namespace, generation, labels, annotations} = metadata
    if (textOf(generateName) !== '') this.add('metadata.generateName', namePrefixFault(textOf(generateName)))
    if (textOf(name) !== '') this.add('metadata.name', objectNameFault(textOf(name)))
    else if (textOf(generateName) === '') this.add('metadata.name', 'it is missing, and so is generateName')
    if (textOf(namespace) !== '') this.add('metadata.namespace', namespaceNameFault(textOf(namespace)))
    if (typeof generation === 'number' && generation < 0) this.add('metadata.generation', 'it is below 0')
    this.labels('metadata.labels', labels)
    let bytes = 0
    for (const [key, value] of Object.entries(fieldsOf(annotations))) {
      this.add('metadata.annotations', labelKeyFault(key.toLowerCase()))
      bytes += byteLength(key) + byteLength(textOf(value))
    }
    if (bytes > MOST_ANNOTATION_BYTES) this.add('metadata.annotations', 'all together are longer than 256 KiB')
    this.owners(itemsOf(metadata['ownerReferences']))
    for (const each of itemsOf(metadata['finalizers'])) this.add('metadata.finalizers', labelKeyFault(textOf(each)))
  }

  private owners(owners: readonly unknown[]): void {
    for (const owner of owners)
      for (const field of ['apiVersion', 'kind', 'name', 'uid'])
        if (textOf(fieldsOf(owner)[field]) === '') this.add(`metadata.ownerReferences.${field}`, 'it is missing')
    if (owners.filter(owner => fieldsOf(owner)['controller'] === true).length > 1)
      this.add('metadata.ownerReferences', 'more than one has controller: true')
  }

  private labels(field: string, labels: unknown): void {
    for (const [key, value] of Object.entries(fieldsOf(labels))) {
      this.add(field, labelKeyFault(key))
      this.add(field, labelValueFault(textOf(value)))
    }
  }

  spec(spec: Unread): void {
    this.selector('spec.podSelector', spec['podSelector'])
    for (const [direction, side] of [
      ['ingress', 'from'],
      ['egress', 'to'],
    ] as const)
      for (const [index, rule] of itemsOf(spec[direction]).entries()) {
        const at = `spec.${direction}[${index}]`
        for (const [place, port] of itemsOf(fieldsOf(rule)['ports']).entries()) this.port(`${at}.ports[${place}]`, fieldsOf(port))
        for (const [place, peer] of itemsOf(fieldsOf(rule)[side]).entries()) this.peer(`${at}.${side}[${place}]`, fieldsOf(peer))
      }
    const types = itemsOf(spec['policyTypes'])
    if (types.length > 2) this.add('spec.policyTypes', 'it has more than two types')
    else
      for (const [index, type] of types.entries())
        if (!TYPES.has(type ?? ''))
          this.add(
            `spec.policyTypes[${index}]`,
            `"${textOf(type)}" is no type of a policy`,
            'Write Ingress or Egress, with a capital.',
          )
  }

  private port(at: string, {protocol, port, endPort}: Unread): void {
    if (isGiven(protocol) && !PROTOCOLS.has(protocol))
      this.add(`${at}.protocol`, `"${textOf(protocol)}" is no protocol of a policy`, 'Write TCP, UDP or SCTP.')
    if (typeof port === 'number') this.add(`${at}.port`, portNumberFault(port))
    else if (typeof port === 'string') this.add(`${at}.port`, portNameFault(port))
    if (typeof endPort !== 'number') return
    const field = `${at}.endPort`
    if (typeof port === 'string') this.add(field, 'endPort goes with a number as port, not with a name')
    else if (typeof port !== 'number') this.add(field, 'endPort is given without port')
    else {
      if (endPort < port) this.add(field, `endPort ${endPort} is below port ${port}`)
      this.add(field, portNumberFault(endPort))
    }
  }

  private peer(at: string, {podSelector, namespaceSelector, ipBlock}: Unread): void {
    this.selector(`${at}.podSelector`, podSelector)
    this.selector(`${at}.namespaceSelector`, namespaceSelector)
    if (isGiven(ipBlock)) this.block(`${at}.ipBlock`, fieldsOf(ipBlock))
    const isSelector = isGiven(podSelector) || isGiven(namespaceSelector)
    if (!isSelector && !isGiven(ipBlock))
      this.add(
        at,
        'the peer is empty',
        'For every pod of the namespace write podSelector: {}, for every peer leave the list out.',
      )
    if (isSelector && isGiven(ipBlock))
      this.add(at, 'a peer with ipBlock has no selector', 'Make two peers of it; each begins with a dash.')
  }

  private block(at: string, {cidr, except}: Unread): void {
    if (textOf(cidr) === '') return this.add(`${at}.cidr`, 'it is missing')
    const block = this.blockText(`${at}.cidr`, textOf(cidr))
    if (!block) return
    for (const [index, each] of itemsOf(except).entries()) {
      const field = `${at}.except[${index}]`
      const inner = this.blockText(field, textOf(each))
      if (inner && !isStrictSubset(inner, block)) this.add(field, `${textOf(each)} is not inside ${textOf(cidr)} and smaller`)
    }
  }

  private blockText(field: string, text: string): ReturnType<typeof parseApiBlock> {
    const block = parseApiBlock(text)
    if (!block) this.add(field, `"${text}" is no block of addresses`, 'Write it as 10.9.8.0/24.')
    else if (block.strictFault !== undefined)
      this.all.push({
        kind: 'strict',
        field,
        reason: `"${text}" is refused since Kubernetes 1.36, and releases before warn of it: ${block.strictFault}`,
        next: 'Write the first address of the block, or a single address with /32, without leading zeros.',
      })
    else if (block.canonical !== undefined)
      this.all.push({
        kind: 'unusual',
        field,
        reason: `"${text}" is usually written in another way (RFC 5952)`,
        next: `Write ${block.canonical}`,
      })
    return block
  }

  private selector(at: string, selector: unknown): void {
    const {matchLabels, matchExpressions} = fieldsOf(selector)
    this.labels(`${at}.matchLabels`, matchLabels)
    for (const [index, each] of itemsOf(matchExpressions).entries())
      this.expression(`${at}.matchExpressions[${index}]`, fieldsOf(each))
  }

  private expression(at: string, {key, operator, values}: Unread): void {
    const given = itemsOf(values)
    if (operator === 'In' || operator === 'NotIn') {
      if (given.length === 0) this.add(`${at}.values`, `${operator} needs values`)
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (given.length > 0) this.add(`${at}.values`, `${operator} takes no values`)
    } else this.add(`${at}.operator`, `"${textOf(operator)}" is no operator`, 'Write In, NotIn, Exists or DoesNotExist.')
    this.add(`${at}.key`, labelKeyFault(textOf(key)))
    for (const [index, value] of given.entries()) this.add(`${at}.values[${index}]`, labelValueFault(textOf(value)))
  }
}
