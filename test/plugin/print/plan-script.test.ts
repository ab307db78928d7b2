import {expect} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {planScript} from '../../../plugin/print/plan.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'
import {planFor} from '../../support/plan/plan.ts'
import {shop} from '../../support/shop-nodes.ts'

const cluster: ClusterObjects = {
  ...shop,
  namespaces: shop.namespaces.map(({metadata}) => ({
    metadata: {...metadata, labels: {'kubernetes.io/metadata.name': metadata.name}},
  })),
}
const still = {hasNpmPages: false, hasNpmProcess: false} as const

/** The node as its own tools print it. */
async function readNode(namespace: Namespace): Promise<NodeState> {
  const [rules, sets] = await Promise.all([namespace.run('iptables-nft-save', ['-c']), namespace.run('ipset', ['save'])])
  const {nodes} = await readDump([
    {name: 'n2/iptables-save.txt', folder: 'n2', text: [rules.stdout], kind: 'iptables-save'},
    {name: 'n2/ipset-save.txt', folder: 'n2', text: [sets.stdout], kind: 'ipset-save'},
  ])
  return (nodes[0] as NodeState).with({node: 'n2', cluster})
}

describeKernel('the script of a plan, run by a shell on the node', () => {
  kernelTest('programs an empty node, mends a broken one, and takes all away again', async namespace => {
    await namespace.run('iptables-nft', ['-A', 'FORWARD', '-s', '192.0.2.0/24', '-j', 'ACCEPT'])
    const follow = async (wanted: 'policies' | 'nothing') => {
      const plan = await planFor(await readNode(namespace), {kind: wanted}, {surroundings: still})
      await namespace.run('sh', [], {stdin: `${[...planScript(plan)].join('\n')}\n`})
      return plan
    }
    expect((await follow('policies')).operations.length).toBeGreaterThan(20)
    expect((await follow('policies')).operations).toEqual([])
    const {stdout} = await namespace.run('ipset', ['save'])
    const [, set = '', member = ''] = /^add (\S+) (10\.0\.1\.1)$/m.exec(stdout) ?? []
    await namespace.run('ipset', ['del', set, member])
    await namespace.run('iptables-nft', ['-F', 'AZURE-NPM-INGRESS'])
    expect((await follow('policies')).operations.length).toBeGreaterThan(1)
    expect((await follow('policies')).operations).toEqual([])
    expect((await follow('nothing')).operations.length).toBeGreaterThan(20)
    const left = await namespace.run('iptables-nft-save', [])
    expect(left.stdout).not.toContain('AZURE-NPM')
    expect(left.stdout).toContain('-A FORWARD -s 192.0.2.0/24 -j ACCEPT')
    expect((await namespace.run('ipset', ['save'])).stdout).toBe('')
  })
})
