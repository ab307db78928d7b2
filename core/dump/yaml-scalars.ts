/**
 * What a plain scalar of YAML means to kubectl: its reader follows YAML 1.1 with exceptions, so `yes` is true, `010` is 8, and `1:30` is
 * text.
 *
 * Source: sigs.k8s.io/yaml, goyaml.v2/resolve.go.
 */

const words = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(word => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(word => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
])

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** What a number may begin with. */
const NUMERIC = /^[-+.0-9]/

/** The value of a plain scalar. */
export function plainValue(text: string): string | number | boolean | null {
  const word = words.get(text)
  if (word !== undefined) return word
  return NUMERIC.test(text) ? (numberOf(text) ?? text) : text
}

function numberOf(text: string): number | undefined {
  // A number that begins with a point keeps its underscores, and is none with them.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '')
  const [, sign, hexadecimal, binary, octal, decimal] = INTEGER.exec(plain) ?? []
  if (sign !== undefined) {
    const value = Number(
      hexadecimal !== undefined
        ? `0x${hexadecimal}`
        : binary !== undefined
          ? `0b${binary}`
          : octal !== undefined
            ? `0o${octal}`
            : decimal,
    )
    return sign === '-' ? 0 - value : value
  }
  const value = FLOAT.test(plain) ? Number(plain) : Number.NaN
  // What is too large for a number stays text.
  return Number.isFinite(value) ? value : undefined
}
