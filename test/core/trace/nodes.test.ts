import {describe, expect, test} from 'vitest'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {Endpoint} from '../../../core/trace/endpoints.ts'
import {knownPods, namedPortSet, routeOf} from '../../../core/trace/nodes.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const end = (name: string): Endpoint => {
  const pod = shop.pods.find(({metadata}) => metadata.name === name)
  return {name, address: pod?.status?.podIP ?? '10.7.7.7', ...(pod && {pod})}
}

describe('a packet passes', () => {
  test.each([
    {what: "the sender's node, then the receiver's", ends: ['web', 'db'], nodes: ['n1', 'n2'], way: ['n1', 'n2']},
    {
      what: "the receiver's last, whatever the order of the dumps",
      ends: ['db', 'web'],
      nodes: ['n1', 'n2', 'n3'],
      way: ['n2', 'n1'],
    },
    {what: 'one node when both ends are on it', ends: ['web', 'job'], nodes: ['n1', 'n2'], way: ['n1']},
    {what: 'the known node when one end is no pod', ends: ['nobody', 'db'], nodes: ['n1', 'n2'], way: ['n2']},
    {what: 'any node when neither end is a pod', ends: ['nobody', 'nobody'], nodes: ['n1', 'n2'], way: ['n1', 'n2']},
    {what: "any node when there is no dump of the ends' nodes", ends: ['web', 'web'], nodes: ['n2', 'n3'], way: ['n2', 'n3']},
    {what: "the only node that is given, whoever's it is", ends: ['web', 'job'], nodes: ['n2'], way: ['n2']},
  ])('$what', async ({ends, nodes, way}) => {
    const dumps = await shopNodes(Object.fromEntries(nodes.map(name => [name, shopLines])))
    const [source = '', destination = ''] = ends
    expect(routeOf(dumps, end(source), end(destination)).nodes.map(({node}) => node)).toEqual(way)
  })

  test('a node of which only the sets are given, too: what it does is unknown', async () => {
    const dumps = await shopNodes({n1: {sets: shopLines.sets}, n2: shopLines})
    expect(routeOf(dumps, end('web'), end('db')).nodes.map(({node}) => node)).toEqual(['n1', 'n2'])
  })

  test('no node of which nothing is given', async () => {
    expect(routeOf(await shopNodes({n1: {}}), end('web'), end('db')).nodes).toEqual([])
  })
})

describe('pods are known', () => {
  test('from the cluster objects', async () => {
    const {pods, sets} = knownPods(await shopNodes())
    expect(pods.map(({metadata}) => metadata.name)).toEqual(['web', 'db', 'job', 'proxy'])
    expect(sets?.has(setKernelName('ns-shop', 'sha256'))).toBe(true)
  })

  test("from Azure NPM's cache where there are no objects", async () => {
    const [node] = await shopNodes({n1: shopLines}, null)
    if (!node) throw new Error('no node')
    const [web] = shop.pods
    if (!web) throw new Error('no pod')
    const cache = {node: 'n1', names: [], isV1: false, objects: {...shop, pods: [web]}}
    expect(knownPods([node, {...node, cache}]).pods).toEqual([web])
    expect(knownPods([node]).pods).toEqual([])
  })
})

test.each(['sha256', 'fnv32a'] as const)('the set of a named port is found by its name in %s, on any node', async scheme => {
  const name = setKernelName('namedport:sql', scheme)
  const [first, second] = await shopNodes({
    n1: {rules: shopLines.rules, sets: []},
    n2: {rules: shopLines.rules, sets: [`create ${name} hash:ip,port`]},
  })
  if (!first || !second) throw new Error('no nodes')
  expect(namedPortSet([first, second], 'sql')?.name).toBe(name)
  expect(namedPortSet([first, second], 'other')).toBeUndefined()
  expect(namedPortSet([first], 'sql')).toBeUndefined()
})
