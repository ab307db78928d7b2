import {readFileSync} from 'node:fs'
import type {Agent, OutgoingHttpHeaders} from 'node:http'
import type {RequestOptions} from 'node:https'
import {isIP} from 'node:net'
import {checkServerIdentity, createSecureContext, getCACertificates} from 'node:tls'
import type {Cluster, User} from '@kubernetes/client-node'
import type {Chosen} from '../kubeconfig/chosen.ts'
import {idToken} from './id-token.ts'
import {type Credential, type LoginOptions, LoginProgram} from './login-program.ts'

/** By which a request shows who we are, and knows the server. */
export interface Access {
  readonly headers: OutgoingHttpHeaders
  readonly options: RequestOptions
}

/** At a time; others wait. */
const MOST_CONNECTIONS = 64
/** A connection without a request is closed before something on the way forgets it. */
const IDLE_MS = 30_000

/**
 * Who we are to the API server. Certificates, tokens and headers are the client library's; ours is what it does not know: files that change,
 * login programs that ask, groups, and connections that are kept.
 */
export class Identity {
  private readonly chosen: Chosen
  private readonly server: URL
  private readonly proxy: string | undefined
  private readonly login: LoginProgram | undefined
  private token = ''
  private system: string | undefined
  private applying: Promise<Access> | undefined
  private kept: {readonly agent: Agent; readonly secrets: string} | undefined

  constructor(chosen: Chosen, server: URL, proxy: string | undefined, options: LoginOptions) {
    this.chosen = chosen
    this.server = server
    this.proxy = proxy
    const {exec} = chosen.user
    this.login = exec && new LoginProgram(exec, chosen.cluster, options)
  }

  /**
   * For the next request. Requests that come together share one login, or its failure.
   *
   * @throws Error in the words of kubectl
   */
  access(): Promise<Access> {
    this.applying ??= this.apply().finally(() => {
      this.applying = undefined
    })
    return this.applying
  }

  /** The API server does not know us: what a program gave is asked for again. */
  forget(): void {
    this.login?.forget()
  }

  end(): void {
    this.kept?.agent.destroy()
  }

  private async apply(): Promise<Access> {
    const credential = this.isSecure() ? await this.credential() : {}
    const {KubeConfig: Config} = await import('@kubernetes/client-node/dist/config.js')
    const config = new Config()
    config.loadFromOptions({
      clusters: [this.cluster()],
      users: [this.user(credential)],
      contexts: [{name: 'chosen', cluster: 'chosen', user: 'chosen'}],
      currentContext: 'chosen',
    })
    // Without it NODE_TLS_REJECT_UNAUTHORIZED would decide.
    const options: RequestOptions = {rejectUnauthorized: true}
    await config.applyToHTTPSOptions(options)
    const {headers, agent: made, ...rest} = options
    const own = headers as OutgoingHttpHeaders | undefined
    const agent = this.keep(made as Agent, rest)
    // Below a SOCKS proxy the library would guess it from the stack, and find no connection again that it has kept.
    const secureEndpoint: object = {secureEndpoint: this.isSecure()}
    return {
      headers: {...own, ...this.impersonation()},
      options: {...rest, ...secureEndpoint, agent},
    }
  }

  /** kubectl shows no secrets to a server that proves nothing. */
  private isSecure(): boolean {
    return this.server.protocol === 'https:'
  }

  private async credential(): Promise<Credential> {
    const {token, tokenFile, 'auth-provider': provider} = this.chosen.user
    if (tokenFile !== undefined) return {token: this.fromFile(tokenFile) || token}
    if (token === undefined && provider) return {token: idToken(provider.config)}
    if (token !== undefined || !this.login) return {token}
    try {
      return await this.login.credential()
    } catch (error) {
      if ((error as Error).name === 'AbortError') throw error
      throw new Error(`getting credentials: ${(error as Error).message}`, {cause: error})
    }
  }

  /** What is in the file now; while it cannot be read, what was there last. */
  private fromFile(file: string): string {
    try {
      this.token = readFileSync(file, 'utf8').trim() || this.token
    } catch {
      // Somebody is just replacing it.
    }
    return this.token
  }

  private cluster(): Cluster {
    const {cluster} = this.chosen
    const data = cluster['certificate-authority-data']
    const file = data === undefined ? cluster['certificate-authority'] : undefined
    const isInsecure = cluster['insecure-skip-tls-verify'] === true
    const name = cluster['tls-server-name']
    const ca = data ?? (file === undefined && this.isSecure() && !isInsecure ? (this.system ??= systemAuthorities()) : undefined)
    return {
      name: 'chosen',
      server: this.server.href,
      // The library takes the file where there are both; kubectl takes the data.
      ...(ca !== undefined && {caData: ca}),
      ...(file !== undefined && {caFile: file}),
      // It refuses plain HTTP otherwise.
      skipTLSVerify: isInsecure || !this.isSecure(),
      ...(name !== undefined && isIP(name) === 0 && {tlsServerName: name}),
      ...(this.proxy !== undefined && {proxyUrl: this.proxy}),
    }
  }

  private user({token, cert, key}: Credential): User {
    const {user} = this.chosen
    if (!this.isSecure()) return {name: 'chosen'}
    const certData = base64(cert) ?? user['client-certificate-data']
    const keyData = base64(key) ?? user['client-key-data']
    const certFile = certData === undefined ? user['client-certificate'] : undefined
    const keyFile = keyData === undefined ? user['client-key'] : undefined
    const {username, password = ''} = user
    return {
      name: 'chosen',
      ...(token !== undefined && {token}),
      ...(username !== undefined && {username, password}),
      ...(certData !== undefined && {certData}),
      ...(certFile !== undefined && {certFile}),
      ...(keyData !== undefined && {keyData}),
      ...(keyFile !== undefined && {keyFile}),
    }
  }

  private impersonation(): OutgoingHttpHeaders {
    const {as, 'as-uid': uid, 'as-groups': groups = [], 'as-user-extra': extra = {}} = this.chosen.user
    if (as === undefined) return {}
    return {
      'Impersonate-User': bytes(as),
      ...(uid !== undefined && {'Impersonate-Uid': bytes(uid)}),
      // A line for each: the API server takes what stands in one line for one group.
      ...(groups.length > 0 && {'Impersonate-Group': groups.map(bytes)}),
      ...Object.fromEntries(
        Object.entries(extra).map(([key_, values]) => [`Impersonate-Extra-${encodeURIComponent(key_)}`, values.map(bytes)]),
      ),
    }
  }

  /** The library makes connections for one request; ours are used again, until there is another certificate. */
  private keep(made: Agent, {ca, cert, key}: RequestOptions): Agent {
    const secrets = [ca, cert, key].map(String).join('\n')
    if (this.kept?.secrets === secrets) return this.kept.agent
    requireCertificate({cert, key})
    if (this.kept) Object.assign(this.kept.agent, {keepAlive: false})
    // Below a SOCKS proxy the time would also end what is in use.
    const isSocks = this.proxy?.startsWith('socks') === true
    Object.assign(made, {keepAlive: true, maxSockets: MOST_CONNECTIONS})
    // Given with a request, the check would keep its connection from the next one.
    const check = addressInCertificate(this.chosen.cluster['tls-server-name'])
    // kubectl trusts whom the kubeconfig names, also when somebody above them is not named.
    const own = {allowPartialTrustChain: true, ...check, ...(!isSocks && {timeout: IDLE_MS})}
    Object.assign((made as Agent & {options: object}).options, own)
    this.kept = {agent: made, secrets}
    return made
  }
}

/** Below a proxy the program would end with what is wrong with it. @throws Error that says so */
function requireCertificate({cert, key}: RequestOptions): void {
  try {
    createSecureContext({cert, key})
  } catch (error) {
    throw new Error(`tls: the client certificate and its key cannot be used: ${(error as Error).message}`, {cause: error})
  }
}

/** Node asks for a name in the place of an address only, and refuses an address there. */
function addressInCertificate(name: string | undefined): RequestOptions {
  if (name === undefined || isIP(name) === 0) return {}
  return {checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate)}
}

/** Node writes a byte for each character of a header; the API server reads UTF-8. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

const base64 = (pem: string | undefined): string | undefined =>
  pem === undefined ? undefined : Buffer.from(pem).toString('base64')

/** Those that this machine trusts, as kubectl takes them; undefined when it keeps none, and Node's own count. */
function systemAuthorities(): string | undefined {
  const authorities = getCACertificates('system')
  return authorities.length === 0 ? undefined : Buffer.from(authorities.join('\n')).toString('base64')
}
