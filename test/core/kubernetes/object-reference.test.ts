import {expect, test} from 'vitest'
import {joinTypes} from '../../../core/kubernetes/object-reference.ts'

test.each<{words: string[]; joined: string[]}>([
  {words: ['pod', 'web-0'], joined: ['pod/web-0']},
  {words: ['PODS', 'web-0', 'shop/web-1'], joined: ['PODS/web-0', 'PODS/shop/web-1']},
  {words: ['netpol', 'api'], joined: ['netpol/api']},
  {words: ['set', 'app=web'], joined: ['set/app=web']},
  // No type, or nothing behind it.
  {words: ['web-0', 'web-1'], joined: ['web-0', 'web-1']},
  {words: ['pod/web-0', 'node/n1'], joined: ['pod/web-0', 'node/n1']},
  {words: ['pod'], joined: ['pod']},
  {words: [], joined: []},
])('$words name $joined', ({words, joined}) => {
  expect(joinTypes(words)).toEqual(joined)
})
