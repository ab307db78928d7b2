import {readFileSync} from 'node:fs'
import {z} from 'zod'
import {escapeText} from '../../../core/text/escape.ts'
import {runProgram} from '../../programs/program.ts'
import type {Chosen} from '../kubeconfig/chosen.ts'
import type {ExecEntry} from '../kubeconfig/kubeconfig-shapes.ts'

/** What a program has for the API server: a token, or a certificate and its key in PEM. */
export interface Credential {
  readonly token?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

const text = z.string().min(1).optional().catch(undefined)
const credentialShape = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  status: z.object({token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text}).optional(),
})

export interface LoginOptions {
  readonly signal: AbortSignal
  /** A person can be asked on the terminal. */
  readonly isInteractive: boolean
  /** No person waits for it: it gets no terminal, and what it says is dropped. */
  readonly isUnattended: boolean
  /** Takes what it says to the person. */
  readonly say: (text: string) => void
}

/**
 * The login program of a user in a kubeconfig. It is run when the first request needs it, and again when what it gave has expired. What it
 * says on stderr is shown at once: it may be a question.
 *
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins; client-go,
 * plugin/pkg/client/auth/exec/exec.go
 */
export class LoginProgram {
  private readonly exec: ExecEntry
  private readonly cluster: Chosen['cluster']
  private readonly options: LoginOptions
  private known: {readonly credential: Credential; readonly expires: number} | undefined

  constructor(exec: ExecEntry, cluster: Chosen['cluster'], options: LoginOptions) {
    this.exec = exec
    this.cluster = cluster
    this.options = options
  }

  /** The API server does not take what the program gave last. */
  forget(): void {
    this.known = undefined
  }

  /** @throws Error in the words of kubectl */
  async credential(): Promise<Credential> {
    if (this.known && Date.now() < this.known.expires) return this.known.credential
    const read = this.read(await this.run())
    this.known = read
    return read.credential
  }

  private async run(): Promise<string> {
    const {command = '', args, env, interactiveMode, installHint} = this.exec
    const {signal, isUnattended, say} = this.options
    const isInteractive = this.options.isInteractive && interactiveMode !== 'Never'
    if (interactiveMode === 'Always' && !isInteractive)
      throw new Error('exec plugin cannot support interactive mode: standard input is not a terminal')
    const {stdout, ended, code} = await runProgram(command, args, {
      signal,
      isStdinShared: isInteractive,
      // In a session of its own it has no terminal that it could open.
      isDetached: isUnattended && process.platform !== 'win32',
      env: {...Object.fromEntries(env.map(({name, value}) => [name, value])), KUBERNETES_EXEC_INFO: this.info(isInteractive)},
      onStderr: said => void (isUnattended || say(escapeText(said.replaceAll('\r\n', '\n')))),
    })
    if (code === 'ENOENT') throw new Error(`exec: executable ${command} not found${installHint ? `; ${installHint}` : ''}`)
    if (code !== undefined) throw new Error(`exec: executable ${command} cannot be started: ${code}`)
    if (ended !== 'exit code 0') throw new Error(`exec: executable ${command} failed with ${ended}`)
    return stdout
  }

  /** What the program is told, as JSON. */
  private info(interactive: boolean): string {
    const {apiVersion, provideClusterInfo} = this.exec
    const cluster = provideClusterInfo ? {cluster: this.clusterInfo()} : {}
    return JSON.stringify({kind: 'ExecCredential', apiVersion, spec: {...cluster, interactive}})
  }

  private clusterInfo(): object {
    const {server, extensions} = this.cluster
    const file = this.cluster['certificate-authority']
    const authority =
      this.cluster['certificate-authority-data'] ?? (file === undefined ? undefined : readFileSync(file).toString('base64'))
    return {
      server,
      'tls-server-name': this.cluster['tls-server-name'],
      'insecure-skip-tls-verify': this.cluster['insecure-skip-tls-verify'] || undefined,
      'certificate-authority-data': authority,
      'proxy-url': this.cluster['proxy-url'],
      config: extensions?.find(({name}) => name === 'client.authentication.k8s.io/exec')?.extension,
    }
  }

  private read(stdout: string): {credential: Credential; expires: number} {
    const {apiVersion} = this.exec
    let answer: unknown
    try {
      answer = JSON.parse(stdout)
    } catch {
      throw new Error('exec: decoding stdout: it is no JSON')
    }
    const {data} = credentialShape.safeParse(answer)
    if (!data || data.kind !== 'ExecCredential') throw new Error('exec: decoding stdout: it is no ExecCredential')
    if (data.apiVersion !== apiVersion)
      throw new Error(`exec plugin is configured to use API version ${apiVersion}, plugin returned version ${data.apiVersion}`)
    if (!data.status) throw new Error("exec plugin didn't return a status field")
    const {token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp} = data.status
    if ((cert === undefined) !== (key === undefined)) throw new Error('exec plugin returned only certificate or key, not both')
    if (token === undefined && cert === undefined) throw new Error("exec plugin didn't return a token or cert/key pair")
    const expires = expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp)
    return {credential: {token, cert, key}, expires}
  }
}
