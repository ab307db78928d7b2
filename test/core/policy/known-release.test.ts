import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {ClusterObjects, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {linesOf} from '../../support/node-of.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'
import {shop, shopNodes} from '../../support/shop-nodes.ts'

const npmPod = (image: string, node = 'n1'): Pod => ({
  metadata: {name: `azure-npm-${node}`, namespace: 'kube-system', labels: {'k8s-app': 'azure-npm'}},
  spec: {nodeName: node, hostNetwork: true, containers: [{image}]},
  status: {phase: 'Running', podIP: '10.40.0.4'},
})

async function programmed(options: Partial<CompileOptions>, cluster: ClusterObjects = shop): Promise<NodeState> {
  const [node] = await shopNodes({n1: linesOf(compile(shop, {scheme: 'sha256', semantics: 'npm', ...options}))}, cluster)
  if (!node) throw new Error('no node was read')
  return node
}

describe('the release of a node', () => {
  test.each([
    {image: 'mcr.microsoft.com/containernetworking/azure-npm:v1.6.48', name: 'v1.6.48'},
    {image: 'registry.example:5000/azure-npm:v1.5.5@sha256:0123', name: 'v1.5.5'},
  ])('is that of its pod: $image', async ({image, name}) => {
    const node = await programmed({}, {...shop, pods: [...shop.pods, npmPod(image)]})
    expect(node.release()).toEqual({name, from: 'image'})
  })

  test.each<{options: Partial<CompileOptions>; name: string}>([
    {options: {}, name: 'v1.6.46 or newer'},
    {options: {scheme: 'fnv32a', release: 'v1.4.24'}, name: 'v1.4.24 to v1.8.11'},
    {options: {scheme: 'fnv32a', release: 'v1.4.17'}, name: 'v1.4.17 to v1.4.23'},
  ])('is told by what is programmed where no pod tells: $name', async ({options, name}) => {
    expect((await programmed(options)).release()).toEqual({name, from: 'rules'})
    const other = await programmed(options, {
      ...shop,
      pods: [...shop.pods, npmPod('azure-npm:latest'), npmPod('azure-npm:v1.5.5', 'n2')],
    })
    expect(other.release()).toEqual({name, from: 'rules'})
  })

  test.each([
    {capture: 'v1-nft', release: {name: 'v1.4.19 or older', from: 'rules'}},
    {capture: 'empty-nft', release: {name: 'unknown', from: 'unknown'}},
  ])('of $capture is $release.name', async ({capture, release}) => {
    const texts = ['iptables-save.txt', 'ipset-save.txt'].map(file => fixtureText(`captures/${capture}/${file}`))
    expect((await dumpOf(...texts)).release()).toEqual(release)
  })
})
