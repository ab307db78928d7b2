import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {Drift} from '../../../core/contract/drift.ts'
import type {PolicyList, PolicyListItem} from '../../../core/contract/policies.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {type ComparedNode, compareNodes} from '../../../core/policies/compare-nodes.ts'
import {listPolicies} from '../../../core/policies/list-policies.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'
import {fixtureNodes} from '../../support/dump-fixture.ts'
import {halvesOf, nodeOf, spread} from '../../support/half-inputs.ts'
import {azureNpm, damages} from '../../support/linux/arbitrary-node.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'

/** A list of policies, and the comparisons that it was made of. */
function listOf(states: readonly NodeState[]): {list: PolicyList; drifts: Drift[]} {
  const compared: ComparedNode[] = [...compareNodes(states, {isLite: false})]
  const list = listPolicies(states[0]?.cluster, compared, {failures: [], problems: []})
  return {list, drifts: compared.flatMap(({drift}) => drift ?? [])}
}

const statesOf = (items: readonly PolicyListItem[]) => new Set(items.flatMap(({states}) => states.map(({state}) => state)))

/** What a list says as a whole. */
function summary({items, others, incomplete}: PolicyList) {
  const states = statesOf(items)
  const isUnknown = states.delete('unknown') || incomplete.length > 0
  states.delete('in force')
  const isWrong = states.size > 0 || others.length > 0
  return {isClean: !isWrong && !isUnknown, isWrong}
}

/** What `diff` says as a whole: clean, and whether anything is known to be wrong. */
const summaryOf = (drifts: readonly Drift[]) => ({
  isClean: drifts.every(({clean}) => clean),
  isWrong: drifts.some(
    ({items, causes, departures}) =>
      items.length + departures.length > 0 || causes.some(({opens, closes}) => opens.length + closes.length > 0),
  ),
})

/** Policies that a comparison names, and that are in force all the same by the list. */
function forgotten({items}: PolicyList, drifts: readonly Drift[]): string[] {
  const named = new Set(
    drifts.flatMap(({causes, departures}) => [
      ...causes.flatMap(({policy}) => policy ?? []),
      ...departures.flatMap(({policies}) => policies),
    ]),
  )
  const told = new Set(
    items.flatMap(({namespace, name, states}) =>
      states.some(({state}) => state !== 'in force') ? [`${namespace}/${name}`] : [],
    ),
  )
  return [...named].filter(policy => !told.has(policy))
}

async function stateOf({rules, sets}: NodeLines, node: string): Promise<NodeState> {
  const {nodes} = await readDump([
    {name: 'rules', folder: node, text: [`${rules.join('\n')}\n`], kind: 'iptables-save'},
    {name: 'sets', folder: node, text: [`${sets.join('\n')}\n`], kind: 'ipset-save'},
  ])
  return (nodes[0] as NodeState).with({node})
}

describe('a list of policies says what diff of the same nodes says', () => {
  propertyTest.prop([cluster, azureNpm, fc.option(damages, {nil: undefined})], {numRuns: 40})(
    'for any cluster, of a node as Azure NPM programs it and one that is damaged',
    async (objects, options, damage) => {
      const whole = linesOf(compile(objects, {...options, semantics: 'npm'}))
      const states = [await stateOf(whole, 'n1'), await stateOf(damage ? damage(whole) : whole, 'n2')].map(state =>
        state.with({cluster: objects}),
      )
      fc.pre(objects.policies.length > 0)
      const {list, drifts} = listOf(states)
      const all = summaryOf(drifts)
      expect(summary(list)).toEqual(all)
      expect(forgotten(list, drifts)).toEqual([])
    },
  )

  test.each(fixtureNodes.map(node => [node.name, node] as const))('for %s', async (_, node) => {
    const {list, drifts} = listOf([await nodeOf(node, node.rules, node.sets)])
    expect(summary(list)).toEqual(summaryOf(drifts))
    expect(forgotten(list, drifts)).toEqual([])
  })
})

/** A chain or a set in the middle is missing in the same way whoever took it away. */
const isTold = ({what}: {readonly what: string}): boolean => !/^no (?:chain|set) /.test(what)
const keyOf = ({namespace, name, direction}: PolicyListItem): string => `${namespace}/${name} ${direction}`

describe.each(fixtureNodes.map(node => [node.name, node] as const))('half the input of %s', (_, node) => {
  test('gives no policy another state than all of it', async () => {
    const all = listOf([await nodeOf(node, node.rules, node.sets)]).list
    const whole = new Map(all.items.map(item => [keyOf(item), statesOf([item])]))
    const wrong: string[] = []
    for (const {what, rules, sets} of spread(halvesOf(node).filter(isTold), 8)) {
      const half = listOf([await nodeOf(node, rules, sets)]).list
      for (const item of half.items)
        for (const state of statesOf([item]))
          if (state !== 'unknown' && !whole.get(keyOf(item))?.has(state)) wrong.push(`${what}: ${keyOf(item)} is ${state}`)
      // Of a set nobody knows which policy uses it while rules are cut, but that it is wrong.
      if (half.others.length > 0 && !summary(all).isWrong) wrong.push(`${what}: ${half.others[0]?.text}`)
    }
    expect(wrong).toEqual([])
  })
})
