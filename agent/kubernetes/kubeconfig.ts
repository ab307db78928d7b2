import {dirname, resolve} from 'node:path'
import {type ZodObject, z} from 'zod'
import {InputError} from '../../core/problem/input-error.ts'
import {type ReadAccess, readSecret} from './access.ts'

/** kubectl writes "" for what is not set, so an empty text counts as absent; so does a value that is no text. */
const text = z.string().min(1).optional().catch(undefined)

const listSchema = z.array(z.unknown()).catch([])
/** The file as far as the agent reads it. Entries are read when they are chosen: the others may be of any form. */
const kubeconfigSchema = z.object({'current-context': text, contexts: listSchema, clusters: listSchema, users: listSchema})
type Kubeconfig = z.infer<typeof kubeconfigSchema>

const contextSchema = z.looseObject({cluster: text, user: text})

// A field that is not in these two would change who we are or whom we talk to, so it is refused and not passed over.
const clusterSchema = z.looseObject({
  server: text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().optional().catch(undefined),
  'tls-server-name': text,
  'disable-compression': z.unknown().optional(),
  extensions: z.unknown().optional(),
})
const userSchema = z.looseObject({
  token: text,
  tokenFile: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  extensions: z.unknown().optional(),
})

type Refuse = (message: string, next?: string) => InputError

/**
 * Access by the current context of one kubeconfig file, for agents outside of a pod and for tests. Everything is read
 * again at each call: files of tokens and certificates are replaced while the agent runs.
 *
 * Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 *
 * @param file its path; paths in the file are relative to its folder
 * @returns a function that throws InputError when a file cannot be read or has no usable access. No content of the file but
 *   names of fields and entries, and the address of the server, is in the message.
 */
export function readAccessFromFile(file: string): ReadAccess {
  const refuse: Refuse = (message, next = 'Correct the file, or give another one with --kubeconfig.') =>
    new InputError(`${file}: ${message}`, next)
  /** The content that `data` is in base64, else that of the file at `path`. */
  const content = async (data: string | undefined, path: string | undefined, what: string): Promise<string | undefined> => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
    return path === undefined ? undefined : readSecret(resolve(dirname(file), path), what)
  }
  return async () => {
    const {cluster, user} = chosen(await parse(await readSecret(file, 'the kubeconfig'), refuse), refuse)
    refuseUnknown(cluster, clusterSchema, 'cluster', refuse)
    refuseUnknown(user, userSchema, 'user', refuse)
    const server = serverOf(cluster.server, refuse)
    const token =
      user.tokenFile === undefined ? user.token : (await readSecret(resolve(dirname(file), user.tokenFile), 'the token')).trim()
    if (server.protocol === 'http:' && token !== undefined)
      throw refuse(`the server is ${server.origin}, and the token would be sent in the clear`)
    const authority = 'certificate-authority'
    const ca = await content(cluster['certificate-authority-data'], cluster[authority], authority)
    const cert = await content(user['client-certificate-data'], user['client-certificate'], 'client-certificate')
    const key = await content(user['client-key-data'], user['client-key'], 'client-key')
    if ((cert === undefined) !== (key === undefined)) throw refuse('the user has only one of client-certificate and client-key')
    const servername = cluster['tls-server-name']
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

async function parse(content: string, refuse: Refuse): Promise<Kubeconfig> {
  const {parse: parseYaml} = await import('yaml')
  let value: unknown
  try {
    value = parseYaml(content)
  } catch (error) {
    // The parser's message shows the line, and lines of this file are secrets.
    throw refuse(`it is no YAML (${(error as {code?: string}).code ?? 'not parsed'})`)
  }
  const config = kubeconfigSchema.safeParse(value)
  if (!config.success) throw refuse('it is no kubeconfig')
  return config.data
}

/** Cluster and user of the current context. */
function chosen(config: Kubeconfig, refuse: Refuse): {cluster: z.infer<typeof clusterSchema>; user: z.infer<typeof userSchema>} {
  const name = config['current-context']
  if (name === undefined) throw refuse('it has no current-context')
  const context = entry(config.contexts, 'context', name, contextSchema, refuse)
  const cluster = entry(config.clusters, 'cluster', context.cluster ?? '', clusterSchema, refuse)
  const user = context.user === undefined ? {} : entry(config.users, 'user', context.user, userSchema, refuse)
  return {cluster, user}
}

/** The content of an entry such as `{name, context: {…}}`. One without content is an empty one. */
function entry<Schema extends ZodObject>(
  entries: readonly unknown[],
  field: string,
  name: string,
  schema: Schema,
  refuse: Refuse,
): z.infer<Schema> {
  const found = entries.map(each => z.looseObject({name: z.literal(name)}).safeParse(each)).find(({success}) => success)
  const content = found?.data && schema.safeParse(found.data[field] ?? {})
  if (!content?.success) throw refuse(`it has no ${field} "${name}"`)
  return content.data
}

function refuseUnknown(fields: Readonly<Record<string, unknown>>, schema: ZodObject, what: string, refuse: Refuse): void {
  const unknown = Object.keys(fields).find(field => !Object.hasOwn(schema.shape, field) && !isUnset(fields[field]))
  if (unknown === undefined) return
  throw refuse(
    `the agent does not understand "${unknown}" of the ${what}`,
    'Give a file with a token, a token file or a client certificate: the agent runs no programs and uses no proxies.',
  )
}

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '' || value === false

function serverOf(server: string | undefined, refuse: Refuse): URL {
  if (server === undefined) throw refuse('the cluster has no server')
  const url = URL.parse(server)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') throw refuse(`"${server}" is no address of a server`)
  return url
}
