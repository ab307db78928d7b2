import {describe, expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {eachNode} from '../../../plugin/agents/each-node.ts'

const nodes = Array.from({length: 20}, (_, index) => `n${index}`)
const never = new AbortController().signal

function options(signal: AbortSignal = never, limit = 4) {
  const shown: string[] = []
  const progress = {show: (text: string) => void shown.push(text), clear: () => void shown.push('')}
  return {options: {nodeOf: (node: string) => node, label: 'reading', limit, signal, progress}, shown}
}

describe('work on many nodes', () => {
  test('is done for so many at once, and told in the order of the nodes', async () => {
    let running = 0
    let most = 0
    const {options: given, shown} = options()
    const results = await eachNode(
      nodes,
      async node => {
        most = Math.max(most, ++running)
        // The first ones take longest.
        for (let turns = 30 - Number(node.slice(1)); turns > 0; turns--) await new Promise(setImmediate)
        running--
        return node.toUpperCase()
      },
      given,
    )
    expect(most).toBe(4)
    expect(results).toEqual(nodes.map(node => ({node, value: node.toUpperCase()})))
    expect(shown.at(-2)).toBe('reading 20 of 20 nodes')
    expect(shown.at(-1)).toBe('')
  })

  test('goes on when one fails', async () => {
    const refused = new InputError('no', 'Ask.')
    const results = await eachNode(
      ['a', 'b', 'c'],
      async node => {
        if (node === 'b') throw refused
        return 1
      },
      options().options,
    )
    expect(results).toEqual([
      {node: 'a', value: 1},
      {node: 'b', error: refused},
      {node: 'c', value: 1},
    ])
  })

  test('keeps what is done when it is interrupted', async () => {
    const abort = new AbortController()
    const {options: given} = options(abort.signal, 2)
    const results = await eachNode(
      ['quick', 'slow', 'late'],
      async (node, signal) => {
        if (node === 'quick') return 1
        setImmediate(() => abort.abort())
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
        return 2
      },
      given,
    )
    expect(results[0]).toEqual({node: 'quick', value: 1})
    expect(results.slice(1).map(result => 'error' in result && result.error.message)).toEqual([
      'node slow: interrupted',
      'node late: interrupted',
    ])
  })

  test('does not hide a fault of our own as that of a node', async () => {
    const work = async () => {
      throw new TypeError('ours')
    }
    await expect(eachNode(['a'], work, options().options)).rejects.toThrow(TypeError)
  })
})
