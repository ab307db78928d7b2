import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseSync} from 'rolldown/utils'
import {expect, test} from 'vitest'

/*
 * Every sentence that trace, diff, verify and policies can say stands in a golden file that somebody has read. Sentences are the texts in the
 * files below that have two words; those with values in them are looked for piece by piece.
 */

const root = fileURLToPath(new URL('../../..', import.meta.url))

const SPEAKING = [
  'core/agreement',
  'core/drift',
  'core/linux/causes',
  'core/linux/compare',
  'core/linux/foretold-node.ts',
  'core/linux/npm/node-options.ts',
  'core/linux/translate/describe-rule.ts',
  'core/linux/translate/describe-walk.ts',
  'core/linux/translate/direction-verdicts.ts',
  'core/linux/translate/verdict-reason.ts',
  'core/linux/walk',
  'core/policies',
  'core/policy/deviations.ts',
  'core/policy/evaluate.ts',
  'core/trace',
  'core/verify',
  'plugin/print/drift-items.ts',
  'plugin/print/drift.ts',
  'plugin/print/policies.ts',
  'plugin/print/trace.ts',
  'plugin/print/verification.ts',
  'plugin/print/where.ts',
]

/** What nobody is shown, or what no input leads to, and why. */
const UNSAID: Readonly<Record<string, string>> = {
  'security INPUT': 'a name',
  'security OUTPUT': 'a name',
  'mangle POSTROUTING': 'a name',
  'every node that was read has what it asks for': 'in JSON only: a line that says in force has no reason',
  'the packet does not leave the pod': 'in JSON only: a trace within a pod shows no directions',
  'lists set': 'no golden node lacks what only a list names; damaged-documents.test.ts makes such',
  'A range is written with a dash:': 'no golden file asks for such; trace-ports.test.ts holds it',
  'an address is translated to what depends on it': 'walks of sets give no reasons',
  'only IPv4 packets are walked: Azure NPM filters no others': 'an IPv6 address is refused before',
  'no way through the rules ends': 'kept for faults of our own',
  'is not in the save': 'a rule leads to chains of its save only; any other name is a target',
  'it is cut': 'a table that is cut says how',
  '- asked for and not there': 'the legend of colours, which no golden file has; the test of printed differences holds it',
  '+ there and not asked for': 'the same',
  'Names of different sets have one hash: members of the one count as members of the other':
    'names that collide are long to find',
  'Names of different policies have one hash: each gets rules of the other': 'the same',
  'is missing, with': 'a set that is missing is told by its pods, or by what may be cut off',
  'more sets': 'more than 20 sets are cut only where text is damaged everywhere',
  'it has too many rules to be compiled here': 'of millions of rules',
  'has too many rules to be compiled here': 'the same, of NPM v1',
  'the text has no end, and none of the lists that the kernel prints last: it is likely to be cut off':
    'of translate, sets and resolve',
  'the output of ipset has no end, so more lists may follow the last one': 'the same',
  'or later': 'the newest line of releases is told by nothing',
}

const filesIn = (path: string): string[] =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), {recursive: true, encoding: 'utf8'})
        .filter(name => name.endsWith('.ts'))
        .map(name => join(path, name))
    : [path]

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim()
const isSentence = (text: string): boolean => /[A-Za-z]{2,},? [a-zA-Z]{2,}/.test(text)

interface Syntax {
  readonly type?: string
  readonly source?: unknown
  readonly value?: unknown
}

/** Types of TypeScript around values, in which texts are said. */
const AROUND_VALUES = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'])

/** The texts of a program, without those of imports and types. */
function* textsIn(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const each of node) yield* textsIn(each)
    return
  }
  const {type = '', source, value} = node as Syntax
  if ((type.startsWith('Import') || type.startsWith('Export')) && source) return
  if (type.startsWith('TS') && !AROUND_VALUES.has(type)) return
  if (type === 'Literal' && typeof value === 'string') yield value
  if (type === 'TemplateElement') yield (value as {cooked: string}).cooked
  for (const [name, each] of Object.entries(node)) if (name !== 'type') yield* textsIn(each)
}

const sentencesOf = (file: string): string[] => {
  const {program} = parseSync(file, readFileSync(join(root, file), 'utf8'))
  return [...textsIn(program)].map(plain).filter(isSentence)
}

const golden = join(root, 'test/golden')
const screens = readdirSync(golden)
  .filter(name => /^(?:trace|diff|verify|policies)-/.test(name))
  .map(name => plain(readFileSync(join(golden, name), 'utf8')))
const isShown = (sentence: string): boolean => screens.some(screen => screen.includes(sentence))

test('every sentence of trace, diff, verify and policies is in a golden file', () => {
  const all = SPEAKING.flatMap(filesIn).flatMap(file => sentencesOf(file).map(sentence => ({file, sentence})))
  expect(all.length).toBeGreaterThan(300)
  expect(all.filter(({sentence}) => !(sentence in UNSAID) && !isShown(sentence))).toEqual([])
  const said = new Set(all.map(({sentence}) => sentence))
  expect(Object.keys(UNSAID).filter(sentence => !said.has(sentence) || isShown(sentence))).toEqual([])
})
