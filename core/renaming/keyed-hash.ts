import {hmac} from '@noble/hashes/hmac.js'
import {sha256} from '@noble/hashes/sha2.js'
import {concatBytes, utf8ToBytes} from '@noble/hashes/utils.js'

/** What a key must have: nobody may find it by trying. */
export const KEY_BYTES = 32

/**
 * Turns texts into bytes that nobody can foretell or check a guess against without the key. The key is made for one dump and
 * thrown away, so two redactions of the same dump have nothing in common.
 */
export class KeyedHash {
  private readonly key: Uint8Array

  /** @param key random bytes */
  constructor(key: Uint8Array) {
    if (key.length < KEY_BYTES) throw new Error(`a key of ${key.length} bytes can be guessed`)
    this.key = key
  }

  /** A key for one purpose, or for another try. */
  derive(purpose: string): KeyedHash {
    return new KeyedHash(hmac(sha256, this.key, utf8ToBytes(`key ${purpose}`)))
  }

  /** 32 bytes for some bytes. */
  ofBytes(bytes: Uint8Array): Uint8Array {
    return hmac(sha256, this.key, bytes)
  }

  /** As many bytes as asked for, for a text. */
  ofText(text: string, length = 32): Uint8Array {
    const input = utf8ToBytes(text)
    const blocks: Uint8Array[] = []
    for (let number = 0; number * 32 < length; number++)
      blocks.push(this.ofBytes(concatBytes(Uint8Array.of(number & 255, number >>> 8), input)))
    return concatBytes(...blocks).subarray(0, length)
  }
}
