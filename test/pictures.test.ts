import {globSync, readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {diagramSvg} from '../scripts/pictures/diagram-svg.ts'
import {drawPictures} from '../scripts/pictures/pictures.ts'
import {screenSvg} from '../scripts/pictures/screen-svg.ts'
import {readTerminalText, wrapped} from '../scripts/pictures/terminal-text.ts'

test('the pictures of the documents are as their script draws them', async () => {
  const drawn = await drawPictures()
  for (const {url, svg} of drawn)
    expect(
      readFileSync(url, 'utf8') === svg,
      `${url.pathname.split('/').at(-1)} is not as it is drawn now: npm run pictures`,
    ).toBe(true)
  const kept = readdirSync(new URL('../docs/pictures/', import.meta.url))
  expect(new Set(kept)).toEqual(new Set(drawn.map(({url}) => url.pathname.split('/').at(-1))))
}, 60_000)

test('each picture is shown in a document', () => {
  const documents = globSync(['README.md', 'docs/*.md'], {cwd: new URL('../', import.meta.url)})
  const text = documents.map(document => readFileSync(new URL(`../${document}`, import.meta.url), 'utf8')).join('\n')
  for (const name of readdirSync(new URL('../docs/pictures/', import.meta.url))) expect(text).toContain(`pictures/${name})`)
})

describe('text of a terminal', () => {
  test('has its colours, until they end, over the ends of lines', () => {
    expect(readTerminalText('a\u001b[1;31mb\nc\u001b[22md\u001b[39me\u001b[0m\u001b[97mf\u001b[7mg')).toEqual([
      [
        {text: 'a', style: {}},
        {text: 'b', style: {isBold: true, color: 1}},
      ],
      [
        {text: 'c', style: {isBold: true, color: 1}},
        {text: 'd', style: {isBold: false, isDim: false, color: 1}},
        {text: 'e', style: {isBold: false, isDim: false}},
        {text: 'f', style: {color: 15}},
        {text: 'g', style: {color: 15, isInverse: true}},
      ],
    ])
  })

  test('goes on below where it is too long, at words, and keeps its indent', () => {
    const rows = wrapped(readTerminalText('  one two three\n\nfour'), 9).map(row => row.map(({text}) => text).join(''))
    expect(rows).toEqual(['  one two', '    three', '', 'four'])
  })
})

describe('a screen as SVG', () => {
  const svg = (text: string) => screenSvg({command: 'x', lines: readTerminalText(text), columns: 20})

  test('holds text as text, whatever is in it', () => {
    const drawn = svg('<script> & "quotes"')
    expect(drawn).toContain('&lt;script&gt; &amp; &quot;quotes&quot;')
    expect(drawn).not.toContain('<script>')
  })

  test('draws the blocks of a sparkline as one shape, as high as they are', () => {
    const drawn = svg('a ▁█ b')
    expect(drawn).toContain('d="M32.8 69V66.9H41.2V52H49.6V69Z"')
    expect(drawn).toMatch(/x="58" [^>]*>b</)
    expect(drawn).not.toContain('█')
  })

  test('sets each piece where its column is, wide characters counting two', () => {
    const drawn = svg('  ab \u001b[31m漢字\u001b[39m c')
    expect(drawn).toMatch(/x="32.8" [^>]*textLength="16.8"[^>]*>ab</)
    expect(drawn).toMatch(/x="58" [^>]*textLength="33.6"[^>]*fill="#ff7b72"[^>]*>漢字</)
    expect(drawn).toMatch(/x="100" [^>]*>c</)
  })
})

describe('a diagram as SVG', () => {
  const diagram = {title: 'x', width: 300, height: 200, arrows: []}
  const box = (text: string) => ({x: 10, y: 20, width: 100, title: 'a <box>', lines: [{text}]})

  test('refuses text that would stand out of its box', () => {
    expect(() => diagramSvg({...diagram, boxes: [box('x'.repeat(10))]})).toThrow('"a <box>" needs 108 pixels')
    expect(diagramSvg({...diagram, boxes: [box('x'.repeat(9))]})).toContain('a &lt;box&gt;')
  })

  test('ends each arrow in a head that points along its last part', () => {
    const drawn = diagramSvg({
      ...diagram,
      boxes: [],
      arrows: [
        {
          points: [
            [0, 0],
            [50, 0],
            [50, 40],
          ],
        },
      ],
    })
    expect(drawn).toContain('d="M0 0L50 0L50 40"')
    expect(drawn).toContain('d="M50 40L46 33L54 33Z"')
  })
})
