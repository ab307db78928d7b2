import {fc, test as propertyTest} from '@fast-check/vitest'
import ipaddr from 'ipaddr.js'
import {describe, expect, test} from 'vitest'
import {blockHolds, parseIpv4, parseIpv4Block, printIpv4} from '../../../core/net/ipv4.ts'

describe('addresses', () => {
  propertyTest.prop([fc.nat(0xffffffff)])('are read as they are printed', value => {
    expect(parseIpv4(printIpv4(value))).toBe(value)
  })

  const part = fc.oneof(
    fc.nat(300).map(String),
    fc.constantFrom('', '0', '00', '01', '010', ' 1', '1 ', '-1', '+1', '1e1', 'a', '٣'),
  )
  propertyTest.prop([fc.array(part, {minLength: 1, maxLength: 6})])(
    'are what another implementation takes for four decimal parts',
    parts => {
      const text = parts.join('.')
      const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text)
      expect(parseIpv4(text) !== undefined).toBe(isAddress)
      if (isAddress) expect(printIpv4(parseIpv4(text) ?? 0)).toBe(text)
    },
  )

  test.each(['fd00::1', 'localhost', '1.2.3', '1.2.3.4.5', '1.2.3.4.', '.1.2.3.4', '0x7f.0.0.1', '127.1'])('%s is none', text => {
    expect(parseIpv4(text)).toBeUndefined()
  })
})

describe('blocks', () => {
  test.each([
    ['10.1.2.3/8', {base: 0x0a000000, prefix: 8}],
    ['10.1.2.3', {base: 0x0a010203, prefix: 32}],
    ['255.255.255.255/0', {base: 0, prefix: 0}],
  ])('%s', (text, block) => {
    expect(parseIpv4Block(text)).toEqual(block)
  })

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/a', '10.0.0.0/-1', '10.0.0/8', '/8', '10.0.0.0/8/8'])('%s is none', text => {
    expect(parseIpv4Block(text)).toBeUndefined()
  })

  test('hold the addresses that share their prefix', () => {
    const block = {base: 0xc0000200, prefix: 24}
    expect([0xc0000200, 0xc00002ff, 0xc0000300, 0x400002ff].map(address => blockHolds(block, address))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
