import type {jsonpath} from 'json-p3'
import {InputError} from '../../core/problem/input-error.ts'
import {escapeControls} from '../../core/text/escape.ts'

type Library = typeof jsonpath
type Value = Parameters<Library['query']>[1]

const EXAMPLE = `Write it as for kubectl: -o jsonpath='{range .items[*]}{.name}{"\\n"}{end}'`

/** A part of a template: text, a path whose values are printed, or a part that is printed for each value of a path. */
type Part =
  | {readonly kind: 'text'; readonly text: string}
  | {readonly kind: 'path'; readonly path: string}
  | {readonly kind: 'range'; readonly path: string; readonly parts: readonly Part[]}

/**
 * Prints the parts of a document that a template of kubectl asks for: text, `{.path}`, `{range .path}…{end}`, `{"text"}`.
 *
 * Source: https://kubernetes.io/docs/reference/kubectl/jsonpath; paths are those of RFC 9535, which all of kubectl's are but for the leading `$`.
 *
 * @throws InputError for a template that cannot be read
 */
export async function jsonPathLines(document: unknown, template: string): Promise<Iterable<string>> {
  const {jsonpath: library} = await import('json-p3')
  const parts = readTemplate(template)
  let text: string
  try {
    text = printed(parts, document as Value, library)
  } catch (error) {
    throw unreadable(template, (error as Error).message)
  }
  // Unlike kubectl's, the last line ends: a prompt behind an answer is read as part of it.
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map(line => line.split('\t').map(escapeControls).join('\t'))
}

/**
 * The values of a path: `.node`, `{.items[*].name}`.
 *
 * @throws InputError for what is no path
 */
export async function valuesOfPath(path: string): Promise<(value: unknown) => unknown[]> {
  const {jsonpath: library} = await import('json-p3')
  const standard = standardPath(path.replace(/^\{(.*)\}$/s, '$1'))
  try {
    const query = library.compile(standard)
    return value => query.query(value as Value).values()
  } catch (error) {
    throw unreadable(path, (error as Error).message)
  }
}

const unreadable = (template: string, why: string): InputError => new InputError(`${template} is no JSONPath: ${why}`, EXAMPLE)

/** kubectl leaves out the `$`, and sometimes the dot, and escapes dots within names. */
function standardPath(path: string): string {
  const rest = path.trim().replace(/^\$/, '').replace(/^@/, '')
  const rooted = rest === '' || /^[.[]/.test(rest) ? rest : `.${rest}`
  // `.` alone is the value itself.
  if (rooted === '.') return '$'
  // What stands in brackets is written as the standard has it.
  return `$${rooted.replaceAll(/\[[^\]]*\]|\.((?:[\w/-]|\\.)+)/g, (all, name?: string) => (name === undefined ? all : segment(name)))}`
}

const segment = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name.replaceAll('\\', ''))}]`

function readTemplate(template: string): Part[] {
  const open: {readonly path: string; readonly parts: Part[]}[] = [{path: '', parts: []}]
  const inner = () => (open.at(-1) as (typeof open)[number]).parts
  for (const [, text, action] of template.matchAll(/([^{]+)|\{((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}/g)) {
    const words = action?.trim()
    if (words === undefined) inner().push({kind: 'text', text: text ?? ''})
    else if (words.startsWith('"')) inner().push({kind: 'text', text: textOf(words, template)})
    else if (words.startsWith('range ')) open.push({path: standardPath(words.slice('range '.length)), parts: []})
    else if (words === 'end') {
      const range = open.length > 1 ? open.pop() : undefined
      if (!range) throw unreadable(template, '{end} without {range}')
      inner().push({kind: 'range', ...range})
    } else inner().push({kind: 'path', path: standardPath(words)})
  }
  if (open.length > 1) throw unreadable(template, '{range} without {end}')
  const length = [...template.matchAll(/([^{]+)|\{((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}/g)].reduce(
    (sum, [all]) => sum + all.length,
    0,
  )
  if (length < template.length) throw unreadable(template, 'a brace is not closed')
  return inner()
}

function textOf(quoted: string, template: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    throw unreadable(template, `${quoted} is no text`)
  }
}

function printed(parts: readonly Part[], value: Value, library: Library): string {
  const values = (path: string) => library.query(path, value).values()
  return parts
    .map(part => {
      if (part.kind === 'text') return part.text
      if (part.kind === 'path') return values(part.path).map(plain).join(' ')
      return values(part.path)
        .map(each => printed(part.parts, each, library))
        .join('')
    })
    .join('')
}

/** Text as it is, all else as JSON. */
export const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
