import {InputError} from '../core/problem/input-error.ts'

interface KnownFlag {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly allowNo?: boolean | undefined
}

/** As Go reads truth values, and so kubectl. */
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map(word => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map(word => [word, false] as const),
])

/**
 * Flags that are on or off may have a value behind a sign of equality, as with kubectl: `--watch=false`.
 *
 * @throws InputError for any other value
 */
export function withoutBooleanValues(words: readonly string[], flags: Readonly<Record<string, KnownFlag>>): string[] {
  const end = words.indexOf('--')
  const limit = end < 0 ? words.length : end
  return words.flatMap((word, at) => {
    const [, name = '', value = ''] = (at < limit && /^(--[^=]+|-[^-=])=(.*)$/s.exec(word)) || []
    const found = Object.entries(flags).find(([long, {char}]) => name === `--${long}` || name === `-${char}`)
    const [long, flag] = found ?? []
    if (flag?.type !== 'boolean') return [word]
    const isOn = TRUTH.get(value)
    if (isOn === undefined)
      throw new InputError(`${name}=${value}: it is on or off`, `Say ${name}, ${name}=true or ${name}=false.`)
    return isOn ? [`--${long}`] : flag.allowNo ? [`--no-${long}`] : []
  })
}
