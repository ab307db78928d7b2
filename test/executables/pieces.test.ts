import {runInThisContext, Script} from 'node:vm'
import {expect, test} from 'vitest'
import {verbs} from '../../plugin/commands/index.ts'
import {pieceLoader} from '../../scripts/executables/inside/load-pieces.ts'
import {kindOf, kinds, OTHERS} from '../../scripts/executables/names.ts'
import {pieceSource} from '../../scripts/executables/pieces.ts'

/** Loads pieces that are in memory; `cache` as an executable would have it. */
function loaderOf(texts: Readonly<Record<string, string>>, cache?: (name: string) => Uint8Array | undefined) {
  const refused: string[] = []
  const load = pieceLoader({
    source: name => pieceSource(texts[name] ?? ''),
    folder: () => '/nowhere',
    compiled: (name, script) => void (script.cachedDataRejected && refused.push(name)),
    ...(cache && {cache}),
  })
  return {load, refused}
}

test('pieces name each other from the folder that they lie in, and each is loaded once', () => {
  const {load} = loaderOf({
    'lib/a.js': "exports.same = require('./b.js') === require('./koffi/../b.js'); exports.file = require('./koffi/c.js').file",
    'lib/b.js': "exports.a = require('./a.js')",
    'lib/koffi/c.js': "exports.file = [__filename, __dirname, require('../b.js').a !== undefined]",
  })
  expect(load('lib/a.js')).toEqual({same: true, file: ['/nowhere/lib/koffi/c.js', '/nowhere/lib/koffi', true]})
})

test.each(['/etc/passwd', 'yaml', '/dev/null/kubectl-npm/package.json', 'node:nothing'])(
  'a piece gets nothing but Node: %s',
  id => {
    const {load} = loaderOf({'lib/a.js': `require(${JSON.stringify(id)})`})
    expect(() => load('lib/a.js')).toThrow(`${id} is not in this program`)
    expect(loaderOf({'lib/a.js': "exports.path = require('node:path').sep + require('path').sep"}).load('lib/a.js')).toBeDefined()
  },
)

test('V8 takes what was kept of a piece, and compiles the piece where it does not', () => {
  const text = 'exports.answer = (() => 6 * 7)()'
  const kept = new Script(pieceSource(text), {filename: 'kept.js'}).createCachedData()
  const broken = Buffer.from(kept)
  broken[0] = (kept[0] ?? 0) ^ 1
  for (const [index, cache] of [kept, broken, kept.subarray(0, 40), Buffer.alloc(0)].entries()) {
    // V8 asks for nothing when it knows the same text under the same name.
    const name = `lib/${index}.js`
    const {load, refused} = loaderOf({[name]: text}, () => cache)
    expect(load(name)).toEqual({answer: 42})
    expect(refused).toEqual(index === 0 ? [] : [name])
  }
})

test('a text in single bytes means what it meant', () => {
  const text = "module.exports = [`„${'é'}“`, '→\\u2192', /^[–—]$/.test('—'), '👍'.length, /^👍$/u.test('👍')]"
  const source = pieceSource(text)
  expect(/^[\0-\xff]*$/.test(source)).toBe(true)
  const module = {exports: {}}
  runInThisContext(Buffer.from(source, 'latin1').toString('latin1'))({}, undefined, module)
  expect(module.exports).toEqual(['„é“', '→→', true, 2, true])
  expect(() => pieceSource("'\\→'")).toThrow('this cannot be written in single bytes')
  expect(() => pieceSource('String.raw`→`')).toThrow('this cannot be written in single bytes')
})

test('each verb of a kind is a verb, and help is of none', () => {
  const named = Object.values(kinds).flat()
  expect(new Set(named).size).toBe(named.length)
  expect(named.filter(name => !(name in verbs))).toEqual([])
  expect([kindOf(['trace', 'a', 'b']), kindOf(['trace', '-h']), kindOf(['help', 'trace']), kindOf([])]).toEqual([
    'packets',
    OTHERS,
    OTHERS,
    OTHERS,
  ])
})
