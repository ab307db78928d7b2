import {describe, expect, test} from 'vitest'
import type {Drift} from '../../../core/contract/drift.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {compareNode} from '../../../core/drift/compare-node.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import {verifyNode} from '../../../core/verify/verify-node.ts'
import {type FixtureNode, fixtureNodes, nodeNamed} from '../../support/dump-fixture.ts'
import {type Half, halvesOf, nodeOf, spread, tablesOf, withoutTable} from '../../support/half-inputs.ts'
import {packetOf} from '../../support/packet-text.ts'

/** A comparison with the policies walks many packets. */
const MOST_HALVES = {programOnly: 40, withPolicies: 8}

/** What a comparison says that all of the input does not: that something is missing, or that a packet is judged so. */
function wrongIn(
  drift: Pick<Drift, 'items' | 'causes' | 'departures'>,
  whole: NodeState,
  missing: ReadonlySet<string>,
): string[] {
  const judged = [...drift.causes, ...drift.departures].flatMap(({opens, closes}) => [
    ...opens.map(({packet}) => ({packet, now: 'accept'})),
    ...closes.map(({packet}) => ({packet, now: 'drop'})),
  ])
  return [
    ...drift.items.filter(item => item.change === 'missing' && !missing.has(keyOf(item))).map(({name}) => `missing: ${name}`),
    ...judged
      .filter(({packet, now}) => ![now, 'unknown'].includes(whole.walk(packetOf(packet)).verdict))
      .map(({packet, now}) => `${packet}: ${now}`),
  ]
}

const keyOf = ({kind, change, name, expected}: Drift['items'][number]): string => `${kind} ${change} ${name} ${expected}`

/** A chain or a set in the middle is missing in the same way whoever took it away. */
const isTold = ({what}: Half): boolean => !/^no (?:chain|set) /.test(what)

describe.each(fixtureNodes.map(node => [node.name, node] as const))('of half the input of %s', (_, node) => {
  test.each([true, false])(
    'a comparison is clean only if that of all of it is, and says nothing else; program only: %s',
    async isProgramOnly => {
      const whole = await nodeOf(node, node.rules, node.sets)
      const {cluster} = whole
      if (!cluster) throw new Error('no objects')
      const all = compareNode(cluster, whole, {isProgramOnly})
      const missing = new Set(all.items.map(keyOf))
      expect(wrongIn(all, whole, missing)).toEqual([])
      const wrong: string[] = []
      const most = isProgramOnly ? MOST_HALVES.programOnly : MOST_HALVES.withPolicies
      for (const {what, rules, sets} of spread(halvesOf(node).filter(isTold), most)) {
        const drift = compareNode(cluster, await nodeOf(node, rules, sets), {isProgramOnly})
        if (drift.clean && !all.clean) wrong.push(`${what}: clean`)
        wrong.push(...wrongIn(drift, whole, missing).map(each => `${what}: ${each}`))
      }
      expect(wrong.slice(0, 20)).toEqual([])
    },
  )
})

const OPTIONS = {isLite: false, isProgramOnly: true}
/** Without policies nothing is compared. */
const withKubeProxy = fixtureNodes.filter(
  ({name, rules}) => name !== 'captures/inactive-nft' && rules.includes(':KUBE-PROXY-CANARY '),
)

describe('of a node that kube-proxy runs on', () => {
  test('there are captures', () => expect(withKubeProxy.length).toBeGreaterThan(4))

  test.each(withKubeProxy.flatMap(node => tablesOf(node.rules).map(table => [node.name, table, node] as const)))(
    '%s is not clean without its table %s, which is named',
    async (_, table, node) => {
      const drift = diffNode(await nodeOf(node, withoutTable(node.rules, table), node.sets), OPTIONS, [])
      expect(drift.clean).toBe(false)
      expect(drift.incomplete.map(({part, state}) => ({part, state}))).toContainEqual({part: `table ${table}`, state: 'absent'})
    },
  )
})

test.each(['mangle', 'nat'])('without its table %s nothing is proven of a node, and the table is named', async table => {
  const {rules, sets} = shop
  const partsOf = async (text: string) => verifyNode(await nodeOf(shop, text, sets), {against: 'program'}, [])
  const [whole, half] = [await partsOf(rules), await partsOf(withoutTable(rules, table))]
  expect([whole.result, whole.incomplete]).toEqual(['proven', []])
  expect([half.result, half.incomplete.map(({part}) => part)]).toEqual(['unknown', [`table ${table}`]])
})

const shop = nodeNamed('captures/v2-base36-nft')
/** Of this node nat is the last table. */
const nat = shop.rules.indexOf('*nat')

test.each<{what: string; rules: string; part: string}>([
  {what: 'in the table nat', rules: shop.rules.slice(0, shop.rules.indexOf('\n', nat + 200) + 1), part: 'table nat'},
  {what: 'behind the name of a table', rules: shop.rules.slice(0, nat + 3), part: 'other tables'},
  {what: 'behind the head of a table', rules: shop.rules.slice(0, nat), part: 'other tables'},
  {what: 'in the head of a table', rules: shop.rules.slice(0, shop.rules.lastIndexOf('# Generated') + 6), part: 'other tables'},
])('rules that are cut $what are not clean', async ({rules, part}) => {
  const drift = diffNode(await nodeOf(shop, rules, shop.sets), OPTIONS, [])
  expect(drift.clean).toBe(false)
  expect(drift.incomplete.map(each => each.part)).toContain(part)
})

const real = fixtureNodes.filter(({name}) => /real-npm\/(?:freight-legacy|garden-oldmarks|shop-sha256)/.test(name))

test.each(real.map(node => [node.name, node] as const))('%s, to which kube-proxy never came, is clean', async (_, node) => {
  expect(tablesOf(node.rules)).not.toContain('nat')
  expect(diffNode(await nodeOf(node, node.rules, node.sets), {...OPTIONS, isProgramOnly: false}, [])).toMatchObject({
    clean: true,
    incomplete: [],
  })
})

const KINDS = ['Pod', 'Namespace', 'NetworkPolicy']

test.each(KINDS)('without any %s no node is clean, and nothing is missing', async kind => {
  const wrong: string[] = []
  for (const node of fixtureNodes) {
    const {items} = node.cluster as {readonly items: readonly {readonly kind: string}[]}
    const cluster = {...(node.cluster as object), items: items.filter(each => each.kind !== kind)}
    const half: FixtureNode = {...node, cluster}
    const drift = diffNode(await nodeOf(half, node.rules, node.sets), {...OPTIONS, isProgramOnly: false}, [])
    if (drift.clean || drift.items.length + drift.causes.length > 0 || drift.incomplete.length === 0) wrong.push(node.name)
  }
  expect(wrong).toEqual([])
})
