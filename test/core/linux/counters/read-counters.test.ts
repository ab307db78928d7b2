import {createHash} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {liveNodeSchema} from '../../../../core/contract/live.ts'
import {readDump} from '../../../../core/dump/read-dump.ts'
import {readRuleCounters} from '../../../../core/linux/counters/read-counters.ts'
import {liveNode} from '../../../../core/live/live-node.ts'
import {structureDigest} from '../../../../core/live/structure-digest.ts'
import {nodeTotals} from '../../../../core/live/summary.ts'
import {fixtureNodes, nodeNamed} from '../../../support/dump-fixture.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const {rules: save, sets} = nodeNamed('real-npm/shop-sha256')

async function nodeOf(rules: string, ipsets = sets) {
  const {nodes} = await readDump([
    {name: 'iptables-save.txt', folder: 'n1', text: [rules]},
    {name: 'ipset-save.txt', folder: 'n1', text: [ipsets]},
  ])
  const [node] = nodes
  if (!node) throw new Error('no node')
  return node
}

/** The save with a count of its own for each rule: packets of rule n are n + 1, bytes a hundred times that. */
function counted(text: string): string {
  let number = 0
  return text.replaceAll(/^\[\d+:\d+\] (?=-A (?:AZURE-NPM|FORWARD .* -j AZURE-NPM$))/gm, () => `[${++number}:${number * 100}] `)
}

describe('counters of a save', () => {
  test.each(fixtureNodes.map(({name, rules, sets}) => ({name, rules, sets})))(
    'are numbered alike by text and by node: $name',
    async ({rules, sets}) => {
      const node = await nodeOf(rules, sets)
      const ofText = readRuleCounters([rules]).structure
      expect(node.counters().counters.structure).toEqual(ofText)
      const live = liveNodeSchema.parse(liveNode(node, {at: '2026-01-01T00:00:00Z', sha256}))
      expect(live.structure).toBe(structureDigest(ofText, sha256))
      // Each rule of the document is the one whose counters have its number.
      for (const {rules: own, policy, jump, chain} of live.policies) {
        if (jump !== null) expect(ofText.rules[jump]).toMatch(new RegExp(` -j ${chain}$`))
        if (jump !== null && policy !== 'unknown') expect(ofText.rules[jump]).toContain(policy)
        for (const {number, where} of own)
          expect(ofText.rules[number], JSON.stringify(where)).toMatch(new RegExp(`^-A ${'chain' in where ? where.chain : ''} `))
        if (chain !== 'AZURE-NPM-INGRESS') expect(new Set(own.map(({number}) => number)).size).toBe(own.length)
      }
    },
  )

  test('are read anew while the rules stay the same object', () => {
    const first = readRuleCounters([save])
    const second = readRuleCounters([counted(save)], first)
    expect(second.structure).toBe(first.structure)
    expect([...second.packets]).toEqual(first.structure.rules.map((_, number) => number + 1))
    expect([...second.bytes]).toEqual(first.structure.rules.map((_, number) => (number + 1) * 100))
  })

  test.each([
    {name: 'a rule more', change: (text: string) => text.replace(/^(\[0:0\] -A AZURE-NPM-ACCEPT.*)$/m, '$1\n$1')},
    {name: 'a rule less', change: (text: string) => text.replace(/^\[0:0\] -A AZURE-NPM-ACCEPT.*\n/m, '')},
    {name: 'the last rule less', change: (text: string) => text.replace(/\[0:0\] -A AZURE-NPM-[^\n]*\n(?!\[0:0\] -A AZURE)/, '')},
    {name: 'a rule that goes on', change: (text: string) => text.replace(/^(\[0:0\] -A AZURE-NPM-ACCEPT -j ACCEPT)$/m, '$1X')},
    {name: 'another jump', change: (text: string) => text.replace('--ctstate NEW -j AZURE-NPM\n', '-j AZURE-NPM\n')},
  ])('belong to other rules after $name', ({change}) => {
    const first = readRuleCounters([save])
    const changed = change(save)
    const second = readRuleCounters([changed], first)
    expect(second.structure).not.toBe(first.structure)
    expect(second).toEqual(readRuleCounters([changed]))
    expect(second.structure.rules).toEqual(
      changed
        .split('\n')
        .filter(line => /-A (?:AZURE-NPM|FORWARD .*-j AZURE-NPM$)/.test(line))
        .map(line => line.slice(line.indexOf('-A'))),
    )
  })

  test.each([
    {
      name: 'one more before the jump',
      change: (text: string) => text.replace(/^(.*-A FORWARD .*)$/m, '[0:0] -A FORWARD -s 10.1.0.0/16 -j ACCEPT\n$1'),
    },
    {
      name: 'one more behind the jump',
      change: (text: string) => text.replace(/^(.*-A FORWARD .*-j AZURE-NPM)$/m, '$1\n[0:0] -A FORWARD -s 10.1.0.0/16 -j ACCEPT'),
    },
    {
      name: 'one in a chain of its own',
      change: (text: string) => text.replace(/^(.*-A FORWARD .*-j AZURE-NPM)$/m, '$1\n[0:0] -A OTHERS -j DROP'),
    },
  ])('tell that rules of other programs have changed: $name', ({change}) => {
    const first = readRuleCounters([save])
    expect(readRuleCounters([save.replaceAll('[0:0] -A', '[7:700] -A')], first).otherRules).toBe(first.otherRules)
    const changed = change(save)
    expect(changed).not.toBe(save)
    const second = readRuleCounters([changed], first)
    expect(second.structure).toBe(first.structure)
    expect(second.otherRules).not.toBe(first.otherRules)
  })

  test('tell where a rule of another program stands, though it is the same', () => {
    const rule = '[0:0] -A FORWARD -s 10.1.0.0/16 -j ACCEPT'
    const jump = /^(.*-A FORWARD .*-j AZURE-NPM)$/m
    const sums = [`${rule}\n$1`, `$1\n${rule}`].map(both => readRuleCounters([save.replace(jump, both)]).otherRules)
    expect(sums[0]).not.toBe(sums[1])
  })

  test('count connections at the jump, drops at the rules that drop, and nothing of other tables', () => {
    const read = readRuleCounters([`*nat\n[9:9] -A AZURE-NPM -j DROP\nCOMMIT\n${counted(save)}`])
    const {rules} = read.structure
    const drops = rules.flatMap((rule, number) => (rule.endsWith('-j DROP') ? [number + 1] : []))
    expect(drops).toHaveLength(2)
    expect(nodeTotals(read)).toEqual({
      newConnections: 1 + rules.findIndex(rule => rule.startsWith('-A FORWARD')),
      drops: drops.reduce((sum, each) => sum + each),
      dropBytes: drops.reduce((sum, each) => sum + each * 100, 0),
    })
    expect(read.structure).toMatchObject({policies: 8, isActive: true})
  })

  test('are not known of a jump that all packets take, and of a save without counters', () => {
    const all = readRuleCounters([save.replace('--ctstate NEW -j AZURE-NPM\n', '-j AZURE-NPM\n')])
    expect(nodeTotals(all)).toMatchObject({newConnections: null, drops: 0})
    expect(all.structure.isActive).toBe(true)
    const bare = readRuleCounters([save.replaceAll('[0:0] ', '')])
    expect(bare.structure).toEqual(readRuleCounters([save]).structure)
    expect(nodeTotals(bare)).toEqual({newConnections: null, drops: null, dropBytes: null})
  })
})
