import {type KeyObject, randomBytes, sign} from 'node:crypto'

/**
 * A self-signed certificate in the smallest form that TLS 1.3 accepts. Clients check only its key. A library that writes one
 * would take 12 MB of the agent's memory for as long as it runs.
 * Source: RFC 5280 section 4.1, ITU-T X.690 section 8.
 */
export function selfSigned(publicKey: KeyObject, privateKey: KeyObject, name: string, from: Date, to: Date): Buffer {
  const names = sequence(set(sequence(COMMON_NAME, der(Tag.utf8String, Buffer.from(name)))))
  const content = sequence(
    der(Tag.version, der(Tag.integer, Buffer.of(VERSION_3))),
    der(Tag.integer, serialNumber()),
    ECDSA_WITH_SHA256,
    names,
    sequence(time(from), time(to)),
    names,
    publicKey.export({type: 'spki', format: 'der'}),
  )
  const signature = sign('sha256', content, {key: privateKey, dsaEncoding: 'der'})
  return sequence(content, ECDSA_WITH_SHA256, der(Tag.bitString, Buffer.of(0), signature))
}

/** Bytes as PEM. */
export const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END ${label}-----\n`

const Tag = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
} as const

/** Counted from 0. */
const VERSION_3 = 2
const SERIAL_BYTES = 16
/** Beyond it a time has four digits for its year. */
const LAST_YEAR_OF_TWO_DIGITS = 2049

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), lengthOf(content), content])
}

function lengthOf({length}: Buffer): Buffer {
  if (length < 0x80) return Buffer.of(length)
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(Tag.sequence, ...parts)
const set = (...parts: readonly Buffer[]): Buffer => der(Tag.set, ...parts)

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(der(Tag.oid, Buffer.from('2a8648ce3d040302', 'hex')))
/** 2.5.4.3 */
const COMMON_NAME = der(Tag.oid, Buffer.from('550403', 'hex'))

/** Positive, and written in as few bytes as it needs: other readers are strict. */
function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES)
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes
}

function time(at: Date): Buffer {
  const digits = `${at.toISOString().replaceAll(/[^\d]/g, '').slice(0, 14)}Z`
  return at.getUTCFullYear() > LAST_YEAR_OF_TWO_DIGITS
    ? der(Tag.generalizedTime, Buffer.from(digits))
    : der(Tag.utcTime, Buffer.from(digits.slice(2)))
}
