import {createHash, generateKeyPair} from 'node:crypto'
import {promisify} from 'node:util'
import {audienceOf} from '../../core/contract/agent.ts'
import {pem, selfSigned} from './certificate.ts'

/** The key and certificate of the agent's TLS. Made at each start and never written to disk. */
export interface AgentKey {
  /** PEM */
  readonly key: string
  /** PEM. Only its key matters: the plugin asks for a token for that key, and checks no name. */
  readonly certificate: string
  /** SHA-256 of the public key (SPKI), base64url. */
  readonly fingerprint: string
  /** The audience that a token must have. */
  readonly audience: string
}

/** Nobody checks it: the key is used as long as the process runs. */
const CERTIFICATE_YEARS = 10
/** The certificate must be valid for clients whose clock is slow. */
const EARLIER_MS = 24 * 3600 * 1000

export async function makeKey(): Promise<AgentKey> {
  const {publicKey, privateKey} = await promisify(generateKeyPair)('ec', {namedCurve: 'P-256'})
  const from = new Date(Date.now() - EARLIER_MS)
  const to = new Date(from)
  to.setFullYear(to.getFullYear() + CERTIFICATE_YEARS)
  const fingerprint = createHash('sha256')
    .update(publicKey.export({type: 'spki', format: 'der'}))
    .digest('base64url')
  return {
    key: privateKey.export({type: 'pkcs8', format: 'pem'}),
    certificate: pem('CERTIFICATE', selfSigned(publicKey, privateKey, 'npm-agent', from, to)),
    fingerprint,
    audience: audienceOf(fingerprint),
  }
}
