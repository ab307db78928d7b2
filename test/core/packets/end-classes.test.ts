import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {blockHolds, blocksBetween, type Ipv4Block, parseIpv4, parseIpv4Block, printIpv4} from '../../../core/net/ipv4.ts'
import {type Distinctions, endClasses} from '../../../core/packets/end-classes.ts'

const pod = (name: string, podIP: string): Pod => ({metadata: {name, namespace: 'shop'}, status: {phase: 'Running', podIP}})
/** Representatives of the ranges that are always told apart. */
const ALWAYS = new Set([
  '10.0.0.0',
  '100.64.0.0',
  '169.254.0.0',
  '172.16.0.0',
  '192.0.2.0',
  '192.168.0.0',
  '198.18.0.0',
  '198.51.100.0',
  '203.0.113.0',
])

/** The classes in words, without those that are always there. */
const classes = (given: Partial<Distinctions>) =>
  endClasses({pods: [], nodes: new Map(), sets: new Map(), blocks: [], likeness: () => '', ...given})
    .all.map(({address, lastAddress, pods, node}) =>
      [
        printIpv4(address),
        ...(lastAddress === address ? [] : [printIpv4(lastAddress)]),
        ...pods.map(({metadata}) => metadata.name),
        node ?? [],
      ]
        .flat()
        .join(' '),
    )
    .filter(text => !ALWAYS.has(text))

describe('classes of ends', () => {
  test('all addresses that nothing names are one', () => {
    expect(classes({})).toEqual(['1.0.0.0'])
  })

  test('a block has an inside, its exception another one', () => {
    expect(classes({blocks: ['11.0.0.0/8', '11.1.0.0/16']})).toEqual(['1.0.0.0', '11.0.0.0', '11.1.0.0'])
  })

  test('pods that are alike are one, whose first and last send to each other', () => {
    const pods = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2'), pod('c', '10.0.0.3')]
    const sets = new Map([['one', {type: 'hash:net', members: ['10.0.0.1', '10.0.0.3']}]])
    expect(classes({pods, sets})).toEqual(['10.0.0.1 10.0.0.3 a c', '10.0.0.2 b', '1.0.0.0'])
    expect(classes({pods, likeness: ({metadata}) => metadata.name})).toEqual([
      '10.0.0.1 a',
      '10.0.0.2 b',
      '10.0.0.3 c',
      '1.0.0.0',
    ])
  })

  test('an address that is left in a set and a node are told apart, and so are members with ports and masks', () => {
    const sets = new Map([
      ['one', {type: 'hash:net', members: ['10.0.0.9']}],
      ['two', {type: 'hash:ip,port', members: ['10.0.0.8,tcp:80', '10.0.0.7,tcp:80', '10.0.0.6,tcp:81']}],
      ['three', {type: 'hash:ip', members: ['10.0.2.0'], header: new Map([['netmask', '24']])}],
    ])
    expect(classes({sets, nodes: new Map([[parseIpv4('10.0.0.4') as number, 'n1']])})).toEqual([
      '10.0.0.4 n1',
      '1.0.0.0',
      '10.0.0.6',
      '10.0.0.7',
      '10.0.0.9',
      '10.0.2.0',
    ])
  })

  test('what no node forwards is left out', () => {
    expect(classes({blocks: ['127.0.0.0/16', '224.0.0.0/24', '0.0.0.0/0']})).toEqual(['1.0.0.0'])
  })
})

describe('a range of addresses as blocks', () => {
  test.prop([fc.nat(5000), fc.nat(600)])('holds the addresses of the range and no others, each once', (from, count) => {
    const blocks = blocksBetween(from, from + count).map(text => parseIpv4Block(text) as Ipv4Block)
    for (let address = Math.max(0, from - 3); address < from + count + 4; address++) {
      const holding = blocks.filter(block => blockHolds(block, address)).length
      expect([address, holding]).toEqual([address, address >= from && address <= from + count ? 1 : 0])
    }
  })

  test('is found at the ends of all addresses', () => {
    expect(blocksBetween(0, 0xffffffff)).toEqual(['0.0.0.0/0'])
    expect(blocksBetween(0xffffffff, 0xffffffff)).toEqual(['255.255.255.255/32'])
    expect(blocksBetween(2, 1)).toEqual([])
    expect(blocksBetween(undefined, 1)).toEqual([])
  })
})
