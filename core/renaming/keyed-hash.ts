import {hmac} from '@noble/hashes/hmac.js'
import {sha256} from '@noble/hashes/sha2.js'
import {concatBytes, utf8ToBytes} from '@noble/hashes/utils.js'

/** Length of a key, so that nobody can find it by trying. */
export const KEY_BYTES = 32

/**
 * Maps texts to bytes that nobody can predict without the key, nor use to check a guess. The key is made for one dump and
 * discarded, so two redactions of the same dump have nothing in common.
 */
export class KeyedHash {
  private readonly key: Uint8Array

  /**
   * @param key random bytes, at least `KEY_BYTES`
   * @throws Error when the key is shorter
   */
  constructor(key: Uint8Array) {
    if (key.length < KEY_BYTES) throw new Error(`a key of ${key.length} bytes can be guessed`)
    this.key = key
  }

  /** A hash with another key, for one purpose or one more try. */
  derive(purpose: string): KeyedHash {
    return new KeyedHash(hmac(sha256, this.key, utf8ToBytes(`key ${purpose}`)))
  }

  /** @returns 32 bytes */
  ofBytes(bytes: Uint8Array): Uint8Array {
    return hmac(sha256, this.key, bytes)
  }

  /** @returns as many bytes as asked for */
  ofText(text: string, length = 32): Uint8Array {
    const input = utf8ToBytes(text)
    const blocks: Uint8Array[] = []
    for (let number = 0; number * 32 < length; number++)
      blocks.push(this.ofBytes(concatBytes(Uint8Array.of(number & 255, number >>> 8), input)))
    return concatBytes(...blocks).subarray(0, length)
  }
}
