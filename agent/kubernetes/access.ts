import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {InputError} from '../../core/problem/input-error.ts'

/** Where the API server is, how to know it, and who we are. */
export interface Access {
  readonly server: URL
  readonly token?: string
  readonly tls: {
    /** PEM; without it the system's authorities count. */
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    readonly servername?: string
    readonly rejectUnauthorized?: boolean
  }
}

export type ReadAccess = () => Promise<Access>

/** A HostProcess container of Windows sees files that are mounted for it in a folder of its own. */
const SERVICE_ACCOUNT_FOLDER = join(
  process.env['CONTAINER_SANDBOX_MOUNT_POINT'] ?? '/',
  'var/run/secrets/kubernetes.io/serviceaccount',
)

/**
 * The access that the kubelet gives to every pod. Its files are replaced while the pod runs: the token every hour, the
 * authority when the cluster gets a new one.
 */
export function readAccessInPod(env: NodeJS.ProcessEnv = process.env, folder: string = SERVICE_ACCOUNT_FOLDER): ReadAccess {
  const host = env['KUBERNETES_SERVICE_HOST']
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443'
  if (host === undefined || host === '')
    throw new InputError(
      'this is no pod (KUBERNETES_SERVICE_HOST is not set), so the API server is unknown',
      'Outside of a pod, name a kubeconfig file: --kubeconfig FILE',
    )
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  return async () => ({
    server,
    token: (await readSecret(join(folder, 'token'), 'the token of the service account')).trim(),
    tls: {ca: await readSecret(join(folder, 'ca.crt'), 'the authority of the cluster')},
  })
}

/** @param what names the content for people: the file's text must not be in an error */
export async function readSecret(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new InputError(
      `cannot read ${what} from ${file}: ${(error as Error).message}`,
      'Check that the file is there and may be read; in a pod, that automountServiceAccountToken is not false.',
    )
  }
}
