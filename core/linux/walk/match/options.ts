import {Words} from '../../iptables/tokenizer.ts'

/** One option of a match: `! --ports 80,443`. */
export interface Option {
  /** Without its dashes. */
  readonly name: string
  readonly negated: boolean
  readonly values: readonly string[]
  /** The first value; the empty string if there is none. */
  readonly value: string
}

/** Takes the options of a match apart. Undefined for text in which a value or a `!` stands where an option should. */
export function readOptions(text: string): readonly Option[] | undefined {
  const words = new Words(text, 0, text.length)
  const options: Option[] = []
  while (!words.isDone) {
    const negated = words.isNegation()
    if (negated) words.skip()
    const name = words.next()
    if (!name.startsWith('--')) return undefined
    const values: string[] = []
    while (!words.isDone && !words.isNegation() && !isOption(words)) values.push(words.next())
    options.push({name: name.slice(2), negated, values, value: values[0] ?? ''})
  }
  return options
}

const DASH = 45

const isOption = (words: Words): boolean => words.code(0) === DASH && words.code(1) === DASH
