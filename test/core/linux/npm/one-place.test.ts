import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseSync} from 'rolldown/utils'
import {describe, expect, test} from 'vitest'

/** Facts about Azure NPM on Linux that core/linux/npm alone writes down; everybody else imports them. Comments may name them. */
const facts: readonly {readonly name: string; readonly pattern: RegExp}[] = [
  {name: 'names of chains', pattern: /AZURE-NPM|KUBE-SERVICES|'FORWARD'/},
  {name: 'marks', pattern: /\b0x(?:[248]00|[1245]000)\b/},
  {name: 'what iptables takes and keeps of a comment', pattern: /\b(?:255|1023)\b/},
  {name: 'what sets have room for', pattern: /\b(?:65_?536|4_?294_?967_?295)\b/},
]

const HOME = 'core/linux/npm/'

/** Files that look like one and are none, or that quote a fact to a person where no data plane is known. */
const exempt: Readonly<Record<string, string>> = {
  'agent/xtables/entries.ts': 'the built-in chains of iptables, in the order of the numbers of their hooks',
  'core/contract/program.ts': 'a description in the schema',
  'core/drift/repair-hint.ts': 'sentences to people',
  'core/flows/parse-connections.ts': 'numbers of protocols and of icmp are bytes',
  'core/kubernetes/api-blocks.ts': 'bytes of an address',
  'core/kubernetes/named-ports.ts': 'ports end at 65535',
  'core/lint/codes/linux.ts': 'sentences about a code',
  'core/lint/codes/refused.ts': 'sentences about a code',
  'core/linux/iptables/table-extent.ts': 'the built-in chains of iptables',
  'core/matrix/stand-ins.ts': 'an address',
  'core/net/ipv4.ts': 'bytes of an address',
  'core/net/protocols.ts': 'the number of a protocol is a byte',
  'core/packets/services.ts': 'ports end at 65535',
  'core/renaming/keyed-hash.ts': 'bytes of a number',
  'core/sets/port-key.ts': 'a port is two bytes',
  'plugin/commands/resolve.ts': 'an example in the help',
  'plugin/commands/trace.ts': 'an example in the help',
}

const root = join(import.meta.dirname, '../../../..')
const files = ['core', 'agent', 'plugin'].flatMap(tree =>
  readdirSync(join(root, tree), {recursive: true, encoding: 'utf8'})
    .filter(name => /\.tsx?$/.test(name))
    .map(name => `${tree}/${name}`),
)

/** Lines of a file without its comments. */
function codeOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const parts: string[] = []
  let at = 0
  for (const {start, end} of parseSync(file, text).comments) {
    // Line feeds stay, so that lines keep their numbers.
    parts.push(text.slice(at, start), text.slice(start, end).replaceAll(/[^\n]/g, ''))
    at = end
  }
  return [...parts, text.slice(at)].join('').split('\n')
}

const code = new Map(files.map(file => [file, codeOf(file)]))

function placesOf(pattern: RegExp): {file: string; place: string}[] {
  return [...code].flatMap(([file, lines]) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [{file, place: `${file}:${index + 1} ${line.trim()}`}] : [])),
  )
}

describe.each(facts)('$name', ({pattern}) => {
  const places = placesOf(pattern)

  test('stand in core/linux/npm', () => {
    expect(places.filter(({file}) => file.startsWith(HOME))).not.toEqual([])
  })

  test('stand nowhere else', () => {
    const elsewhere = places.filter(({file}) => !file.startsWith(HOME) && !(file in exempt)).map(({place}) => place)
    expect(elsewhere, 'import the constant from core/linux/npm').toEqual([])
  })
})

test('every file that is exempt needs to be', () => {
  const found = new Set(facts.flatMap(({pattern}) => placesOf(pattern)).map(({file}) => file))
  expect(Object.keys(exempt).filter(file => !found.has(file))).toEqual([])
})
