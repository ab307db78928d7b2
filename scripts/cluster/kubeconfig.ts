/** Who uses the kubeconfig: a token, or a client certificate and key (PEM). */
export type Credentials = {readonly token: string} | {readonly certificate: string; readonly key: string}

export interface KubeconfigContent {
  readonly url: string
  /** The CA's certificate, PEM. */
  readonly ca: string
  readonly user: string
  readonly credentials: Credentials
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig with one context, complete in itself. JSON is YAML too. */
export function kubeconfigText({url, ca, user, credentials}: KubeconfigContent): string {
  const auth =
    'token' in credentials
      ? credentials
      : {'client-certificate-data': base64(credentials.certificate), 'client-key-data': base64(credentials.key)}
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{name: 'test', cluster: {server: url, 'certificate-authority-data': base64(ca)}}],
    users: [{name: user, user: auth}],
    contexts: [{name: 'test', context: {cluster: 'test', user}}],
    'current-context': 'test',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
