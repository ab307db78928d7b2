import {expect, test} from 'vitest'
import {applyDifference} from '../../../../core/linux/compare/apply-difference.ts'
import {compareChain} from '../../../../core/linux/compare/compare-rules.ts'
import {type ComparedRule, type LinuxDifference, savedRule} from '../../../../core/linux/compare/compared-rule.ts'
import {CopyOnWriteMap} from '../../../../core/linux/walk/copy-on-write-map.ts'
import type {SetState} from '../../../../core/sets/set-difference.ts'

const CHAIN = 'AZURE-NPM-INGRESS-1234567890'
const SET = 'azure-npm-1'

/** A rule that is told apart by its block. */
const rule = (name: string): ComparedRule => ({
  chain: CHAIN,
  matches: [{kind: 'address', side: 'src', block: name, negated: false}],
  target: {kind: 'verdict', verdict: 'DROP'},
})

/** What one difference alone makes of a program that has the wanted rules, as the blocks of its rules. */
function chainWith(difference: LinuxDifference, wanted: string): string | undefined {
  const rules = wanted.split('').map((name, index) => savedRule(rule(name), index + 1))
  const chains = new CopyOnWriteMap(new Map([[CHAIN, rules]]))
  applyDifference(difference, {sets: new CopyOnWriteMap(new Map()), chains})
  return chains
    .get(CHAIN)
    ?.flatMap(({matches}) => matches.flatMap(match => (match.kind === 'address' ? [match.block] : [])))
    .join('')
}

test.each<{wanted: string; found: string; alone: readonly string[]}>([
  {wanted: 'abc', found: 'ab', alone: ['ab']},
  {wanted: 'abc', found: 'abxc', alone: ['abxc']},
  {wanted: 'abc', found: 'xabc', alone: ['xabc']},
  // Its place is behind the last wanted rule that stands before it on the node, whatever else differs.
  {wanted: 'abc', found: 'bxc', alone: ['bc', 'abxc']},
  {wanted: 'abc', found: 'yxc', alone: ['bc', 'ac', 'yabc', 'xabc']},
  {wanted: 'aab', found: 'ab', alone: ['ab']},
  {wanted: 'abc', found: 'cab', alone: ['cab']},
  // A rule that is missing is a difference of its own.
  {wanted: 'abcd', found: 'dca', alone: ['acd', 'dbca']},
])('of $wanted, where $found is found, each difference alone makes $alone', ({wanted, found, alone}) => {
  const differences = compareChain(CHAIN, wanted.split('').map(rule), found.split('').map(rule))
  expect(differences.map(each => chainWith(each, wanted))).toEqual(alone)
})

const set: SetState = {type: 'hash:net', members: ['10.0.0.1', '10.0.0.2']}
const subject = {name: 'a set', kernelName: SET}

test.each<{what: string; difference: LinuxDifference; made: SetState}>([
  {
    what: 'a member missing',
    difference: {kind: 'member', set: subject, type: 'hash:net', wanted: {text: '10.0.0.1'}},
    made: {...set, members: ['10.0.0.2']},
  },
  {
    what: 'a member too many',
    difference: {kind: 'member', set: subject, type: 'hash:net', found: {text: '10.0.0.3'}},
    made: {...set, members: [...set.members, '10.0.0.3']},
  },
  {
    what: 'a member that is an exception',
    difference: {
      kind: 'member',
      set: subject,
      type: 'hash:net',
      wanted: {text: '10.0.0.1'},
      found: {text: '10.0.0.1/32 nomatch'},
    },
    made: {...set, members: ['10.0.0.2', '10.0.0.1 nomatch']},
  },
  {what: 'a set missing, which a rule names', difference: {kind: 'set', set: subject, wanted: set}, made: {...set, members: []}},
  {
    what: 'another type',
    difference: {kind: 'set', set: subject, wanted: set, found: {type: 'hash:ip', members: []}},
    made: {type: 'hash:ip', members: []},
  },
  {
    what: 'other room',
    difference: {kind: 'set', set: subject, wanted: {...set, maxelem: '1'}, found: {...set, maxelem: '2'}},
    made: set,
  },
])('alone, $what makes a set of it', ({difference, made}) => {
  const sets = new CopyOnWriteMap(new Map([[SET, set]]))
  applyDifference(difference, {sets, chains: new CopyOnWriteMap(new Map())})
  expect(sets.get(SET)).toEqual(made)
})
