import {expect, test} from 'vitest'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {translateNode} from '../../../core/translate/translate-node.ts'
import {nodeNamed} from '../../support/dump-fixture.ts'
import {dumpOf} from '../../support/read-capture.ts'

const {rules, sets, cluster} = nodeNamed('captures/v2-base36-nft')
const objects = JSON.stringify(cluster)
const NAT = '*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n'
const parts = (incomplete: readonly {readonly part: string}[]) => incomplete.map(({part}) => part)

test.each([
  {what: 'the rules of nat only', texts: [NAT, sets], is: ['table filter']},
  {
    what: 'rules that are cut off',
    texts: [rules.slice(0, rules.indexOf('-A AZURE-NPM-INGRESS ')), sets],
    is: ['table filter', 'table nat'],
  },
  {what: 'no sets', texts: [rules], is: ['sets']},
  {what: 'no rules', texts: [sets], is: ['rules']},
  {what: 'sets that are cut off', texts: [rules, sets.slice(0, -10)], is: [expect.stringMatching(/^set azure-npm-/)]},
])('with $what a node is not clean, and nothing is called missing', async ({texts, is}) => {
  const node = await dumpOf(...texts, objects)
  const drift = diffNode(node, {isLite: false, isProgramOnly: true}, [])
  expect({clean: drift.clean, parts: parts(drift.incomplete)}).toEqual({clean: false, parts: is})
  expect(drift.items.filter(({change}) => change === 'missing')).toEqual([])
})

test('without rules nothing is said to do nothing, and no packet to have been judged', async () => {
  const lacking = sets.replace(/^add .*\n/m, '')
  const {causes, items, judged} = diffNode(await dumpOf(lacking, objects), {isLite: false}, [])
  expect(items.map(({effect}) => effect)).toEqual(['unknown'])
  expect({uncertain: causes.map(({isUncertain}) => isUncertain), judged}).toEqual({uncertain: [true], judged: 'none'})
})

test('where a set changed between two tools, its sets are to be taken again', async () => {
  const [, name = '', type = ''] = /^create (azure-npm-\S+) (hash:net)/m.exec(sets) ?? []
  const headers = `Name: ${name}\nType: ${type}\nRevision: 7\nHeader: family inet hashsize 1024 maxelem 65536\nSize in memory: 512\nReferences: 3\nNumber of entries: 99\n`
  const {completeness} = await dumpOf(rules, sets, headers, objects)
  expect(completeness.ofSet(name, false)).toMatchObject({
    reason: expect.stringContaining('ipset list counts 99 members'),
    next: 'Take all sets of the node: ipset save',
  })
})

test('a matrix names what is not whole where a verdict rests on it', async () => {
  const question = {ports: [{protocol: 'tcp', port: 9000} as const]}
  const whole = probeNodes([await dumpOf(rules, sets, objects)], question)
  expect([...whole.document.probes].length).toBeGreaterThan(0)
  expect([whole.document.incomplete, whole.restsOnLost()]).toEqual([[], false])
  const half = probeNodes([await dumpOf(NAT, sets, objects)], question)
  expect(new Set([...half.document.probes].map(({verdict}) => verdict))).toContain('unknown')
  expect([parts(half.document.incomplete), half.restsOnLost()]).toEqual([['table filter'], true])
})

test('a translation names the tables that are not whole', async () => {
  const incompleteOf = async (text: string) => parts(translateNode(await dumpOf(text, sets)).facts.incomplete)
  expect(await incompleteOf(rules)).toEqual([])
  expect(await incompleteOf(rules.slice(0, rules.indexOf('-A AZURE-NPM-INGRESS ')))).not.toEqual([])
  expect(await incompleteOf(NAT)).toEqual(['table filter'])
})
