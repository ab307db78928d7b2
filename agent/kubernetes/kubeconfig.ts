import {dirname, resolve} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'
import {type ReadAccess, readSecret} from './access.ts'

type Fields = Readonly<Record<string, unknown>>

/** What is not in these lists would change who we are or whom we talk to, so it is refused rather than passed over. */
const CLUSTER_FIELDS = [
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'disable-compression',
  'extensions',
]
const USER_FIELDS = [
  'token',
  'tokenFile',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'extensions',
]

/**
 * Access by the current context of one kubeconfig file, for agents outside of a pod and for tests. Everything is read
 * again each time: files of tokens and certificates are replaced while the agent runs.
 *
 * Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function readAccessFromFile(file: string): ReadAccess {
  return async () => {
    const refuse = (message: string, next = 'Correct the file, or give another one with --kubeconfig.') =>
      new InputError(`${file}: ${message}`, next)
    const config = await parse(await readSecret(file, 'the kubeconfig'), refuse)
    const contextName = text(config, 'current-context')
    if (contextName === undefined) throw refuse('it has no current-context')
    const context = named(config, 'contexts', contextName, 'context', refuse)
    const cluster = named(config, 'clusters', text(context, 'cluster') ?? '', 'cluster', refuse)
    const userName = text(context, 'user')
    const user = userName === undefined ? {} : named(config, 'users', userName, 'user', refuse)
    for (const [fields, known, what] of [
      [cluster, CLUSTER_FIELDS, 'cluster'],
      [user, USER_FIELDS, 'user'],
    ] as const) {
      const unknown = Object.keys(fields).find(field => !known.includes(field) && !isUnset(fields[field]))
      if (unknown !== undefined)
        throw refuse(
          `the agent does not understand "${unknown}" of the ${what}`,
          'Give a file with a token, a token file or a client certificate: the agent runs no programs and uses no proxies.',
        )
    }
    /** The content of `name-data`, else of the file that `name` names. */
    const content = async (fields: Fields, name: string): Promise<string | undefined> => {
      const data = text(fields, `${name}-data`)
      if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
      const path = text(fields, name)
      return path === undefined ? undefined : readSecret(resolve(dirname(file), path), name)
    }
    const server = serverOf(text(cluster, 'server'), refuse)
    const tokenFile = text(user, 'tokenFile')
    const token =
      tokenFile === undefined ? text(user, 'token') : (await readSecret(resolve(dirname(file), tokenFile), 'the token')).trim()
    if (server.protocol === 'http:' && token !== undefined)
      throw refuse(`the server is ${server.origin}, and the token would be sent in the clear`)
    const [ca, cert, key] = [
      await content(cluster, 'certificate-authority'),
      await content(user, 'client-certificate'),
      await content(user, 'client-key'),
    ]
    if ((cert === undefined) !== (key === undefined)) throw refuse('the user has only one of client-certificate and client-key')
    const servername = text(cluster, 'tls-server-name')
    return {
      server,
      ...(token !== undefined && {token}),
      tls: {
        ...(ca !== undefined && {ca}),
        ...(cert !== undefined && {cert}),
        ...(key !== undefined && {key}),
        ...(servername !== undefined && {servername}),
        ...(cluster['insecure-skip-tls-verify'] === true && {rejectUnauthorized: false}),
      },
    }
  }
}

type Refuse = (message: string) => InputError

async function parse(content: string, refuse: Refuse): Promise<Fields> {
  const {parse: parseYaml} = await import('yaml')
  try {
    const value: unknown = parseYaml(content)
    if (isFields(value)) return value
  } catch (error) {
    // The parser's message shows the line, and lines of this file are secrets.
    throw refuse(`it is no YAML (${(error as {code?: string}).code ?? 'not parsed'})`)
  }
  throw refuse('it is no kubeconfig')
}

function serverOf(server: string | undefined, refuse: Refuse): URL {
  if (server === undefined) throw refuse('the cluster has no server')
  const url = URL.parse(server)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw refuse(`"${server}" is no address of a server`)
  return url
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '' || value === false

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `contexts: [{name, context: {…}}]` */
function named(config: Fields, list: string, name: string, field: string, refuse: Refuse): Fields {
  const entries = Array.isArray(config[list]) ? config[list] : []
  const entry: unknown = entries.find((each: unknown) => isFields(each) && each['name'] === name)
  const value = isFields(entry) ? (entry[field] ?? {}) : undefined
  if (!isFields(value)) throw refuse(`it has no ${field} "${name}"`)
  return value
}
