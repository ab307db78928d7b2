import {expect, test} from 'vitest'
import {isPlainWord} from '../../../core/renaming/plain-words.ts'

test.each(['provide', 'provided', 'services', 'Updating', 'HTTPServer', '10.5ms', 'v1.5.3'])(
  'the word %s of messages and logs names nobody, and stays',
  word => {
    expect(isPlainWord(word)).toBe(true)
  },
)

test.each(['bakery', 'oven', 'contoso', 'shop-api'])('the word %s may be a name, and is replaced', word => {
  expect(isPlainWord(word)).toBe(false)
})
