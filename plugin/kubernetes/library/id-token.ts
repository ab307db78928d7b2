/**
 * The token that a login of OpenID Connect has left in the kubeconfig. It is not refreshed here: many issuers take a refresh token once, and
 * whoever uses it has to write the next one into the kubeconfig, as kubectl does, or has logged the person out.
 *
 * @param config of the auth provider
 * @throws Error when it has expired, or is not there
 */
export function idToken(config: Readonly<Record<string, string>>): string {
  const token = config['id-token']
  if (token !== undefined && Date.now() < expiryOf(token)) return token
  throw new Error(
    'getting credentials: the id-token of the kubeconfig has expired, and only kubectl refreshes it and keeps what it gets (kubectl get namespaces)',
  )
}

/** In milliseconds of the epoch; 0 when it is no token. Source: RFC 7519, exp */
function expiryOf(token: string): number {
  try {
    const {exp} = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {exp?: unknown}
    return typeof exp === 'number' ? exp * 1000 : 0
  } catch {
    return 0
  }
}
