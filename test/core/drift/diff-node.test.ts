import {expect, test} from 'vitest'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

const rules = fixtureText('drifted/iptables-save.txt')
const sets = fixtureText('drifted/ipset-save.txt')
const objects = fixtureText('drifted/cluster.json')
const problem = {code: 'UNKNOWN_FILE', message: 'what is this', next: ''} as const

test('a node is compared with the policies in its own dump', async () => {
  const drift = diffNode(await dumpOf(rules, sets, objects), {isLite: false}, [problem])
  expect(drift).toMatchObject({kind: 'Drift', clean: false})
  expect(drift.items.length).toBeGreaterThan(0)
  expect(drift.problems[0]).toEqual(problem)
})

test('without cluster objects there is nothing to compare with', async () => {
  const dump = await dumpOf(rules, sets)
  expect(() => diffNode(dump, {isLite: false}, [])).toThrow('no cluster objects')
})
