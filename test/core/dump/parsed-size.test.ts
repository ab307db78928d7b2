import {describe, expect, test} from 'vitest'
import {checkJsonMemory, parsedJsonBytes, parsedYamlBytes} from '../../../core/dump/parsed-size.ts'
import {setMemoryCheck} from '../../../core/text/memory.ts'

const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({length: count}, (_, index) => item(index))
const pods = JSON.stringify(
  times(1000, index => ({kind: 'Pod', metadata: {name: `web-${index}`, namespace: 'shop', labels: {app: 'web', tier: 'front'}}})),
)

describe('what JSON takes when it is parsed', () => {
  test('is a few times its bytes for a cluster, so that none is refused without need', () => {
    expect(parsedJsonBytes([pods])).toBeLessThan(10 * pods.length)
  })

  // What Node 26 takes for each was measured: 21, 14 and 9 bytes for each byte.
  test.each([
    {name: 'empty objects', text: `[${times(1000, () => '{}').join(',')}]`, perByte: 21},
    {name: 'empty lists', text: `[${times(1000, () => '[]').join(',')}]`, perByte: 14},
    {name: 'keys', text: `{${times(1000, index => `"a${index}":{}`).join(',')}}`, perByte: 9},
  ])('is many times its bytes for $name', ({text, perByte}) => {
    expect(parsedJsonBytes([text])).toBeGreaterThan(perByte * text.length)
  })

  test.each([pods, '[[[[', '{"a":[{},{}]}'])('is at most what it takes when it is nothing but brackets: %#', text => {
    const asked: number[] = []
    setMemoryCheck((mostBytes, exactly) => void asked.push(mostBytes, exactly?.() ?? 0))
    checkJsonMemory([text, ''])
    setMemoryCheck(() => {})
    expect(asked[1]).toBe(parsedJsonBytes([text, '']))
    expect(asked[0]).toBeGreaterThanOrEqual(asked[1] ?? Infinity)
  })

  test('grows by what joins its pieces', () => {
    expect(parsedJsonBytes(['[1,', '2]'])).toBe(parsedJsonBytes(['[1,2]']) + 5)
  })
})

test('YAML takes most for many short nodes, in lines or in brackets', () => {
  const manifest = times(1000, index => `    some-longer-key-of-a-manifest-${index}: and-its-value\n`).join('')
  for (const dense of [times(1000, () => '- {}\n').join(''), `[${times(1000, () => 'a').join(',')}]`])
    expect(parsedYamlBytes([dense]) / dense.length).toBeGreaterThan((5 * parsedYamlBytes([manifest])) / manifest.length)
})
