import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plain} from 'vitest'
import {actionsOf} from '../../../../plugin/ui/top/keys.state.ts'
import {mouseAction, parseMouse, takeMouse} from '../../../../plugin/ui/top/mouse.state.ts'

describe('keys', () => {
  plain.each([
    ['j', {}, [{do: 'move', by: 1}]],
    ['', {upArrow: true}, [{do: 'move', by: -1}]],
    ['G', {shift: true}, [{do: 'last'}]],
    ['3', {}, [{do: 'tab', to: 2}]],
    ['', {tab: true, shift: true}, [{do: 'previousTab'}]],
    ['c', {ctrl: true}, [{do: 'quit'}]],
    ['d', {ctrl: true}, [{do: 'turn', pages: 1}]],
    ['d', {}, [{do: 'differences'}]],
    ['x', {}, []],
    // Escape, and at once another key.
    ['d', {meta: true}, [{do: 'back'}, {do: 'differences'}]],
    ['', {meta: true, return: true}, [{do: 'back'}, {do: 'open'}]],
    ['', {meta: true, escape: true}, [{do: 'back'}]],
    ['\u001b', {meta: true, escape: true}, [{do: 'back'}, {do: 'back'}]],
    [
      'jjk',
      {},
      [
        {do: 'move', by: 1},
        {do: 'move', by: 1},
        {do: 'move', by: -1},
      ],
    ],
    // All that comes behind the key that begins a filter is its text.
    ['/web', {}, [{do: 'filter'}, {do: 'type', text: 'web'}]],
    ['/web\rj', {}, [{do: 'filter'}, {do: 'type', text: 'web'}, {do: 'open'}, {do: 'move', by: 1}]],
  ])('%j %j', (input, key, actions) => expect(actionsOf(input, key, false)).toEqual(actions))

  plain.each([
    ['q', {}, [{do: 'type', text: 'q'}]],
    ['a\u0007b\u001b', {}, [{do: 'type', text: 'ab'}]],
    ['ab\r', {}, [{do: 'type', text: 'ab'}, {do: 'open'}]],
    ['u', {ctrl: true}, [{do: 'eraseAll'}]],
    ['c', {ctrl: true}, [{do: 'quit'}]],
    ['', {backspace: true}, [{do: 'erase'}]],
    ['', {return: true}, [{do: 'open'}]],
  ])('while a filter is typed: %j %j', (input, key, actions) => expect(actionsOf(input, key, true)).toEqual(actions))
})

describe('the mouse', () => {
  const targets = [{row: 4, from: 0, to: 10, action: {do: 'select', row: 'a'}} as const]
  plain.each([
    ['\u001b[<0;3;5M', {do: 'select', row: 'a'}],
    ['\u001b[<0;11;5M', undefined],
    ['\u001b[<0;3;5m', undefined],
    ['\u001b[<2;3;5M', undefined],
    ['\u001b[<64;3;5M', {do: 'scroll', by: -3}],
    ['\u001b[<65;300;80M', {do: 'scroll', by: 3}],
  ])('%j', (sequence, action) => {
    const event = parseMouse(sequence)
    expect(event && mouseAction(event, targets)).toEqual(action)
  })

  plain('is taken out of keys, and a lone escape is a key', () => {
    expect(takeMouse('j\u001b[<0;3;5Mk\u001b[<0;3;5m')).toEqual({
      keys: 'jk',
      sequences: ['\u001b[<0;3;5M', '\u001b[<0;3;5m'],
      pending: '',
    })
    expect(takeMouse('\u001b')).toEqual({keys: '\u001b', sequences: [], pending: ''})
    expect(takeMouse('\u001b[A')).toEqual({keys: '\u001b[A', sequences: [], pending: ''})
  })

  test.prop([fc.array(fc.constantFrom('j', '\u001b[A', '\u001b[<0;12;5M', '\u001b[<65;1;1M')), fc.nat(200)])(
    'is the same wherever what a terminal sends is cut, but within the first two characters',
    (parts, cut) => {
      const text = parts.join('')
      const at = text.length === 0 ? 0 : cut % text.length
      if (/\u001b\[?$/.test(text.slice(0, at))) return
      const whole = takeMouse(text)
      const first = takeMouse(text.slice(0, at))
      const second = takeMouse(first.pending + text.slice(at))
      expect(first.keys + second.keys).toBe(whole.keys)
      expect([...first.sequences, ...second.sequences]).toEqual([...whole.sequences])
    },
  )
})
