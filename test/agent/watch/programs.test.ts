import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {rulesForHeap} from '../../../agent/watch/programs.ts'

const root = new URL('../../../', import.meta.url).href

/** What an agent does for a diff of a node that has none of the rules, in a process of its own. */
const script = (count: number): string => `
  import {getHeapStatistics} from 'node:v8'
  import {Programs, rulesForHeap} from '${root}agent/watch/programs.ts'
  import {linux} from '${root}core/dataplanes.ts'
  import {compareNode} from '${root}core/drift/compare-node.ts'
  import {readDump} from '${root}core/dump/read-dump.ts'
  import {emptyCluster} from '${root}core/kubernetes/objects.ts'
  import {largePolicies} from '${root}test/support/large-policies.ts'

  const small = {metadata: {name: 'small', namespace: 'good'}, spec: {podSelector: {}, policyTypes: ['Ingress']}}
  const cluster = {...emptyCluster(), policies: [small, ...largePolicies(${count})]}
  const most = rulesForHeap(getHeapStatistics().heap_size_limit)
  const programs = new Programs(() => cluster, most)
  const rules = '*filter\\n:FORWARD ACCEPT [0:0]\\n:AZURE-NPM - [0:0]\\n-A FORWARD -j AZURE-NPM\\nCOMMIT\\n'
  const documents = [
    {name: 'rules', folder: '', text: [rules], kind: 'iptables-save'},
    {name: 'sets', folder: '', text: ['create azure-npm-1 hash:net family inet maxelem 65536\\n'], kind: 'ipset-save'},
  ]
  const [node] = (await readDump(documents)).nodes
  const {clean, items, notCompared} = compareNode(cluster, node.with({cluster}), {programFor: options => programs.programFor(linux, options)})
  console.log(JSON.stringify({most, clean, policies: items.map(({policy}) => policy), notCompared: notCompared.map(({policy}) => policy)}))
`

describe('an agent with a heap of 200 MB', () => {
  test.each([10, 200])('compares what it can, and names the largest of %i policies that are too large', async count => {
    const {stdout} = await execa(process.execPath, ['--max-old-space-size=200', '--input-type=module', '--eval', script(count)], {
      timeout: 110_000,
    })
    const {most, clean, policies, notCompared} = JSON.parse(stdout)
    expect(clean).toBe(false)
    expect(policies).toContain('good/small')
    // Each has 49,285 rules, and the small policy has one.
    expect(notCompared).toHaveLength(count - Math.floor((most - 1) / 49_285))
    expect(notCompared).not.toContain('good/small')
  })
})

test('a heap has room for as many rules as it can hold while their effects are sought', () => {
  expect(rulesForHeap(256 * 2 ** 20)).toBe(131_072)
})
