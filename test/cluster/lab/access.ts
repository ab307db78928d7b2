import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {type ApiClient, openApiClient} from './api-client.ts'
import {type AuditEvent, readAudit} from './audit.ts'
import {kubeconfigText} from './kubeconfig.ts'
import {admin, issueTokens, tokenFile, type User} from './users.ts'

/** What a tool said. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface RunOptions {
  readonly input?: string
  /** Gives the output of a command that ends with a code other than 0 too, instead of throwing. */
  readonly allowFailure?: boolean
}

export interface KubectlOptions extends RunOptions {
  /** A file; the admin's by default. */
  readonly kubeconfig?: string
}

/** The ways into an API server that every kind of cluster offers. */
export interface Access {
  readonly url: string
  /** The certificate by which clients know the API server. */
  readonly caFile: string
  /** Holds everything of this cluster; it goes with it. A place for the files of a test, too. */
  readonly folder: string
  /** A file for the admin, who may do everything. */
  readonly kubeconfig: string
  /** For kubectl and what starts it: the admin's KUBECONFIG, and a cache that goes with the cluster. */
  readonly env: {readonly KUBECONFIG: string; readonly KUBECACHEDIR: string}
  /** The private key (EC P-256, PEM) by which tokens of service accounts are signed: a test can sign an expired one. */
  readonly serviceAccountKeyFile: string
  readonly api: ApiClient
  /**
   * A kubeconfig file for a user, with a token of hers.
   *
   * @throws RangeError for a user that was not given at the start
   */
  kubeconfigFor(user: string): Promise<string>
  /** The user's own token at the API server. */
  tokenOf(user: string): string
  /** @throws execa's error, with kubectl's last words, when it fails (unless `allowFailure`) */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<Output>
  /** The audit log so far. */
  auditLines(): Promise<AuditEvent[]>
}

/** Where things are in the folder. */
export const places = (folder: string) => ({
  users: join(folder, 'users.csv'),
  auditPolicy: join(folder, 'audit.yaml'),
  auditLog: join(folder, 'audit.jsonl'),
  signingKey: join(folder, 'service-accounts.key'),
  verifyingKey: join(folder, 'service-accounts.pub'),
  kubeconfig: (user: string) => join(folder, `${user}.kubeconfig`),
})

/** Writes the token file of the users; their tokens. */
export async function writeUsers(folder: string, users: readonly User[]): Promise<ReadonlyMap<string, string>> {
  const tokens = issueTokens(users)
  await writeFile(places(folder).users, tokenFile(users, tokens), {mode: 0o600})
  return tokens
}

export interface AccessOptions {
  readonly url: string
  readonly caFile: string
  readonly folder: string
  readonly tokens: ReadonlyMap<string, string>
  /** The program. */
  readonly kubectl: string
}

/** Opens the ways into an API server that has made or been given its certificate already. */
export async function openAccess({url, caFile, folder, tokens, kubectl}: AccessOptions): Promise<Access> {
  const ca = await readFile(caFile, 'utf8')
  const here = places(folder)

  function tokenOf(user: string): string {
    const token = tokens.get(user)
    if (token === undefined) throw new RangeError(`no user ${user} here; there are ${[...tokens.keys()].join(', ')}`)
    return token
  }

  async function kubeconfigFor(user: string): Promise<string> {
    const content = kubeconfigText({url, ca, user, token: tokenOf(user)})
    await writeFile(here.kubeconfig(user), content, {mode: 0o600})
    return here.kubeconfig(user)
  }

  const kubeconfig = await kubeconfigFor(admin.name)
  const env = {KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'kubectl-cache')}
  return {
    url,
    caFile,
    folder,
    kubeconfig,
    env,
    serviceAccountKeyFile: here.signingKey,
    api: openApiClient({url, ca, token: tokenOf(admin.name)}),
    kubeconfigFor,
    tokenOf,
    async kubectl(args, options = {}) {
      const {input = '', allowFailure = false} = options
      const result = await execa(kubectl, args, {
        input,
        reject: !allowFailure,
        stripFinalNewline: false,
        env: {...env, ...(options.kubeconfig !== undefined && {KUBECONFIG: options.kubeconfig})},
      })
      return outputOf(kubectl, result)
    },
    auditLines: () => readAudit(here.auditLog),
  }
}

interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode?: number | undefined
  readonly originalMessage?: string | undefined
}

/** With reject: false a command that never ran, or was killed, has no exit code. */
export function outputOf(command: string, {stdout, stderr, exitCode, originalMessage}: Result): Output {
  if (exitCode === undefined) throw new Error(`${command} did not run to its end: ${originalMessage ?? ''} ${stderr}`)
  return {stdout, stderr, exitCode}
}
