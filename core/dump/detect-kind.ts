import type {Text} from '../text/lines.ts'
import {isBlank} from './blank.ts'
import {type DocumentKind, documentKinds, kindRow} from './document-kind.ts'
import {isManifest} from './manifest.ts'

/** Characters. Within them each kind has a line that no other kind has, whatever comes before it. */
const LOOKED_AT = 64 * 1024

/** Finds the kind of a text by its first lines. */
export function detectKind(text: Text): DocumentKind {
  if (isBlank(text)) return 'empty'
  const head = (text.find(piece => piece !== '') ?? '').slice(0, LOOKED_AT)
  return documentKinds.find(kind => kindRow(kind).isHead?.(head)) ?? 'other'
}

/** The contents that a JSON document may have; `dump` is a dump's table of contents. */
export type JsonKind = 'dump' | 'npm-cache' | 'kubernetes' | 'hns' | 'other'

const NPM_CACHE_KEYS = ['SetMap', 'ListMap', 'NsMap', 'PodMap', 'RawNpMap', 'ProcessedNpMap']
/** HNS documents of `Get-HnsNetwork` and `Get-HnsEndpoint`, single or as an array. */
const HNS_KEYS = ['SharedContainers', 'VirtualNetwork', 'SchemaVersion', 'HostComputeNetwork', 'ManagementIP']

/** Finds what a parsed JSON document holds, by the keys of its first object. */
export function detectJsonKind(value: unknown): JsonKind {
  const first = Array.isArray(value) ? value[0] : value
  if (typeof first !== 'object' || first === null) return 'other'
  if (isManifest(first)) return 'dump'
  const keys = new Set(Object.keys(first))
  if (!keys.has('kind') && NPM_CACHE_KEYS.some(key => keys.has(key))) return 'npm-cache'
  if (keys.has('kind') || keys.has('items')) return 'kubernetes'
  if (HNS_KEYS.some(key => keys.has(key))) return 'hns'
  return Object.values(first).some(isListOfObjects) ? 'kubernetes' : 'other'
}

const isListOfObjects = (value: unknown): boolean =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items))
