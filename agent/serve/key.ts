import {createHash, webcrypto} from 'node:crypto'
import {audienceOf} from '../../core/contract/agent.ts'

/** What the agent proves to be itself with. Made at each start and never written to disk. */
export interface AgentKey {
  /** PEM */
  readonly key: string
  /** PEM. Only its key counts: the plugin asks for a token for that key, and believes no name. */
  readonly certificate: string
  /** SHA-256 of the public key (SPKI), base64url. */
  readonly fingerprint: string
  /** What a token must be made for. */
  readonly audience: string
}

const ALGORITHM = {name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'}
/** Nobody looks at it: the key lives as long as the process. */
const CERTIFICATE_YEARS = 10
/** A client whose clock is late must not find the certificate too young. */
const EARLIER_MS = 24 * 3600 * 1000

export async function makeKey(): Promise<AgentKey> {
  await import('reflect-metadata')
  const {PemConverter, X509CertificateGenerator} = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const notBefore = new Date(Date.now() - EARLIER_MS)
  const notAfter = new Date(notBefore)
  notAfter.setFullYear(notAfter.getFullYear() + CERTIFICATE_YEARS)
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=npm-agent',
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: ALGORITHM,
  })
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey)
  const fingerprint = createHash('sha256').update(new Uint8Array(spki)).digest('base64url')
  return {
    key: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag),
    certificate: certificate.toString('pem'),
    fingerprint,
    audience: audienceOf(fingerprint),
  }
}
