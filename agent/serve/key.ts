import {createHash, generateKeyPair} from 'node:crypto'
import {promisify} from 'node:util'
import {audienceOf} from '../../core/contract/agent.ts'
import {pem, selfSigned} from './certificate.ts'

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

/** Nobody looks at it: the key lives as long as the process. */
const CERTIFICATE_YEARS = 10
/** A client whose clock is late must not find the certificate too young. */
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
