import {execFileSync} from 'node:child_process'
import {createHash, generateKeyPairSync, X509Certificate} from 'node:crypto'
import {once} from 'node:events'
import {createServer} from 'node:https'
import {type AddressInfo} from 'node:net'
import {connect} from 'node:tls'
import {describe, expect, test} from 'vitest'
import {pem, selfSigned} from '../../../agent/serve/certificate.ts'
import {makeKey} from '../../../agent/serve/key.ts'

describe("the agent's key", () => {
  test('is another one at each start', async () => {
    const keys = await Promise.all([makeKey(), makeKey()])
    expect(keys[0].fingerprint).not.toBe(keys[1].fingerprint)
    expect(keys[0].audience).toBe(`npm-agent/${keys[0].fingerprint}`)
    expect(keys[0].fingerprint).toMatch(/^[\w-]{43}$/)
  })

  test('is what a client sees in the handshake', async () => {
    const {key, certificate, fingerprint} = await makeKey()
    const server = createServer({key, cert: certificate, minVersion: 'TLSv1.3'}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false})
    await once(socket, 'secureConnect')
    const seen = socket.getPeerX509Certificate()?.publicKey.export({type: 'spki', format: 'der'})
    expect(
      createHash('sha256')
        .update(seen ?? '')
        .digest('base64url'),
    ).toBe(fingerprint)
    socket.destroy()
    server.close()
  })

  test('has a certificate that signs itself and that strict readers take', async () => {
    const {certificate} = await makeKey()
    const read = new X509Certificate(certificate)
    expect(read.verify(read.publicKey)).toBe(true)
    expect(read.subject).toBe('CN=npm-agent')
    expect(Date.parse(read.validFrom)).toBeLessThan(Date.now())
    expect(Date.parse(read.validTo)).toBeGreaterThan(Date.now() + 9 * 365 * 24 * 3600 * 1000)
    const told = execFileSync('openssl', ['x509', '-noout', '-text'], {input: certificate, encoding: 'utf8'})
    expect(told).toMatch(/Version: 3 \(0x2\)[\s\S]*ecdsa-with-SHA256[\s\S]*NIST CURVE: P-256/)
    // The same bytes come out again: nothing was written in a longer form than it needs.
    const again = execFileSync('openssl', ['x509', '-outform', 'DER'], {input: certificate})
    expect(again.equals(read.raw)).toBe(true)
  })

  test('times are written in both of the forms that there are', () => {
    const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
    const from = new Date('2049-12-31T23:59:58.900Z')
    const to = new Date('2050-01-01T00:00:01Z')
    const read = new X509Certificate(pem('CERTIFICATE', selfSigned(publicKey, privateKey, 'x'.repeat(200), from, to)))
    expect(read.validFromDate.toISOString()).toBe('2049-12-31T23:59:58.000Z')
    expect(read.validToDate.toISOString()).toBe('2050-01-01T00:00:01.000Z')
    expect(read.subject).toBe(`CN=${'x'.repeat(200)}`)
  })
})
