import {createHmac, generateKeyPairSync, type KeyObject, sign} from 'node:crypto'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {isSigned, parseKeySet, tokenHeader} from '../../../agent/auth/token-signature.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const rsa: Pair = generateKeyPairSync('rsa', {modulusLength: 2048})
const otherRsa: Pair = generateKeyPairSync('rsa', {modulusLength: 2048})
const [p256, otherP256, p384, p521] = ['P-256', 'P-256', 'P-384', 'P-521'].map(
  (namedCurve): Pair => generateKeyPairSync('ec', {namedCurve}),
) as [Pair, Pair, Pair, Pair]

const hashes: Readonly<Record<string, string>> = {256: 'sha256', 384: 'sha384', 512: 'sha512'}

function tokenBy({privateKey}: Pair, alg: string, header: object = {}): string {
  const content = `${encode({alg, kid: 'k', ...header})}.${encode({sub: 'x'})}`
  const signature = sign(hashes[alg.slice(2)], Buffer.from(content), {key: privateKey, dsaEncoding: 'ieee-p1363'})
  return `${content}.${signature.toString('base64url')}`
}

const jwk = ({publicKey}: Pair, fields: object = {}): object => ({
  kid: 'k',
  use: 'sig',
  ...publicKey.export({format: 'jwk'}),
  ...fields,
})

function isGood(token: string, ...keys: object[]): boolean {
  const header = tokenHeader(token)
  return header !== undefined && isSigned(token, header, parseKeySet({keys}))
}

describe('a token', () => {
  test.each<[string, Pair]>([
    ['RS256', rsa],
    ['RS384', rsa],
    ['RS512', rsa],
    ['ES256', p256],
    ['ES384', p384],
    ['ES512', p521],
  ])('signed by %s is good with the key of its signer, whether or not that names the algorithm', (alg, pair) => {
    const token = tokenBy(pair, alg)
    expect(isGood(token, jwk(pair, {alg}))).toBe(true)
    expect(isGood(token, jwk(pair))).toBe(true)
    expect(isGood(token, jwk(rsa, {kid: 'other'}), jwk(otherRsa), jwk(pair))).toBe(true)
  })

  test.each<{name: string; token: string; keys: object[]}>([
    {name: 'signed with another key of the same kind', token: tokenBy(otherP256, 'ES256'), keys: [jwk(p256)]},
    {name: 'signed with another RSA key', token: tokenBy(otherRsa, 'RS256'), keys: [jwk(rsa)]},
    {name: 'that names another key', token: tokenBy(p256, 'ES256', {kid: 'z'}), keys: [jwk(p256)]},
    {name: 'by an algorithm that the key is not for', token: tokenBy(rsa, 'RS512'), keys: [jwk(rsa, {alg: 'RS256'})]},
    {name: 'of RSA where the key is of ECDSA', token: tokenBy(rsa, 'RS256'), keys: [jwk(p256)]},
    {name: 'of ECDSA where the key is of RSA', token: tokenBy(p256, 'ES256'), keys: [jwk(rsa)]},
    {name: 'by a hash that does not belong to the curve', token: tokenBy(p256, 'ES384'), keys: [jwk(p256)]},
    {name: 'of another curve', token: tokenBy(p384, 'ES256'), keys: [jwk(p256), jwk(p384)]},
    {name: 'where there are no keys', token: tokenBy(p256, 'ES256'), keys: []},
    {name: 'without a signature', token: `${tokenBy(p256, 'ES256').split('.').slice(0, 2).join('.')}.`, keys: [jwk(p256)]},
    {name: 'of one part', token: encode({alg: 'ES256', kid: 'k'}), keys: [jwk(p256)]},
  ])('$name is not', ({token, keys}) => {
    expect(tokenHeader(token)).toBeDefined()
    expect(isGood(token, ...keys)).toBe(false)
  })

  test('whose signature is in the form of certificates is not', () => {
    const content = `${encode({alg: 'ES256', kid: 'k'})}.${encode({sub: 'x'})}`
    const signature = sign('sha256', Buffer.from(content), {key: p256.privateKey, dsaEncoding: 'der'})
    expect(isGood(`${content}.${signature.toString('base64url')}`, jwk(p256))).toBe(false)
  })

  test('that was changed anywhere is not', () => {
    const token = tokenBy(p256, 'ES256')
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.nat(63), (at, change) => {
        const before = Buffer.from(`${token.slice(0, at)}A${token.slice(at + 1)}`).toString()
        const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[change] as string
        const changed = before.slice(0, at) + letter + before.slice(at + 1)
        // The last letter of a part has bits that mean nothing.
        const bytes = (text: string) => text.split('.').map(part => Buffer.from(part, 'base64url').toString('hex'))
        const isSame = bytes(changed).join('.') === bytes(token).join('.')
        return isSame || !isGood(changed, jwk(p256))
      }),
      {numRuns: 2000},
    )
  })
})

describe('a header', () => {
  test.each<{name: string; header: string}>([
    {name: 'without a signature', header: encode({alg: 'none', kid: 'k'})},
    {name: 'of a shared secret', header: encode({alg: 'HS256', kid: 'k'})},
    {name: 'of an algorithm that is a property of all objects', header: encode({alg: '__proto__', kid: 'k'})},
    {name: 'of another such one', header: encode({alg: 'constructor', kid: 'k'})},
    {name: 'that names no key', header: encode({alg: 'ES256'})},
    {name: 'that names it by a number', header: encode({alg: 'ES256', kid: 1})},
    {name: 'with extensions', header: encode({alg: 'ES256', kid: 'k', crit: ['exp']})},
    {name: 'of null', header: encode(null)},
    {name: 'that is no JSON', header: 'abc'},
    {name: 'that is empty', header: ''},
  ])('$name is one that no API server makes', ({header}) => {
    expect(tokenHeader(`${header}.${encode({})}.abc`)).toBeUndefined()
  })

  test('of a shared secret is not checked with the public key as that secret', () => {
    const content = `${encode({alg: 'HS256', kid: 'k'})}.${encode({sub: 'x'})}`
    const secret = rsa.publicKey.export({type: 'spki', format: 'pem'})
    expect(isGood(`${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`, jwk(rsa))).toBe(false)
  })
})

describe('a key set', () => {
  test('is read as far as it is understood', () => {
    const keys = [
      jwk(p256),
      jwk(rsa, {alg: 'RS256'}),
      null,
      {kty: 'oct', kid: 'secret', k: 'abc'},
      {kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'abc'},
      {kty: 'EC', kid: 'broken', crv: 'P-256', x: 'abc', y: 'def'},
      jwk(p384, {use: 'enc'}),
      jwk(p384, {kid: ''}),
    ]
    expect(parseKeySet({keys}).map(({kid, alg, key}) => `${kid} ${alg} ${key.asymmetricKeyType} ${key.type}`)).toEqual([
      'k undefined ec public',
      'k RS256 rsa public',
    ])
  })

  test('that holds a private key gives the public one', () => {
    const [key] = parseKeySet({keys: [{kid: 'k', ...p256.privateKey.export({format: 'jwk'})}]})
    expect(key?.key.type).toBe('public')
  })

  test.each([undefined, null, 'text', [], {}, {keys: {}}])('is not %j', answer => {
    expect(() => parseKeySet(answer)).toThrow()
  })
})
