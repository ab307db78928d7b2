import {generateKeyPairSync} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import {places} from './access.ts'
import {auditPolicy} from './audit.ts'

/** A command's flags, as all of Kubernetes' programs read them: `--name=value`. */
export const flags = (values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`)

/** etcd for a state that nobody needs tomorrow. */
export const etcdFlags = (data: string, url: string): string[] =>
  flags({
    'data-dir': data,
    'unsafe-no-fsync': true,
    'log-level': 'warn',
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': 'http://127.0.0.1:0',
  })

/** Writes the files that `commonServerFlags` names, but for the users'. */
export async function writeServerFiles(folder: string): Promise<void> {
  const here = places(folder)
  await writeFile(here.auditPolicy, auditPolicy)
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  await writeFile(here.signingKey, privateKey.export({type: 'sec1', format: 'pem'}), {mode: 0o600})
  await writeFile(here.verifyingKey, publicKey.export({type: 'spki', format: 'pem'}))
}

/**
 * What every API server of ours has: users by token, the audit log, signing of service accounts' tokens. `--api-audiences`
 * stays away: it would make tokens for an agent good for the API server too.
 */
export function commonServerFlags(folder: string): string[] {
  const here = places(folder)
  return flags({
    'token-auth-file': here.users,
    'authorization-mode': 'Node,RBAC',
    'allow-privileged': true,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': here.verifyingKey,
    'service-account-signing-key-file': here.signingKey,
    // The default asks for a node's host name first, which nobody resolves.
    'kubelet-preferred-address-types': 'InternalIP',
    'audit-policy-file': here.auditPolicy,
    'audit-log-path': here.auditLog,
    // In MB: one file, whatever happens.
    'audit-log-maxsize': 10_000,
  })
}
