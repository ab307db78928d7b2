import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {repairedChain} from '../../../../core/linux/causes/repair.ts'
import {compareChain} from '../../../../core/linux/compare/compare-rules.ts'
import {type ComparedRule, savedRule} from '../../../../core/linux/compare/compared-rule.ts'

const CHAIN = 'AZURE-NPM-INGRESS-1234567890'

/** A rule that is told apart by its block. */
const rule = (name: string): ComparedRule => ({
  chain: CHAIN,
  matches: [{kind: 'address', side: 'src', block: name, negated: false}],
  target: {kind: 'verdict', verdict: 'DROP'},
})

const compared = (wanted: string, found: string) => compareChain(CHAIN, wanted.split('').map(rule), found.split('').map(rule))

/** What a chain is, as the blocks of its rules, once some of its differences are repaired. */
function repaired(found: string, differences: ReturnType<typeof compared>): string {
  const rules = found.split('').map((name, index) => savedRule(rule(name), index + 1))
  return repairedChain(rules, differences)
    .flatMap(({matches}) => matches.flatMap(match => (match.kind === 'address' ? [match.block] : [])))
    .join('')
}

test.each<{wanted: string; found: string; alone: readonly string[]}>([
  {wanted: 'abc', found: 'ab', alone: ['abc']},
  {wanted: 'abc', found: 'abxc', alone: ['abc']},
  {wanted: 'abc', found: '', alone: ['a', 'b', 'c']},
  {wanted: 'abc', found: 'bxc', alone: ['abxc', 'bc']},
  {wanted: 'aab', found: 'ab', alone: ['aab']},
  {wanted: 'abc', found: 'cab', alone: ['abc']},
  {wanted: 'abcd', found: 'dca', alone: ['dcab', 'acd']},
])('of $found, where $wanted is asked for, each repair alone makes $alone', ({wanted, found, alone}) => {
  expect(compared(wanted, found).map(each => repaired(found, [each]))).toEqual(alone)
})

const names = fc.string({unit: fc.constantFrom('a', 'b', 'c', 'd', 'e'), maxLength: 7})

propertyTest.prop([names, names], {numRuns: 500})('all repairs together make what is asked for', (wanted, found) => {
  expect(repaired(found, compared(wanted, found))).toBe(wanted)
})
