import {expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {NpmPart} from '../../../core/dataplane/plan.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {foretellDenied} from '../../../core/flows/foretell-denied.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {shop, shopLines} from '../../support/shop-nodes.ts'

const CONNECTION =
  'tcp      6 1000 ESTABLISHED src=10.0.1.9 dst=10.0.2.1 sport=40000 dport=80 src=10.0.2.1 dst=10.0.1.9 sport=80 dport=40000 [ASSURED] mark=0 use=1\n'

async function nodeOf({rules, sets}: NodeLines, connections: string): Promise<NodeState> {
  const document = (name: string, text: string, kind: 'iptables-save' | 'ipset-save' | 'conntrack') => ({
    name,
    folder: 'n1',
    text: [text],
    kind,
  })
  const {nodes} = await readDump([
    document('rules.txt', `${rules.join('\n')}\n`, 'iptables-save'),
    document('sets.txt', `${sets.join('\n')}\n`, 'ipset-save'),
    document('conntrack.txt', connections, 'conntrack'),
  ])
  return (nodes[0] as NodeState).with({node: 'n1', cluster: shop})
}

test('a plan says which connections go on that it denies, and how they are ended', async () => {
  const open = linesOf(compile({...shop, policies: []}, {scheme: 'sha256', semantics: 'npm'}))
  const before = await nodeOf(open, CONNECTION)
  const after = await nodeOf(shopLines, '')
  const writing = await before.dataPlane.writing()
  const [from, to] = [writing.partOf(before), writing.partOf(after)] as [NpmPart, NpmPart]
  const {steps} = writing.plan(before, from, to, {npmMayRun: false, mostWalks: 0})
  expect(foretellDenied(before, writing, steps)).toEqual([
    '1 connection goes on that the new state denies: tcp ops/job -> shop/db:80. --end-denied-flows ends it',
  ])
  expect(foretellDenied(before, writing, [])).toEqual([])
  expect(foretellDenied(await nodeOf(open, ''), writing, steps)).toEqual([])
})
