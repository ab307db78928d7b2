import {dataPlaneOfJson} from '../dataplanes.ts'
import type {Text} from '../text/lines.ts'
import {isBlank} from './blank.ts'
import {type DocumentKind, documentKinds, kindRow} from './document-kind.ts'
import {isManifest} from './manifest.ts'

/** Characters. Within them each kind has a line that no other kind has, whatever comes before it. */
const LOOKED_AT = 64 * 1024

/** Finds the kind of a text by its first lines. */
export function detectKind(text: Text): DocumentKind {
  if (isBlank(text)) return 'empty'
  const head = (text.find(piece => /\S/.test(piece)) ?? '').slice(0, LOOKED_AT)
  return documentKinds.find(kind => kindRow(kind).isHead?.(head)) ?? 'other'
}

/** The contents that a JSON document may have; `dump` is a dump's table of contents. */
export type JsonKind = 'dump' | 'npm-cache' | 'kubernetes' | 'node' | 'other'

const NPM_CACHE_KEYS = ['SetMap', 'ListMap', 'NsMap', 'PodMap', 'RawNpMap', 'ProcessedNpMap']
/** Finds what a parsed JSON document holds, by the keys of its first object that shows it. */
export function detectJsonKind(value: unknown): JsonKind {
  if (!Array.isArray(value)) return kindOfObject(value)
  for (const each of value) {
    const kind = kindOfObject(Array.isArray(each) ? each[0] : each)
    if (kind !== 'other') return kind
  }
  return 'other'
}

function kindOfObject(value: unknown): JsonKind {
  if (typeof value !== 'object' || value === null) return 'other'
  if (isManifest(value)) return 'dump'
  const keys = new Set(Object.keys(value))
  if (!keys.has('kind') && NPM_CACHE_KEYS.some(key => keys.has(key))) return 'npm-cache'
  // What an agent takes of HNS says its kind, too.
  if (!keys.has('apiVersion') && dataPlaneOfJson(value)) return 'node'
  if (keys.has('kind') || keys.has('items')) return 'kubernetes'
  if (isNamed(value) || ('object' in value && kindOfObject(value.object) === 'kubernetes')) return 'kubernetes'
  return Object.values(value).some(isListOfObjects) ? 'kubernetes' : 'other'
}

/** Whether it is an object of an API that does not say its kind. */
const isNamed = (value: object): boolean =>
  'metadata' in value && typeof value.metadata === 'object' && value.metadata !== null && 'name' in value.metadata

const isListOfObjects = (value: unknown): boolean =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items))
