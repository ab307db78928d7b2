/** Encodings in which people have files, `bom` with a byte order mark. */
export const encodings = ['utf-8', 'utf-8 bom', 'utf-16le', 'utf-16be', 'utf-16le without mark', 'utf-16be without mark'] as const
export type Encoded = (typeof encodings)[number]

/** A text in one of them. Windows PowerShell 5 writes `utf-16le`, its `-Encoding utf8` writes `utf-8 bom`. */
export function encoded(text: string, encoding: Encoded): Uint8Array {
  if (encoding === 'utf-8') return Buffer.from(text)
  if (encoding === 'utf-8 bom') return Buffer.from(`\ufeff${text}`)
  const little = Buffer.from(encoding.endsWith('without mark') ? text : `\ufeff${text}`, 'utf16le')
  return encoding.startsWith('utf-16be') ? little.swap16() : little
}
