import {spawnSync} from 'node:child_process'
import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import * as yaml from 'yaml'
import {parseYamlDocuments} from '../../../core/dump/yaml-documents.ts'
import {yamlValue} from '../../../core/dump/yaml-values.ts'

/** The values of all documents; the message of the first one that is refused. */
function valuesOf(text: string): unknown {
  try {
    return parseYamlDocuments(text, yaml).documents.map(document => {
      if (document.errors[0]) throw document.errors[0]
      return yamlValue(document, yaml).value
    })
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

/** Text of a map, with what kubectl 1.32 makes of it. */
const taken: readonly {what: string; text: string; value: unknown}[] = [
  {what: 'brackets that close below their key', text: 's: {m: {\na: w\n}}\nt: 1', value: {s: {m: {a: 'w'}}, t: 1}},
  {what: 'brackets at the margin', text: 'a:\n  b: [\n1,\n2\n]\n  c: 1', value: {a: {b: [1, 2], c: 1}}},
  {what: 'brackets of a list', text: 'a:\n- b: {\n  c: 1\n}\n- d: [\n]', value: {a: [{b: {c: 1}}, {d: []}]}},
  {what: 'a tab in brackets', text: 't:\n  [\n    "A",\n\t  "B"\n  ]', value: {t: ['A', 'B']}},
  {what: 'text of several lines in brackets', text: 'a: [b\nc, d]', value: {a: ['b c', 'd']}},
  {what: "quotes at their key's column", text: `m:\n  q: '{\n    "o": 1\n  }'\ns: 1`, value: {m: {q: '{ "o": 1 }'}, s: 1}},
  {what: 'quotes at the margin', text: 'm:\n  q: "a\nb\n\n c"\ns: 1', value: {m: {q: 'a b\nc'}, s: 1}},
  {what: 'quotes in brackets', text: `a: ['x\ny', "z\nw"]`, value: {a: ['x y', 'z w']}},
  {
    what: 'text that looks like an open bracket or quote',
    text: `a: it's [x\nb: |\n  "y\n  [\nc: x\n  'z\nd: # {\n  e\nf: [\n1]`,
    value: {a: "it's [x", b: '"y\n[\n', c: "x 'z", d: 'e', f: [1]},
  },
  {what: 'a merge key', text: 'x: &w {a: 1, b: 1}\ns:\n  <<: *w\n  b: 2', value: {x: {a: 1, b: 1}, s: {a: 1, b: 2}}},
  {what: 'a merge key behind others', text: 'x: &w {a: 1}\ns:\n  a: 5\n  <<: *w', value: {x: {a: 1}, s: {a: 1}}},
  {
    what: 'a merge of several maps, of which the first counts',
    text: 'x: &w {a: 1, b: 1}\nz: &v {a: 2, c: 3}\ns:\n  <<: [*w, *v]\n  b: 9',
    value: {x: {a: 1, b: 1}, z: {a: 2, c: 3}, s: {a: 1, c: 3, b: 9}},
  },
  {
    what: 'a merge of merges',
    text: 'x: &x {a: 1}\nz: &z\n  <<: *x\n  b: 2\ns:\n  <<: *z',
    value: {x: {a: 1}, z: {a: 1, b: 2}, s: {a: 1, b: 2}},
  },
  {what: 'a quoted merge key, which is a key', text: 's:\n  "<<": {a: 1}', value: {s: {'<<': {a: 1}}}},
  {
    what: 'words for true',
    text: 'a: [y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]',
    value: {a: Array.from({length: 11}, () => true)},
  },
  {
    what: 'words for false',
    text: 'a: [n, N, no, No, NO, off, Off, OFF, false, False]',
    value: {a: Array.from({length: 10}, () => false)},
  },
  {what: 'words for nothing', text: 'a: [~, null, Null, NULL]\nb:', value: {a: [null, null, null, null], b: null}},
  {
    what: 'words for none of these',
    text: 'a: [tRue, oN, nUll, "yes", \'no\', !!str on]',
    value: {a: ['tRue', 'oN', 'nUll', 'yes', 'no', 'on']},
  },
  {what: 'octal numbers', text: 'a: [010, 0o10, -010, 08, 09, 0o8]', value: {a: [8, 8, -8, 8, 9, '0o8']}},
  {what: 'other numbers', text: 'a: [0x1F, 0b11, 1_000, +5, -0b11, 0x, 1__0]', value: {a: [31, 3, 1000, 5, -3, '0x', 10]}},
  {
    what: 'fractions',
    text: 'a: [1.0, 1e3, .5, 5., 1_000.5, -.5, 1e400, 1e]',
    value: {a: [1, 1000, 0.5, 5, 1000.5, -0.5, '1e400', '1e']},
  },
  {
    what: 'times, which are text',
    text: 'a: [1:30, 190:20:30, 2001-01-01, 1.2.3]',
    value: {a: ['1:30', '190:20:30', '2001-01-01', '1.2.3']},
  },
  {
    what: 'tags',
    text: 'a: !!int "3"\nb: !!str 1\nc: !!bool yes\nd: ! 1\ne: !foo x',
    value: {a: 3, b: '1', c: true, d: '1', e: 'x'},
  },
  {
    what: 'keys that are no text',
    text: '1: a\n1.5: b\n010: c\nyes: d\n"no": e',
    value: {1: 'a', 1.5: 'b', 8: 'c', true: 'd', no: 'e'},
  },
  {what: 'a key that is there twice', text: 'a: 1\nb: {c: 1, c: 2}\na: 3', value: {a: 3, b: {c: 2}}},
  {what: 'a byte order mark', text: '\ufeffa: 1', value: {a: 1}},
  {what: 'line ends of Windows', text: 'a: 1\r\nb: |\r\n  x\r\n  y\r\nc: {\r\nd: 1\r\n}', value: {a: 1, b: 'x\ny\n', c: {d: 1}}},
  {what: 'line ends of an old Mac', text: 'a: 1\rb: 2\r', value: {a: 1, b: 2}},
  {what: 'tabs behind keys and values', text: 'a:\t1\t\nb:\t\tx', value: {a: 1, b: 'x'}},
  {what: 'anchors', text: 'a: &x [1]\nb: *x\n&k c: 2\nd: *k\ne: &x 1\nf: *x', value: {a: [1], b: [1], c: 2, d: 'c', e: 1, f: 1}},
]

const refused: readonly {what: string; text: string; reason: RegExp}[] = [
  {what: 'an alias without an anchor', text: 'a: *x', reason: /alias/i},
  {what: 'an alias of its own map', text: 'a: &x\n  b: *x', reason: /itself/},
  {what: 'a merge of a number', text: 'a:\n  <<: 5', reason: /merge key/},
  {what: 'a merge of an alias of a list', text: 'x: &l [{a: 1}]\ns:\n  <<: *l', reason: /merge key/},
  {what: 'a list as a key', text: '[a, b]: 1', reason: /key/},
  {what: 'nothing as a key', text: '~: 1', reason: /key/},
  {what: 'a template that was not filled in', text: 'a: {{ .Values.x }}', reason: /key/},
  {what: 'a tab that indents', text: 'a:\n\tb: 1', reason: /tab/i},
]

describe('YAML is read as kubectl takes it:', () => {
  test.each(taken)('$what', ({text, value}) => {
    const [read, ...more] = valuesOf(text) as unknown[]
    expect(more).toEqual([])
    expect(read).toEqual(value)
  })

  test.each(refused)('$what is refused', ({text, reason}) => {
    expect(valuesOf(text)).toMatch(reason)
  })

  test('documents are separated by lines of dashes, also with marks of joined files', () => {
    expect(valuesOf('a: 1\n---\n\ufeffb: 2\n--- # c\n{d: 3,\ne: 4}\n---   \nf: "\n---\ng: 5\n')).toMatch(/quote/)
    expect(valuesOf('a: 1\n---\n\ufeffb: 2\n--- # c\n{d: 3,\ne: 4}\n---   \nf: 5\n')).toEqual([
      {a: 1},
      {b: 2},
      {d: 3, e: 4},
      {f: 5},
    ])
  })

  test('__proto__ is a key like others', () => {
    expect(JSON.stringify(valuesOf('__proto__: {a: 1}\nb: {<<: {__proto__: 2}}'))).toBe(
      '[{"__proto__":{"a":1},"b":{"__proto__":2}}]',
    )
  })
})

const kubectl = (text: string) => {
  const result = spawnSync('kubectl', ['label', '--local', '-f', '-', 'x=y', '-o', 'json'], {input: text, encoding: 'utf8'})
  return {...result, isThere: result.error === undefined}
}
const hasKubectl = kubectl('').isThere

/** An object that holds a text of YAML as its spec. */
const objectOf = (text: string) =>
  `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n${text.replaceAll(/^(?=.)/gm, '  ')}\n`
const specsOf = (json: string) => (JSON.parse(`[${json.replaceAll('}\n{', '},{')}]`) as {spec: unknown}[]).map(({spec}) => spec)

/** Nested values, written with brackets and quotes that go over lines, each with any white space before it. */
const space = fc.constantFrom('\n', '\n  ', '\n\t', '\n \t', '\n      ', ' ', '  ')
const word = fc.constantFrom('a', 'yes', '010', '1', '~', '1.5', "it's", 'a-b', 'x#y', '1:30')
const quoted = fc
  .tuple(
    fc.constantFrom('"', "'"),
    fc.array(fc.constantFrom('a', 'b[', '{', '#c', ': d', '-'), {minLength: 1, maxLength: 3}),
    space,
  )
  .map(([quote, words, between]) => `${quote}${words.join(between)}${quote}`)
const {flow} = fc.letrec<{flow: string}>(tie => ({
  flow: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    word,
    quoted,
    fc.tuple(fc.array(tie('flow'), {maxLength: 3}), space, space).map(([all, a, b]) => `[${a}${all.join(`,${b}`)}${a}]`),
    fc
      .tuple(fc.array(tie('flow'), {maxLength: 3}), space, space)
      .map(([all, a, b]) => `{${a}${all.map((each, index) => `k${index}: ${each}`).join(`,${b}`)}${a}}`),
  ),
}))
const block = fc.array(flow, {minLength: 1, maxLength: 4}).map(all => all.map((each, index) => `k${index}: ${each}\n`).join(''))

describe.skipIf(!hasKubectl)('kubectl itself', () => {
  let compared = 0

  test('gives these values', () => {
    // Within an object nothing stands at the margin, so texts whose lines may not be indented are left out.
    const some = taken.filter(({what}) => !/margin|mark|Mac/.test(what))
    const {stdout, stderr} = kubectl(some.map(({text}) => objectOf(text)).join('---\n'))
    expect(stderr).toBe('')
    expect(specsOf(stdout)).toEqual(some.map(({value}) => value))
  })

  propertyTest.prop([fc.array(block, {minLength: 20, maxLength: 40})], {numRuns: 20})(
    'gives what we read, of whatever it takes',
    blocks => {
      // One by one it takes long: of all at once those count that stand before the first one it refuses.
      const texts = blocks.map(
        each => `apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n${each.replaceAll(/^k/gm, '  k')}`,
      )
      const {stdout} = kubectl(texts.join('---\n'))
      const specs = stdout === '' ? [] : specsOf(stdout)
      compared += specs.length
      for (const [index, spec] of specs.entries()) {
        const [read] = valuesOf(texts[index] as string) as {spec: unknown}[]
        expect(read?.spec).toEqual(spec)
      }
    },
  )

  test('took many of them', () => expect(compared).toBeGreaterThan(10))
})

test('what brackets and quotes hold does not depend on how their lines are indented', () => {
  fc.assert(
    fc.property(block, text => {
      const straight = text.replaceAll(/\n[ \t]+(?=[^k])|\n(?=[^k])/g, ' ')
      const expected = valuesOf(straight)
      if (typeof expected !== 'string') expect(valuesOf(text)).toEqual(expected)
    }),
  )
})
