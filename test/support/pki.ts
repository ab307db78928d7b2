import {webcrypto} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = {name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'}
const HOUR_MS = 3600 * 1000
const DAYS = 30

export interface Subject {
  /** Such as `O=system:masters, CN=admin`. */
  readonly name: string
  /** Addresses of a server; none for a client. */
  readonly ips?: readonly string[]
  /** For a certificate that was good until yesterday. */
  readonly isExpired?: boolean
}

export interface KeyFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate authority for one cluster. */
export interface Authority {
  readonly certFile: string
  /** Issues a certificate and writes it and its key as `FILE.crt` and `FILE.key` into the authority's folder. */
  issue(file: string, subject: Subject): Promise<KeyFiles>
}

/**
 * Makes an authority and writes its certificate into a folder; its key is never written.
 *
 * @param isBelow another one, of which nobody knows, has signed it
 */
export async function makeAuthority(folder: string, isBelow = false): Promise<Authority> {
  const root = await makeKeys()
  const keys = isBelow ? await makeKeys() : root
  const name = 'CN=test cluster'
  const ca = await X509CertificateGenerator.create({
    ...validity(),
    subject: name,
    issuer: isBelow ? 'CN=above' : name,
    publicKey: keys.publicKey,
    signingKey: root.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  const certFile = join(folder, 'ca.crt')
  await writeFile(certFile, ca.toString('pem'))
  return {certFile, issue: (file, subject) => issue(join(folder, file), subject, ca, keys.privateKey)}
}

async function issue(path: string, subject: Subject, ca: X509Certificate, signingKey: webcrypto.CryptoKey): Promise<KeyFiles> {
  const {name, ips, isExpired = false} = subject
  const keys = await makeKeys()
  const usage = ips ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  const certificate = await X509CertificateGenerator.create({
    ...validity(isExpired ? -1 : DAYS),
    subject: name,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new ExtendedKeyUsageExtension([usage]),
      ...(ips ? [new SubjectAlternativeNameExtension(ips.map(value => ({type: 'ip', value})))] : []),
    ],
  })
  const files = {certFile: `${path}.crt`, keyFile: `${path}.key`}
  await writeFile(files.certFile, certificate.toString('pem'))
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  await writeFile(files.keyFile, PemConverter.encode(key, PemConverter.PrivateKeyTag), {mode: 0o600})
  return files
}

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const validity = (days = DAYS) => {
  const end = Date.now() + days * 24 * HOUR_MS
  return {notBefore: new Date(Math.min(Date.now(), end) - HOUR_MS), notAfter: new Date(end)}
}
