import {accessSync, constants} from 'node:fs'
import type {Chosen} from './chosen.ts'
import {fileReason, kubeconfigError} from './kubeconfig-error.ts'
import type {ExecEntry} from './kubeconfig-shapes.ts'

/** Those of which client-go knows the answer. v1alpha1 is gone since 1.24. */
const EXEC_VERSIONS: readonly string[] = ['v1', 'v1beta1'].map(version => `client.authentication.k8s.io/${version}`)

const PROXY_SCHEMES = new Set(['http:', 'https:', 'socks5:', 'socks5h:'])

/**
 * Checks that what a kubeconfig says makes sense before the first request, so that a person is told what is wrong with it and not what came of it.
 *
 * Source: client-go, tools/clientcmd/validation.go
 *
 * @throws InputError in the words of kubectl
 */
export function requireUsable({cluster, user}: Chosen): void {
  const authority = cluster['certificate-authority-data'] ?? cluster['certificate-authority']
  if (cluster['insecure-skip-tls-verify'] && authority !== undefined)
    throw kubeconfigError(
      'specifying a root certificates file with the insecure flag is not allowed',
      `Take one of both away from cluster ${cluster.name}.`,
    )
  requireOne('certificate-authority', cluster['certificate-authority-data'], cluster['certificate-authority'], cluster.name)
  if (cluster['certificate-authority-data'] === undefined)
    requireFile('certificate-authority', cluster['certificate-authority'], cluster.name)
  if (cluster['proxy-url'] !== undefined) requireProxy(cluster['proxy-url'], cluster.name)
  requireServer(cluster.server, cluster.name)
  const {token, tokenFile, username, exec, 'auth-provider': provider} = user
  const methods = [...((token ?? tokenFile) === undefined ? [] : ['token']), ...(username === undefined ? [] : ['basicAuth'])]
  if (methods.length > 1)
    throw kubeconfigError(
      `more than one authentication method found for ${user.name}; found [${methods.join(' ')}], only one is allowed`,
    )
  requireOne('client-cert', user['client-certificate-data'], user['client-certificate'], user.name)
  requireOne('client-key', user['client-key-data'], user['client-key'], user.name)
  if (user['client-certificate-data'] === undefined) requireFile('client-cert', user['client-certificate'], user.name)
  if (user['client-key-data'] === undefined) requireFile('client-key', user['client-key'], user.name)
  const certificate = user['client-certificate-data'] ?? user['client-certificate']
  if (certificate !== undefined && (user['client-key-data'] ?? user['client-key']) === undefined)
    throw kubeconfigError(
      `client-key-data or client-key must be specified for ${user.name} to use the clientCert authentication method.`,
    )
  if (token === undefined && tokenFile !== undefined && unreadable(tokenFile) !== undefined)
    throw kubeconfigError(unreadable(tokenFile) as string)
  if (exec) requireProgram(exec, user.name)
  // Those of clouds are programs since 1.26.
  if (provider && provider.name !== 'oidc')
    throw kubeconfigError(
      `no Auth Provider found for name "${provider.name}"`,
      'Clouds have programs in its place: kubelogin, gke-gcloud-auth-plugin. Get the kubeconfig from the cloud again.',
    )
}

function unreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    return fileReason('open', file, error)
  }
}

function requireOne(what: string, data: string | undefined, file: string | undefined, name: string): void {
  if (data !== undefined && file !== undefined)
    throw kubeconfigError(`${what}-data and ${what} are both specified for ${name}`, 'Take one of both away.')
}

function requireFile(what: string, file: string | undefined, name: string): void {
  const reason = file === undefined ? undefined : unreadable(file)
  if (reason !== undefined) throw kubeconfigError(`unable to read ${what} ${file} for ${name} due to ${reason}`)
}

function requireServer(server: string, name: string): void {
  const url = URL.parse(server.includes('://') ? server : `http://${server}`)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw kubeconfigError(`the server of cluster "${name}" is no URL: ${server}`, 'Give it like https://HOST:6443')
}

function requireProxy(proxy: string, name: string): void {
  const said = `invalid 'proxy-url' "${proxy}" for cluster "${name}"`
  const url = URL.parse(proxy)
  if (!url) throw kubeconfigError(`${said}: it is no URL`)
  if (!PROXY_SCHEMES.has(url.protocol))
    throw kubeconfigError(`${said}: unsupported scheme "${url.protocol.slice(0, -1)}", must be http, https, or socks5`)
}

function requireProgram({command, apiVersion, interactiveMode}: ExecEntry, name: string): void {
  const end = `must be specified for ${name} to use exec authentication plugin`
  if (command === undefined) throw kubeconfigError(`command ${end}`)
  if (apiVersion === undefined) throw kubeconfigError(`apiVersion ${end}`)
  if (!EXEC_VERSIONS.includes(apiVersion)) throw kubeconfigError(`exec plugin: invalid apiVersion "${apiVersion}"`)
  // The older version has a default.
  if (interactiveMode === undefined && apiVersion === EXEC_VERSIONS[0]) throw kubeconfigError(`interactiveMode ${end}`)
  if (interactiveMode !== undefined && !['Never', 'IfAvailable', 'Always'].includes(interactiveMode))
    throw kubeconfigError(`invalid interactiveMode for ${name}: "${interactiveMode}"`)
}
