import type {stringify as Stringify} from 'yaml'
import {escapeJson, hasControls} from '../../core/text/escape.ts'

/** Part of a document that is made while it is printed, because all of it would not fit into memory. */
export type Streamed = Record<string, unknown>

const isStream = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Symbol.iterator in value

/** A document with all its parts made, as a reader of its JSON has it. */
export const wholeDocument = (document: Streamed): Record<string, unknown> =>
  JSON.parse(JSON.stringify(document, (_, value: unknown) => (isStream(value) ? [...value] : value))) as Record<string, unknown>

const indented = (json: string, by: string): string => json.replaceAll('\n', `\n${by}`)

/** A document as JSON lines. Fields that are iterators are printed item by item. */
export function* jsonLines(document: Streamed): Generator<string> {
  const fields = Object.entries(document).filter(([, value]) => value !== undefined)
  yield '{'
  for (const [index, [key, value]] of fields.entries()) {
    const comma = index === fields.length - 1 ? '' : ','
    const head = `  ${JSON.stringify(key)}: `
    if (!isStream(value)) {
      yield escapeJson(head + indented(JSON.stringify(value, null, 2), '  ')) + comma
      continue
    }
    let item: string | undefined
    for (const each of value) {
      yield item === undefined ? `${head}[` : `${item},`
      item = escapeJson(`    ${indented(JSON.stringify(each, null, 2), '    ')}`)
    }
    if (item === undefined) yield `${head}[]${comma}`
    else {
      yield item
      yield `  ]${comma}`
    }
  }
  yield '}'
}

/**
 * The same document as YAML. What holds control characters is printed as JSON, which is YAML too and can escape them
 * all.
 */
export async function yamlLines(document: Streamed): Promise<Iterable<string>> {
  const {stringify} = await import('yaml')
  return linesOf(document, stringify)
}

function* linesOf(document: Streamed, stringify: typeof Stringify): Generator<string> {
  const print = (value: unknown): string => {
    const text = stringify(value, {lineWidth: 0, aliasDuplicateObjects: false}).trimEnd()
    return hasControls(text) ? escapeJson(JSON.stringify(value)) : text
  }
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue
    if (!isStream(value)) {
      const text = print(value)
      const isBlock = typeof value === 'object' && value !== null && !/^[[{]/.test(text)
      yield isBlock ? `${key}:\n  ${indented(text, '  ')}` : `${key}: ${indented(text, '  ')}`
      continue
    }
    let isEmpty = true
    for (const item of value) {
      if (isEmpty) yield `${key}:`
      isEmpty = false
      yield `  - ${indented(print(item), '    ')}`
    }
    if (isEmpty) yield `${key}: []`
  }
}
