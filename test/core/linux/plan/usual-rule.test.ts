import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {leadsTo, PartRule, setsOf} from '../../../../core/linux/plan/part-rule.ts'
import {refusal} from '../../../../core/linux/plan/refusal.ts'
import {isUsualRule, usualRule} from '../../../../core/linux/plan/usual-rule.ts'

const usual = [
  '-j AZURE-NPM-INGRESS',
  '-p tcp -m tcp --dport 8080 -m set --match-set azure-npm-12 src -m comment --comment ALLOW-FROM-x -j AZURE-NPM-INGRESS-ALLOW-MARK',
  '-p udp -m set ! --match-set azure-npm-1 src -m set --match-set npm-new-2 dst,dst -m comment --comment "a b/c:d" -j AZURE-NPM-ACCEPT',
  '-m comment --comment DROP-ALL -j MARK --set-xmark 0x400/0x400',
  '-m set --match-set azure-npm-1 src -m set --match-set azure-npm-1 dst -j DROP',
]

/** Conditions and targets, right ones and such as look like them. */
const WORDS = `-p tcp
-p all
-p TCP
! -p tcp
-m tcp --dport 80
-m udp --dport 53
-m tcp --sport 80
--dport 080
--dport 70000
--dport 59999
--dport 80:90
-m tcp --dport 80:80
-m tcp ! --dport 80
-m set --match-set azure-npm-1 src
-m set ! --match-set azure-npm-2 dst,dst
-m set --match-set other src
-m set --match-set azure-npm-1 src,dst,src,dst
-m set --match-set azure-npm-1 src --return-nomatch
-m set
-m comment --comment word
-m comment --comment "word"
-m comment --comment "two words"
-m comment --comment ""
-m comment --comment 'a'
-m comment --comment "x --match-set azure-npm-9 src"
-m comment --comment "-j DROP"
-m comment --comment ${'w'.repeat(255)}
-m comment --comment ${'w'.repeat(256)}
-m comment --comment "${'w '.repeat(127)}w"
-m comment --comment "${'w '.repeat(128)}"
-m mark --mark 0x1
-j ACCEPT
-j DROP
-j AZURE-NPM-ACCEPT
-g AZURE-NPM-ACCEPT
-j OTHER
-j AZURE-NPMX
-j MARK --set-xmark 0x0/0xff
-j MARK --set-xmark 0x00/0xff
-j MARK --set-xmark 0x100000000/0xff
-j MARK --set-mark 0x1
-t nat`
const words = fc.constantFrom(...WORDS.split('\n'))
const inOrder = fc.tuple(
  fc.constantFrom('', '-p tcp -m tcp --dport 80', '-p udp', '-p sctp -m sctp --dport 1'),
  fc.constantFrom(
    '',
    '-m set --match-set azure-npm-1 src',
    '-m set ! --match-set azure-npm-2 dst -m set --match-set npm-new-1 src,src',
  ),
  words,
  fc.constantFrom('-j AZURE-NPM-EGRESS-1', '-j DROP', '-j MARK --set-xmark 0x800/0x800'),
)
const characters = fc.constantFrom('', ' ', '"', "'", '\\', '-', '!', '\n', '0', ' -t nat', ' -m set --match-set azure-npm-7 src')
const ruleTexts = fc
  .tuple(
    fc.oneof(inOrder, fc.array(words, {maxLength: 6}), fc.constantFrom(...usual.map(each => [each]))),
    fc.option(fc.nat()),
    characters,
  )
  .map(([parts, at, change]) => {
    const text = parts.filter(part => part !== '').join(' ')
    return at === null ? text : text.slice(0, at % (text.length + 1)) + change + text.slice((at % (text.length + 1)) + (at % 2))
  })

test.each(usual)('%s is told by its form', text => expect(isUsualRule(text)).toBe(true))

propertyTest.prop([ruleTexts], {numRuns: 20_000})('what is told by its form is what is told by parsing it', text => {
  const told = usualRule(text)
  if (!told) return
  const parsed = PartRule.parsed(text)
  expect(told).toEqual({sets: setsOf(parsed), chain: leadsTo(parsed)})
  // Lines that insert are always parsed to be checked.
  expect(refusal([{tool: 'iptables', operations: [{line: `-I AZURE-NPM 1 ${text}`}]}])).toBeUndefined()
})
