import {isDeepStrictEqual} from 'node:util'
import type {InternedStrings} from '../../core/kubernetes/intern-strings.ts'
import {objectKey} from '../../core/kubernetes/objects.ts'
import {type ApiServer, ApiServerError} from '../kubernetes/api-server.ts'
import {backOffMs, type Clock, pause} from './clock.ts'
import type {Kinds, WatchedKind} from './kinds.ts'

/** All objects of a kind at one version. */
export interface Listed<Kind extends keyof Kinds> {
  readonly objects: Map<string, Kinds[Kind]>
  readonly version: string
}

export interface ListOptions<Kind extends keyof Kinds> {
  readonly api: ApiServer
  readonly kind: WatchedKind<Kind>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly shared: InternedStrings
  /** Objects of an earlier list. Equal ones are reused, which saves memory and later comparisons. */
  readonly before: ReadonlyMap<string, Kinds[Kind]>
}

const TRIES_FOR_A_PAGE = 3

/**
 * Lists all objects of a kind, page by page. A page that is too large is asked for again with half the size; a passing failure is
 * tried again.
 *
 * @throws ApiServerError; with status 410 when the server no longer has the version of the first page
 */
export async function listAll<Kind extends keyof Kinds>(options: ListOptions<Kind>): Promise<Listed<Kind>> {
  const {kind, shared, before} = options
  const objects = new Map<string, Kinds[Kind]>()
  let {pageSize} = kind
  let version: string | undefined
  let next = ''
  do {
    const page = await onePage(options, pageSize, next)
    if (page === 'too-large') {
      pageSize = Math.max(1, pageSize >> 1)
      continue
    }
    for (const item of page.items) {
      const kept = kind.strip(item, shared)
      if (!kept) continue
      const key = objectKey(kept)
      const known = before.get(key)
      objects.set(key, known && isDeepStrictEqual(known, kept) ? known : kept)
    }
    version ??= page.version
    next = page.next
  } while (next !== '' || version === undefined)
  return {objects, version}
}

interface Page {
  readonly items: readonly unknown[]
  readonly version: string
  /** The continue token of the next page; empty for the last one. */
  readonly next: string
}

async function onePage<Kind extends keyof Kinds>(
  options: ListOptions<Kind>,
  pageSize: number,
  next: string,
): Promise<Page | 'too-large'> {
  const {api, kind, clock, signal} = options
  const parameters = new URLSearchParams({limit: String(pageSize)})
  if (kind.fieldSelector !== undefined) parameters.set('fieldSelector', kind.fieldSelector)
  if (next !== '') parameters.set('continue', next)
  for (let tries = 1; ; tries++) {
    try {
      return pageOf(await api.get(`${kind.path}?${parameters.toString()}`, signal))
    } catch (error) {
      if (!(error instanceof ApiServerError)) throw error
      if (error.reason === 'TOO_LARGE' && pageSize > 1) return 'too-large'
      // The continue token is valid for minutes, so the pages so far need not be read again.
      const isPassing = error.status === 0 || error.status === 429 || error.status >= 500
      if (!isPassing || tries === TRIES_FOR_A_PAGE) throw error
      await pause(clock, backOffMs(tries, clock), signal)
    }
  }
}

function pageOf(answer: unknown): Page {
  const {items, metadata} = answer as {items?: unknown; metadata?: {resourceVersion?: unknown; continue?: unknown}}
  const version = metadata?.resourceVersion
  // A server writes null for an empty list of some kinds.
  if (!Array.isArray(items ?? []) || typeof version !== 'string' || version === '')
    throw new ApiServerError(0, 'the answer to a list is no list', 'BAD_ANSWER')
  return {items: (items ?? []) as unknown[], version, next: typeof metadata?.continue === 'string' ? metadata.continue : ''}
}
