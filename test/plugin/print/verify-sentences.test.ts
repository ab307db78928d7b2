import {expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {verifyEach} from '../../../core/verify/verify-node.ts'
import {painter} from '../../../plugin/print/paint.ts'
import {verificationListLines} from '../../../plugin/print/verification.ts'
import type {NodeLines} from '../../support/node-of.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

/* What a verification says, in the words that a person is shown. Whoever changes a sentence reads it here. */

const nat = ['*nat', ':PREROUTING ACCEPT [0:0]', 'COMMIT']
const whole: NodeLines = {rules: [...nat, ...shopLines.rules], sets: shopLines.sets}
const foreign = (...rules: string[]): NodeLines => ({
  ...whole,
  rules: whole.rules.flatMap(line =>
    line.startsWith('-A FORWARD') ? [...rules.map(rule => `-A FORWARD ${rule}`), line] : [line],
  ),
})

const cases: readonly {
  readonly what: string
  readonly nodes: Readonly<Record<string, NodeLines>>
  readonly cluster?: typeof shop
  readonly mostPairs?: number
}[] = [
  {what: 'a node that is proven', nodes: {n2: whole}},
  {what: 'a node of which only a part may be compared', nodes: {n2: whole}, mostPairs: 2},
  {what: 'objects without pods', nodes: {n2: whole}, cluster: {...shop, pods: []}},
  {what: 'a rule that opens and one that closes', nodes: {n2: foreign('-s 10.0.1.9/32 -j ACCEPT', '-d 10.0.2.1/32 -j DROP')}},
  {what: 'a rule that nobody can tell', nodes: {n2: foreign('-d 10.0.2.1/32 -p udp -j STRANGE')}},
  {what: 'a mask that is no prefix', nodes: {n2: foreign('-s 10.0.0.9/255.255.0.255 -j ACCEPT')}},
  {what: 'two nodes', nodes: {n1: whole, n2: foreign('-p 47 -j DROP')}},
  {what: 'two nodes, of one of which there are only sets', nodes: {n1: {...whole, rules: []}, n2: whole}},
]

test('what a verification finds is told in these sentences', async () => {
  const screens: string[] = []
  for (const {what, nodes, cluster, mostPairs} of cases) {
    const dumps = await shopNodes(
      Object.fromEntries(Object.entries(nodes).map(([name, {rules, sets}]) => [name, {sets, ...(rules.length > 0 && {rules})}])),
      cluster,
    )
    let lines: string[]
    try {
      const {items, failures} = verifyEach(dumps, {against: 'policies', ...(mostPairs !== undefined && {mostPairs})})
      lines = [
        ...verificationListLines({apiVersion: 'kubectl-npm/v1', kind: 'VerificationList', items, failures}, painter(false)),
      ]
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      lines = [`error: ${error.message}`, ...error.steps.map(step => `  ${step}`)]
    }
    screens.push(`### ${what}\n${lines.join('\n')}\n`)
  }
  await expect(screens.join('\n')).toMatchFileSnapshot('../../golden/verify-sentences.txt')
})
