import {readFile} from 'node:fs/promises'
import {dirname, resolve, sep} from 'node:path'
import type {ClusterFlags} from '../flags.ts'
import {kubeconfigFiles} from '../kubeconfig.ts'
import {fileReason, kubeconfigError} from './kubeconfig-error.ts'
import {type ClusterEntry, type ContextEntry, kubeconfigShape, type UserEntry} from './kubeconfig-shapes.ts'

/** All files of a kubeconfig together. Paths in it are absolute. */
export interface Kubeconfig {
  readonly currentContext: string | undefined
  readonly clusters: ReadonlyMap<string, ClusterEntry>
  readonly users: ReadonlyMap<string, UserEntry>
  readonly contexts: ReadonlyMap<string, ContextEntry>
}

/**
 * Reads the kubeconfig that a flag names, or else the files of KUBECONFIG or of the home folder. Of several files the first one that has a name
 * wins; one that is not there is passed over.
 *
 * Source: client-go, tools/clientcmd/loader.go
 *
 * @throws InputError when a file cannot be read, or the one that the flag names is not there
 */
export async function readKubeconfig({kubeconfig}: Pick<ClusterFlags, 'kubeconfig'>, env = process.env): Promise<Kubeconfig> {
  const files = kubeconfig === undefined ? kubeconfigFiles(env) : [kubeconfig]
  const read = await Promise.all(files.map(file => readOne(file, kubeconfig !== undefined)))
  const all = read.filter(each => each !== undefined)
  return {
    currentContext: all.map(each => each['current-context']).find(name => name !== undefined),
    clusters: firstByName(all.flatMap(({clusters}) => clusters.map(({name, cluster}) => [name, cluster] as const))),
    users: firstByName(all.flatMap(({users}) => users.map(({name, user}) => [name, user] as const))),
    contexts: firstByName(all.flatMap(({contexts}) => contexts.map(({name, context}) => [name, context] as const))),
  }
}

const firstByName = <Entry>(entries: readonly (readonly [string, Entry])[]): ReadonlyMap<string, Entry> =>
  new Map(entries.toReversed())

async function readOne(file: string, isRequired: boolean) {
  const {parse} = await import('yaml')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw kubeconfigError(`error loading config file "${file}": ${fileReason('open', file, error)}`)
    if (isRequired) throw kubeconfigError(fileReason('stat', file, error))
    return undefined
  }
  const broken = (why: string) => kubeconfigError(`error loading config file "${file}": ${why}`)
  let content: unknown
  try {
    content = parse(text)
  } catch (error) {
    // Not the lines around it, which may hold a secret.
    throw broken(`yaml: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '')}`)
  }
  const {success, data, error} = kubeconfigShape.safeParse(content ?? {})
  if (success) return withAbsolutePaths(data, dirname(resolve(file)))
  const [issue] = error.issues
  throw broken(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
}

function withAbsolutePaths<Content extends ReturnType<typeof kubeconfigShape.parse>>(content: Content, folder: string): Content {
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path))
  /** A name alone is looked for on PATH. */
  const command = (name: string | undefined) => (name?.includes(sep) ? absolute(name) : name)
  return {
    ...content,
    clusters: content.clusters.map(({name, cluster}) => ({
      name,
      cluster: {...cluster, 'certificate-authority': absolute(cluster['certificate-authority'])},
    })),
    users: content.users.map(({name, user}) => ({
      name,
      user: {
        ...user,
        tokenFile: absolute(user.tokenFile),
        'client-certificate': absolute(user['client-certificate']),
        'client-key': absolute(user['client-key']),
        ...(user.exec && {exec: {...user.exec, command: command(user.exec.command)}}),
      },
    })),
  }
}
