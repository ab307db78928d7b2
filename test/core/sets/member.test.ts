import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {printIpv4} from '../../../core/net/ipv4.ts'
import {blockOf, canonicalMember, edgesOf, type Member, memberText, parseMember} from '../../../core/sets/member.ts'

describe('a member taken apart', () => {
  test.each<[string, Member]>([
    ['10.0.0.1', {entry: '10.0.0.1', subject: '10.0.0.1', isException: false}],
    ['10.0.0.0/8', {entry: '10.0.0.0/8', subject: '10.0.0.0/8', isException: false}],
    ['10.1.0.0/16 nomatch', {entry: '10.1.0.0/16', subject: '10.1.0.0/16', isException: true}],
    ['10.1.0.0/16 timeout 30 nomatch', {entry: '10.1.0.0/16', subject: '10.1.0.0/16', isException: true}],
    ['10.0.0.1 timeout 30', {entry: '10.0.0.1', subject: '10.0.0.1', isException: false}],
    ['10.0.0.1,tcp:80', {entry: '10.0.0.1,tcp:80', subject: '10.0.0.1', port: {protocol: 'tcp', number: 80}, isException: false}],
    [
      '10.0.0.1,SCTP:80',
      {entry: '10.0.0.1,SCTP:80', subject: '10.0.0.1', port: {protocol: 'sctp', number: 80}, isException: false},
    ],
    ['10.0.0.1,80', {entry: '10.0.0.1,80', subject: '10.0.0.1', port: {protocol: 'tcp', number: 80}, isException: false}],
    ['azure-npm-12', {entry: 'azure-npm-12', subject: 'azure-npm-12', isException: false}],
    ['', {entry: '', subject: '', isException: false}],
  ])('%s', (text, member) => {
    expect(parseMember(text)).toEqual(member)
  })
})

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3/8 nomatch', '10.0.0.0/8 nomatch'],
  ['10.1.2.3/32', '10.1.2.3'],
  ['10.1.2.3,TCP:80', '10.1.2.3,tcp:80'],
  ['azure-npm-12', 'azure-npm-12'],
])('to the kernel %s is %s', (text, canonical) => {
  expect(canonicalMember(text)).toBe(canonical)
})

test.each([
  ['10.0.0.0/8', ['10.0.0.0', '11.0.0.0']],
  ['10.0.0.1', ['10.0.0.1']],
  ['255.0.0.0/8', ['255.0.0.0', '0.0.0.0']],
  ['0.0.0.0/0', ['0.0.0.0']],
])('the edges of %s are %s', (text, edges) => {
  const block = blockOf(parseMember(text))
  expect(block && edgesOf(block).map(printIpv4)).toEqual(edges)
})

test('the name of a set has no addresses', () => {
  expect(blockOf(parseMember('azure-npm-12'))).toBeUndefined()
})

propertyTest.prop([fc.ipV4(), fc.option(fc.integer({min: 1, max: 32}), {nil: undefined}), fc.boolean()])(
  'what ipset prints of a member is taken apart into what it was',
  (address, prefix, isException) => {
    const entry = prefix === undefined ? address : `${address}/${prefix}`
    expect(parseMember(memberText({entry, nomatch: isException}))).toEqual({entry, subject: entry, isException})
  },
)
