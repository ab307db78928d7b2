import {expect, test} from 'vitest'
import type {MatchSet} from '../../../../core/linux/ipset/model.ts'
import {parseIpsetList} from '../../../../core/linux/ipset/parse-list.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {printIpsetSave} from '../../../../core/linux/ipset/print.ts'
import {describeKernel} from '../../../support/kernel/describe.ts'
import {type Namespace, openNamespace} from '../../../support/kernel/namespace.ts'
import {content, kinds} from '../../../support/linux/ipset-fixture.ts'

const blocks = [
  'create blocks hash:net maxelem 4294967295',
  'add blocks 0.0.0.0/1',
  'add blocks 10.0.0.0/8',
  'add blocks 10.1.2.3/16 nomatch',
  'add blocks 203.0.113.9/32 nomatch',
]
const ports = [
  'create ports hash:ip,port timeout 900000 counters comment',
  'add ports 10.0.0.1,TCP:8080 timeout 0 packets 3 bytes 180 comment "two  blanks, nomatch and \\"',
  'add ports 10.0.0.1,udp:53 comment "ü"',
  'add ports 10.0.0.2,sctp:9999',
]
const others = [
  'create numbers bitmap:port range 1-1024 skbinfo',
  'add numbers 80 skbmark 0x1/0xff skbprio 1:2 skbqueue 3',
  'create hosts bitmap:ip,mac range 10.0.0.0/24',
  'add hosts 10.0.0.4,00:11:22:33:44:aa',
  'create interfaces hash:net,iface comment counters timeout 900000',
  'add interfaces 10.0.0.0/8,physdev:eth0 nomatch comment "nomatch"',
  'add interfaces 10.0.0.0/9,eth0 wildcard',
  'create six hash:net family inet6 forceadd',
  'add six fe80::/64',
  'create "two words" hash:ip netmask 24',
  'add "two words" 192.0.2.77',
  'create #odd-name: hash:ip',
  'create full hash:ip hashsize 64',
  ...Array.from({length: 3_000}, (_, index) => `add full 10.9.${index >> 8}.${index & 255}`),
]
const lists = [
  'create list list:set comment timeout 0',
  'add list blocks comment "a list"',
  'add list "two words" timeout 0',
  'add list ports timeout 900000 comment "nomatch"',
]
const commands = `${[...blocks, ...ports, ...others, ...lists].join('\n')}\n`

/** Sets in a form that two moments and two kernels' tables agree on: members sorted, running timeouts by name only. */
const settled = (sets: readonly MatchSet[]) =>
  content(sets).map(set => ({
    ...set,
    members: set.members
      .map(member => ({...member, extra: member.extra?.replace(/\btimeout [1-9]\d*/, 'timeout running')}))
      .toSorted((a, b) => (a.entry < b.entry ? -1 : 1)),
  }))

const dump = async (namespace: Namespace, ...args: string[]): Promise<string[]> => [(await namespace.run('ipset', args)).stdout]

describeKernel('sets of a real kernel', () => {
  test('read alike from save and list, and restore to the same sets in another kernel', async () => {
    await using first = await openNamespace()
    await first.run('ipset', ['restore'], {stdin: commands})
    const save = parseIpsetSave(await dump(first, 'save'))
    const list = parseIpsetList(await dump(first, 'list'))
    const terse = parseIpsetList(await dump(first, 'list', '-t'))

    expect([save.problems, list.problems, terse.problems]).toEqual([[], [], []])
    expect(save.sets.map(({name}) => name).toSorted()).toEqual([
      '#odd-name:',
      'blocks',
      'full',
      'hosts',
      'interfaces',
      'list',
      'numbers',
      'ports',
      'six',
      'two words',
    ])
    expect(settled(list.sets)).toEqual(settled(save.sets))
    expect(list.sets.map(({members}) => members.length)).toEqual(list.sets.map(({entries}) => entries))
    expect(terse.sets.map(({name, entries, references}) => ({name, entries, references}))).toEqual(
      list.sets.map(({name, entries, references}) => ({name, entries, references})),
    )

    await using second = await openNamespace()
    await second.run('ipset', ['restore'], {stdin: [...printIpsetSave(save.sets)].join('')})
    const again = parseIpsetSave(await dump(second, 'save'))
    expect(again.problems).toEqual([])
    expect(settled(again.sets)).toEqual(settled(save.sets))
  })

  test('have the members that were loaded, as the kernel prints them', async () => {
    await using namespace = await openNamespace()
    await namespace.run('ipset', ['restore'], {stdin: commands})
    const sets = new Map(settled(parseIpsetSave(await dump(namespace, 'save')).sets).map(set => [set.name, set]))
    expect(sets.get('blocks')?.members).toEqual([
      {entry: '0.0.0.0/1', nomatch: false, extra: undefined},
      {entry: '10.0.0.0/8', nomatch: false, extra: undefined},
      {entry: '10.1.0.0/16', nomatch: true, extra: undefined},
      {entry: '203.0.113.9', nomatch: true, extra: undefined},
    ])
    expect(sets.get('ports')?.members).toEqual([
      {entry: '10.0.0.1,tcp:8080', nomatch: false, extra: 'timeout 0 packets 3 bytes 180 comment "two  blanks, nomatch and \\"'},
      {entry: '10.0.0.1,udp:53', nomatch: false, extra: 'timeout running packets 0 bytes 0 comment "ü"'},
      {entry: '10.0.0.2,sctp:9999', nomatch: false, extra: 'timeout running packets 0 bytes 0'},
    ])
    expect(sets.get('interfaces')?.members.map(({entry, nomatch}) => ({entry, nomatch}))).toEqual([
      {entry: '10.0.0.0/8,physdev:eth0', nomatch: true},
      {entry: '10.0.0.0/9,eth0', nomatch: false},
    ])
    expect(sets.get('list')?.members).toEqual([
      {entry: 'blocks', nomatch: false, extra: 'timeout 0 comment "a list"'},
      {entry: 'ports', nomatch: false, extra: 'timeout running comment "nomatch"'},
      {entry: 'two words', nomatch: false, extra: 'timeout 0'},
    ])
    expect(sets.get('full')?.members.length).toBe(3_000)
  })

  test('read as the fixture of all kinds does, restored from it', async () => {
    await using namespace = await openNamespace()
    // A name with a quote is what ipset itself cannot restore.
    const sets = parseIpsetSave([kinds.save]).sets.filter(({name}) => name !== 'quo"te')
    const restorable = sets.map(set => ({...set, members: set.members.filter(({entry}) => entry !== 'quo"te')}))
    await namespace.run('ipset', ['restore'], {stdin: [...printIpsetSave(restorable)].join('')})
    expect(settled(parseIpsetList(await dump(namespace, 'list')).sets)).toEqual(settled(restorable))
  })
})
