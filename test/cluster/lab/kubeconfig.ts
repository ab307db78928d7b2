export interface KubeconfigContent {
  readonly url: string
  /** The CA's certificate, PEM. */
  readonly ca: string
  readonly user: string
  readonly token: string
}

/** A kubeconfig with one context, complete in itself. JSON is YAML too. */
export function kubeconfigText({url, ca, user, token}: KubeconfigContent): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'test', cluster: {server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64')}}],
    users: [{name: user, user: {token}}],
    contexts: [{name: 'test', context: {cluster: 'test', user}}],
    'current-context': 'test',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
