const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const BRACKET = 0x5b
const BRACE = 0x7b
/** A small text may be as dense as it likes. */
const ALWAYS = 4096

/**
 * Whether a JSON text has more values than its length allows. What takes three bytes of a text, an empty object, takes sixty of a heap, so a
 * limit of bytes alone does not limit what is parsed. Values are counted by what begins or separates them, outside of strings.
 *
 * @param bytesOfValue how much text a value has at least, on average
 */
export function isTooDense(json: Buffer, bytesOfValue: number): boolean {
  let left = ALWAYS + json.length / bytesOfValue
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) at = endOfString(json, at)
    else if ((byte === COMMA || byte === BRACKET || byte === BRACE) && --left < 0) return true
  }
  return false
}

/** The place of the quote that ends a string. */
function endOfString(json: Buffer, start: number): number {
  let at = start
  for (;;) {
    at = json.indexOf(QUOTE, at + 1)
    if (at < 0) return json.length
    let slashes = 0
    while (json[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
}
