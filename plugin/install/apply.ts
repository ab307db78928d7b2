import {z} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import {readAnswer} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {apiErrorOf} from '../kubernetes/api-error.ts'
import {collectionPath, type KubernetesObject, kubernetesObjectShape, objectName, objectPath} from './objects.ts'

/** Whose fields ours are. One stable name: another would make us conflict with ourselves. */
const FIELD_MANAGER = 'kubectl-npm'

const text = z.string().optional()
const conflictShape = z.looseObject({
  details: z.looseObject({causes: z.array(z.looseObject({reason: text, field: text, message: text})).optional()}).optional(),
})

export interface ApplyOptions {
  /** The server checks everything and stores nothing. */
  readonly dryRun?: boolean
  /** Takes over fields that belong to others. */
  readonly force?: boolean
}

export interface Applied {
  /** As the server has it now. */
  readonly object: KubernetesObject
  readonly isNew: boolean
  /** Texts of the `Warning:` headers. */
  readonly warnings: readonly string[]
}

/**
 * Server-side apply of one object.
 *
 * @throws InputError for a conflict with other field managers, ApiError for any other refusal
 */
export async function applyObject(api: ClusterApi, object: KubernetesObject, options: ApplyOptions = {}): Promise<Applied> {
  const {dryRun = false, force = false} = options
  const query = new URLSearchParams({
    fieldManager: FIELD_MANAGER,
    force: String(force),
    ...(dryRun && {dryRun: 'All'}),
  }).toString()
  return send(api, 'PATCH', `${objectPath(object)}?${query}`, object, 'application/apply-patch+yaml')
}

/** Creates one object; its name may be left to the server. */
export async function createObject(
  api: ClusterApi,
  object: KubernetesObject,
  {dryRun = false}: ApplyOptions = {},
): Promise<Applied> {
  const query = new URLSearchParams({fieldManager: FIELD_MANAGER, ...(dryRun && {dryRun: 'All'})}).toString()
  return send(api, 'POST', `${collectionPath(object)}?${query}`, object, 'application/json')
}

async function send(
  api: ClusterApi,
  method: string,
  path: string,
  object: KubernetesObject,
  contentType: string,
): Promise<Applied> {
  const {status, body, warnings} = await api.request(method, path, {body: object, contentType})
  if (status < 400) return {object: readAnswer(`${method} ${path}`, body, kubernetesObjectShape), isNew: status === 201, warnings}
  throw (
    conflictOf(status, body, object, `${method} ${path}`) ??
    apiErrorOf(status, body, {method, path, agentNamespace: api.agentNamespace})
  )
}

function conflictOf(status: number, body: string, object: KubernetesObject, asked: string): InputError | undefined {
  if (status !== 409) return undefined
  const {details} = readAnswer(asked, body, conflictShape)
  const causes = (details?.causes ?? []).filter(({reason}) => reason === 'FieldManagerConflict')
  if (causes.length === 0) return undefined
  const fields = causes.map(({field, message}) => {
    const owner = /conflict with "(.*?)"/.exec(message ?? '')?.[1]
    return `${field} belongs to ${owner === undefined ? 'another' : `"${owner}"`}`
  })
  const security = causes.some(({field}) => field?.includes('pod-security.kubernetes.io/enforce'))
    ? ' Agents and relays need Pod Security level "privileged" in their namespaces: host paths, and for agents the host network, NET_ADMIN and NET_RAW.'
    : ''
  return new InputError(
    `${objectName(object)} has other values in fields that others set: ${fields.join(', ')}`,
    `Change it there, or take the fields over with --force-conflicts.${security}`,
  )
}
