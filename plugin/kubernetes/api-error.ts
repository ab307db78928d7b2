import {InputError} from '../../core/problem/input-error.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {nodeNamespaceOf} from './agent-namespaces.ts'

/** A right on the API server, as RBAC writes it. */
export interface Right {
  readonly verb: string
  /** With the sub-resource: `pods/portforward`. */
  readonly resource: string
  readonly name?: string
  readonly namespace?: string
}

/** The API server refused a request. */
export class ApiError extends InputError {
  /** HTTP status. */
  readonly status: number
  /** `NotFound`, `Forbidden`, `Conflict`, …; empty when the answer had none. */
  readonly reason: string
  /** What was missing, for 403. */
  readonly missing: Right | undefined

  constructor(message: string, next: string, facts: {status: number; reason: string; missing?: Right | undefined}) {
    super(message, next)
    this.name = 'ApiError'
    this.status = facts.status
    this.reason = facts.reason
    this.missing = facts.missing
  }
}

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Where the agents are: the roles of the manifests are there. */
  readonly agentNamespace: string
}

/**
 * Makes the error of a refused request.
 *
 * @param body a Status of the API server; anything else is shown as it is
 */
export function apiErrorOf(status: number, body: string, asked: Asked): ApiError {
  const {message, reason} = statusOf(body)
  const path = asked.path.split('?')[0]
  const said = message || `HTTP status ${status} without a reason`
  if (status === 401)
    return new ApiError(
      `the API server does not know you: ${said}`,
      'The credentials of the kubeconfig are missing, wrong or expired. kubectl get namespaces tells the same; log in again.',
      {status, reason},
    )
  if (status === 403) {
    const missing = rightOf(asked, message)
    return new ApiError(said.replace(/: *$/, ''), whoHas(missing, asked.agentNamespace, message), {status, reason, missing})
  }
  return new ApiError(`${asked.method} ${path}: ${said}`, nextOf(status), {status, reason})
}

function nextOf(status: number): string {
  if (status === 404) return 'Check the name and the namespace; kubectl get shows what there is.'
  if (status === 409) return 'Someone else changed it in the meantime, or owns it. Look at it with kubectl, then try again.'
  if (status === 429 || status >= 500)
    return 'The API server is busy or in trouble. Try again; kubectl get --raw /readyz?verbose tells more.'
  return 'The API server understood the request and refused it; its words say why.'
}

function statusOf(body: string): {message: string; reason: string} {
  try {
    const {message, reason} = JSON.parse(body) as {message?: unknown; reason?: unknown}
    return {message: typeof message === 'string' ? message : '', reason: typeof reason === 'string' ? reason : ''}
  } catch {
    return {message: body.trim().slice(0, 500), reason: ''}
  }
}

const VERBS: Readonly<Record<string, string>> = {GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete'}

/** The right that a request needs. The server's own words win: for some requests it asks for another verb than the method says. */
function rightOf({method, path}: Asked, message = ''): Right {
  const said = /cannot ([\w:-]+) (?:resource )?"([^"]+)"/.exec(message)
  const parts = (path.split('?')[0] as string).split('/').filter(part => part !== '')
  // /api/v1/… and /apis/GROUP/VERSION/…
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3).map(decodeURIComponent)
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2
  const namespace = isNamespaced ? rest[1] : undefined
  const [kind = path, name, sub] = isNamespaced ? rest.slice(2) : rest
  const isList = method === 'GET' && name === undefined
  return {
    verb: said?.[1] ?? (isList ? 'list' : (VERBS[method] ?? method.toLowerCase())),
    resource: said?.[2] ?? (sub === undefined ? kind : `${kind}/${sub}`),
    ...(name !== undefined && {name}),
    ...(namespace !== undefined && {namespace}),
  }
}

const AGENT_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  pods: ['get', 'list'],
  'pods/portforward': ['get', 'create'],
  'serviceaccounts/token': ['create'],
}

/** Where the policy engines run. */
const ENGINE_NAMESPACE = 'kube-system'

const OPERATOR_ROLE = 'kubectl-npm-operator'

/**
 * The same error for a verb that writes. The operator's role has all rights beside the agents that the viewer's has, and the viewer's
 * would not be enough for the next request.
 */
export function forOperators(error: unknown, agentNamespace: string): unknown {
  if (!(error instanceof ApiError) || error.missing?.namespace !== agentNamespace) return error
  const {message, status, reason, missing} = error
  return new ApiError(message, whoHas(missing, agentNamespace, message, OPERATOR_ROLE), {status, reason, missing})
}

/**
 * Which role of our manifests has a right, and how to come by it.
 *
 * @param least the role that is needed at least, where any of ours has the right
 */
function whoHas(right: Right, agentNamespace: string, message: string, least?: string): string {
  const {verb, resource, name, namespace} = right
  const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`
  const which = resource === 'serviceaccounts/token' && name !== undefined ? ` of ${name}` : ''
  const needed = `Needed is the right to ${verb} ${resource}${which} ${where}.`
  const known = roleWith(right, agentNamespace)
  const role = known && (least ?? known)
  if (role === undefined) return `${needed} Ask an administrator of the cluster for it.`
  const leftOut = role === OPERATOR_ROLE ? ', unless the agents were installed to read only' : ''
  return `${needed} Role ${role} has it${leftOut}. An administrator gives it: kubectl create rolebinding NAME -n ${namespace} --role=${role} ${subjectOf(message)}`
}

/** The role of our manifests that has a right; undefined when none has. */
function roleWith({verb, resource, name, namespace}: Right, agentNamespace: string): string | undefined {
  if (namespace === agentNamespace && AGENT_RIGHTS[resource]?.includes(verb))
    return resource === 'serviceaccounts/token' && name === 'npm-operator' ? OPERATOR_ROLE : 'kubectl-npm-viewer'
  if (namespace === nodeNamespaceOf(agentNamespace) && resource === 'pods' && (verb === 'list' || verb === 'get'))
    return 'kubectl-npm-viewer'
  if (namespace !== ENGINE_NAMESPACE) return undefined
  if (resource === 'daemonsets' && verb === 'list') return 'kubectl-npm-viewer'
  return (resource === 'pods' && verb === 'list') || (resource === 'pods/log' && verb === 'get')
    ? 'kubectl-npm-log-reader'
    : undefined
}

/** The refused user, as `kubectl create rolebinding` takes them. */
function subjectOf(message: string): string {
  const user = /User "([^"]+)"/.exec(message)?.[1] ?? 'YOU'
  const [, account] = /^system:serviceaccount:([^:]+:[^:]+)$/.exec(user) ?? []
  return account === undefined ? `--user=${shellWord(user)}` : `--serviceaccount=${shellWord(account)}`
}
