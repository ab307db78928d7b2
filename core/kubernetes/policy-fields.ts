import {isFields} from './unread.ts'

/** What is wrong with a field of an object, as the API server finds it. */
export interface FieldFault {
  /**
   * There is no such field; it holds another type; its value is refused; its value is refused since Kubernetes 1.36, and before
   * that there was a warning; there is a warning.
   */
  readonly kind: 'unknown' | 'type' | 'invalid' | 'strict' | 'unusual'
  /** `spec.ingress[0].from[1].ipBlock.cidr`, as the API server spells it. */
  readonly field: string
  /** What is wrong, in words. */
  readonly reason: string
  /** What to write in its place, where that can be told. */
  readonly next?: string
}

/** What a field holds. */
type Shape =
  | 'text'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'time'
  | 'port'
  | 'any'
  | {readonly map: 'text'}
  | {readonly list: Shape}
  | {readonly fields: Readonly<Record<string, Shape>>}

const fields = (given: Readonly<Record<string, Shape>>): Shape => ({fields: given})
const list = (item: Shape): Shape => ({list: item})
const TEXTS: Shape = {map: 'text'}

const selector = fields({
  matchLabels: TEXTS,
  matchExpressions: list(fields({key: 'text', operator: 'text', values: list('text')})),
})
const peers = list(
  fields({
    podSelector: selector,
    namespaceSelector: selector,
    ipBlock: fields({cidr: 'text', except: list('text')}),
  }),
)
const ports = list(fields({protocol: 'text', port: 'port', endPort: 'int32'}))

const metadata = fields({
  name: 'text',
  generateName: 'text',
  namespace: 'text',
  selfLink: 'text',
  uid: 'text',
  resourceVersion: 'text',
  generation: 'int64',
  creationTimestamp: 'time',
  deletionTimestamp: 'time',
  deletionGracePeriodSeconds: 'int64',
  labels: TEXTS,
  annotations: TEXTS,
  ownerReferences: list(
    fields({apiVersion: 'text', kind: 'text', name: 'text', uid: 'text', controller: 'bool', blockOwnerDeletion: 'bool'}),
  ),
  finalizers: list('text'),
  managedFields: list(
    fields({
      manager: 'text',
      operation: 'text',
      apiVersion: 'text',
      time: 'time',
      fieldsType: 'text',
      fieldsV1: 'any',
      subresource: 'text',
    }),
  ),
})

/** All fields of a NetworkPolicy. Source: networking.k8s.io/v1 of Kubernetes 1.36. */
const policy = fields({
  apiVersion: 'text',
  kind: 'text',
  metadata,
  spec: fields({
    podSelector: selector,
    policyTypes: list('text'),
    ingress: list(fields({from: peers, ports})),
    egress: list(fields({to: peers, ports})),
  }),
})

/**
 * Finds fields of a policy that do not exist, or hold another type than the API has there. kubectl asks for this by default
 * (`--validate=strict`). Null is an absent field.
 *
 * @param object as it was parsed
 */
export function fieldFaults(object: unknown): FieldFault[] {
  const faults: FieldFault[] = []
  check(object, policy, '', faults)
  return faults
}

function check(value: unknown, shape: Shape, path: string, faults: FieldFault[]): void {
  if (value === null || value === undefined || shape === 'any') return
  if (typeof shape === 'string') {
    const wanted = scalarFault(value, shape)
    if (wanted !== undefined) faults.push({kind: 'type', field: path, reason: `is ${typeName(value)}, and must be ${wanted}`})
  } else if ('list' in shape) {
    if (!Array.isArray(value))
      faults.push({
        kind: 'type',
        field: path,
        reason: `is ${typeName(value)}, and must be a list`,
        next: 'Begin its lines with a dash.',
      })
    else for (const [index, item] of value.entries()) check(item, shape.list, `${path}[${index}]`, faults)
  } else if (!isFields(value)) faults.push({kind: 'type', field: path, reason: `is ${typeName(value)}, and must be a map`})
  else if ('map' in shape) {
    for (const [key, item] of Object.entries(value))
      if (item !== null && typeof item !== 'string')
        faults.push({
          kind: 'type',
          field: path,
          reason: `the value of ${key} is ${typeName(item)}, and must be text`,
          ...(typeof item !== 'object' && {next: `Put it into quotes: ${key}: "${JSON.stringify(item)}"`}),
        })
  } else
    for (const [key, item] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`
      const known = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined
      if (known) check(item, known, at, faults)
      else faults.push(unknownField(key, at, value, shape.fields))
    }
}

function unknownField(
  key: string,
  field: string,
  beside: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Shape>>,
): FieldFault {
  const common = {kind: 'unknown', field, reason: 'there is no such field'} as const
  // Too little indentation: the parent stands there without a value, beside what belongs into it.
  const parent = Object.keys(known).find(name => beside[name] === null && holds(known[name], key))
  if (parent !== undefined) return {...common, next: `It belongs into ${parent}: indent it further, below ${parent}.`}
  const meant = nearest(key, Object.keys(known))
  if (meant !== undefined) return {...common, next: `Perhaps ${meant} is meant.`}
  const inside = Object.keys(known).find(name => holds(known[name], key))
  if (inside !== undefined) return {...common, next: `It belongs into ${inside}.`}
  return {...common, next: `Fields here are ${Object.keys(known).join(', ')}.`}
}

function holds(shape: Shape | undefined, key: string): boolean {
  if (typeof shape !== 'object') return false
  if ('list' in shape) return holds(shape.list, key)
  return 'fields' in shape && Object.hasOwn(shape.fields, key)
}

/** The name that differs by case, or by two letters at most. */
function nearest(key: string, names: readonly string[]): string | undefined {
  const away = (name: string) => (name.toLowerCase() === key.toLowerCase() ? 0 : distance(name, key))
  const best = names.toSorted((a, b) => away(a) - away(b))[0]
  return best !== undefined && away(best) <= 2 && away(best) < best.length - 1 ? best : undefined
}

/** How many letters must be put in, taken out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({length: b.length + 1}, (_, index) => index)
  for (let at = 1; at <= a.length; at++) {
    const next = [at]
    for (let to = 1; to <= b.length; to++) {
      const replaced = (row[to - 1] as number) + (a[at - 1] === b[to - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[to] as number) + 1, (next[to - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

const isInteger = (value: unknown, bits: 32 | 53): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1)

/** RFC 3339, as the API server takes times. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d([.,]\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** What the API has in place of a value; undefined when that is it. */
function scalarFault(value: unknown, shape: Exclude<Shape, object | 'any'>): string | undefined {
  switch (shape) {
    case 'text':
      return typeof value === 'string' ? undefined : 'text; put it into quotes'
    case 'int32':
      return isInteger(value, 32) ? undefined : 'a number of 32 bits'
    case 'int64':
      return isInteger(value, 53) ? undefined : 'a number'
    case 'port':
      return typeof value === 'string' || isInteger(value, 32) ? undefined : 'a number or a name'
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'time':
      return value instanceof Date || (typeof value === 'string' && TIME.test(value)) ? undefined : 'a time'
  }
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isFields(value)) return 'a map'
  return typeof value === 'string' ? 'text' : `${typeof value === 'boolean' ? 'the truth value' : 'the number'} ${String(value)}`
}
