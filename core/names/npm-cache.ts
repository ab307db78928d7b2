import type {ClusterObjects, ContainerPort, Namespace, Pod} from '../kubernetes/objects.ts'
import {setKernelName, setScheme} from '../names/kernel-name.ts'

/** What NPM's debug endpoint (`/npm/v1/debug/manager`) reports. It never contains policies, members or rules. */
export interface NpmCache {
  readonly node?: string
  /** Kernel names with the names that NPM hashed, unverified. NPM v1 leaves lists out. */
  readonly names: readonly {readonly kernelName: string; readonly name: string}[]
  /** Whether the cache is of NPM v1, which names namespaces `ns-NAME`. */
  readonly isV1: boolean
  readonly objects: ClusterObjects
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const labelsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(fieldsOf(value)).filter((each): each is [string, string] => typeof each[1] === 'string'))

/**
 * Reads the debug cache of any release: v2, v1 since v1.4.28 (maps keyed by kernel name) and older v1 (maps keyed by name, without
 * kernel names). Entries of another shape are ignored.
 *
 * Not a schema: the maps have an entry for each pod and set of a cluster. A schema would copy all of them, and would reject everything
 * for one unexpected entry.
 *
 * @param value the parsed JSON
 */
export function readNpmCache(value: unknown): NpmCache {
  const cache = fieldsOf(value)
  const names: {kernelName: string; name: string}[] = []
  for (const map of [fieldsOf(cache['SetMap']), fieldsOf(cache['ListMap'])])
    for (const [key, value] of Object.entries(map)) {
      if (typeof value === 'string' && setScheme(key)) names.push({kernelName: key, name: value})
      // Releases whose maps are keyed by name have only this scheme.
      else if (typeof value === 'object') names.push({kernelName: setKernelName(key, 'fnv32a'), name: key})
    }
  const namespaces = fieldsOf(cache['NsMap'])
  // Only v1 has a separate map for lists.
  const isV1 = 'ListMap' in cache
  const node = textOf(cache['NodeName'])
  return {
    ...(node !== undefined && node !== '' && {node}),
    names,
    isV1,
    objects: {
      namespaces: Object.entries(namespaces).map(([key, each]) => namespaceOf(key, fieldsOf(each), isV1)),
      pods: Object.values(fieldsOf(cache['PodMap'])).flatMap(each => podOf(fieldsOf(each))),
      policies: [],
      nodes: [],
    },
  }
}

function namespaceOf(key: string, fields: Fields, isV1: boolean): Namespace {
  const name = isV1 && key.startsWith('ns-') ? key.slice('ns-'.length) : key
  return {metadata: {name, labels: labelsOf(fields['LabelsMap'])}}
}

function podOf(fields: Fields): Pod[] {
  const name = textOf(fields['Name'])
  const namespace = textOf(fields['Namespace'])
  if (name === undefined || namespace === undefined) return []
  const podIP = textOf(fields['PodIP'])
  const phase = textOf(fields['Phase'])
  const ports = Array.isArray(fields['ContainerPorts']) ? fields['ContainerPorts'].flatMap(each => portOf(fieldsOf(each))) : []
  return [
    {
      metadata: {name, namespace, labels: labelsOf(fields['Labels'])},
      spec: {containers: [{ports}]},
      status: {...(phase !== undefined && {phase}), ...(podIP !== undefined && {podIP})},
    },
  ]
}

function portOf(fields: Fields): ContainerPort[] {
  const {name, containerPort, protocol} = fields
  if (typeof containerPort !== 'number') return []
  return [{containerPort, ...(typeof name === 'string' && {name}), ...(typeof protocol === 'string' && {protocol})}]
}
