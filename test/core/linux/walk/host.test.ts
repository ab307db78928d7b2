import {describe, expect, test} from 'vitest'
import {shop, shopLines, shopNodes} from '../../../support/shop-nodes.ts'

/* What the input tells of a node's own addresses. shop/web 10.0.1.1 may send to shop/db only, as far as FORWARD is concerned. */

const web = {source: '10.0.1.1', protocol: 'tcp', port: 53} as const

async function nodeWith({rules = [], sets = []}: {rules?: readonly string[]; sets?: readonly string[]}) {
  const [node] = await shopNodes({n1: {rules: [...rules, ...shopLines.rules], sets: [...shopLines.sets, ...sets]}})
  if (!node) throw new Error('no node')
  return node
}

const nat = ['*nat', ':PREROUTING ACCEPT [0:0]', 'COMMIT']
const input = (...lines: string[]) => [...nat, '*security', ':INPUT ACCEPT [0:0]', 'COMMIT', ...lines]

describe('an address is the node’s own', () => {
  test('when it is loopback, one of the Node object, or of a pod that uses the node’s network', async () => {
    const node = await nodeWith({rules: nat})
    const paths = ['127.0.0.1', '10.9.0.1', '10.9.0.2', '10.0.2.1'].map(destination => node.walk({...web, destination}).path)
    expect(paths).toEqual(['input', 'input', 'forward', 'forward'])
    const second = node.with({node: 'n2'})
    expect(second.walk({...web, destination: '10.9.0.2'}).path).toBe('input')
    expect(second.walk({source: '10.9.0.2', destination: '10.0.2.1', protocol: 'tcp', port: 1})).toMatchObject({
      path: 'output',
      verdict: 'accept',
    })
  })

  test('perhaps, when INPUT has a rule for it: it is unknown where that decides', async () => {
    const cache = '169.254.20.10'
    const rules = input('*filter', ':INPUT ACCEPT [0:0]', `-A INPUT -d ${cache}/32 -p tcp -m tcp --dport 53 -j ACCEPT`, 'COMMIT')
    const filter = (lines: readonly string[]) => lines.filter(line => line !== '*filter' && line !== 'COMMIT')
    const [node] = await shopNodes({
      n1: {sets: shopLines.sets, rules: [...rules.slice(0, -1), ...filter(shopLines.rules), 'COMMIT']},
    })
    expect(node?.walk({...web, destination: cache})).toMatchObject({
      verdict: 'unknown',
      reason: `it depends on whether ${cache} is an address of this node, which the input does not tell`,
    })
    expect(node?.walk({...web, source: '10.0.1.9', destination: cache}).verdict).toBe('accept')
  })

  test('not when a pod of the cluster has it, whatever rules there are for it', async () => {
    const rules = ['*filter', ':INPUT ACCEPT [0:0]', '-A INPUT -d 10.0.1.9/32 -j ACCEPT', 'COMMIT']
    const lines = [...nat, ...rules.slice(0, -1), ...shopLines.rules.filter(line => line !== '*filter')]
    const [node] = await shopNodes({n1: {sets: shopLines.sets, rules: lines}})
    expect(node?.walk({...web, destination: '10.0.1.9'})).toMatchObject({verdict: 'drop', path: 'forward'})
  })

  test('of any node, when the input does not say which this is', async () => {
    const node = (await nodeWith({rules: nat})).with({node: 'unknown'})
    expect(node.walk({...web, destination: '10.9.0.2'}).verdict).toBe('unknown')
    const only = node.with({node: 'unknown', cluster: {...shop, nodes: shop.nodes.slice(0, 1)}})
    expect(only.walk({...web, destination: '10.9.0.1'})).toMatchObject({verdict: 'accept', path: 'input'})
  })
})

describe('without Node objects', () => {
  const given = {kinds: ['pods', 'namespaces', 'policies'] as const, gaps: []}
  const withPods = async (hostAddresses: Readonly<Record<string, string>>) => {
    const pods = shop.pods.map(pod => {
      const hostIP = hostAddresses[pod.spec?.nodeName ?? '']
      return {...pod, status: {...pod.status, ...(hostIP !== undefined && {hostIP})}}
    })
    return (await nodeWith({rules: nat})).with({cluster: {...shop, pods, nodes: [], given}})
  }

  test('a private address that is no pod’s may be the node’s own', async () => {
    const node = await withPods({})
    const verdict = (destination: string, source: string = web.source) => node.walk({...web, source, destination}).verdict
    expect(verdict('10.9.0.7')).toBe('unknown')
    expect(verdict('10.9.0.7', '10.0.1.9')).toBe('accept')
    expect(verdict('203.0.113.9')).toBe('drop')
    expect(verdict('10.0.1.9')).toBe('drop')
  })

  test('but for what pods tell of their nodes', async () => {
    const node = await withPods({n1: '10.9.0.1', n2: '10.9.0.2'})
    expect(node.walk({...web, destination: '10.9.0.7'}).verdict).toBe('drop')
    expect(node.walk({...web, destination: '10.9.0.1'})).toMatchObject({verdict: 'accept', path: 'input'})
  })

  test('and it is forwarded where there are no objects at all', async () => {
    const [node] = await shopNodes({n1: {...shopLines, rules: [...nat, ...shopLines.rules]}}, null)
    expect(node?.walk({...web, destination: '10.9.0.7'})).toMatchObject({verdict: 'drop', path: 'forward'})
  })
})

describe('where IPVS spreads services', () => {
  const sets = [
    'create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536',
    'add KUBE-CLUSTER-IP 10.0.100.1,tcp:53',
    'create KUBE-NODE-PORT-TCP bitmap:port range 0-65535',
    'add KUBE-NODE-PORT-TCP 30080',
  ]

  test.each([
    {what: 'the address of a service', destination: '10.0.100.1', port: 53},
    {what: 'a NodePort', destination: '10.9.0.1', port: 30080},
  ])('what comes to $what passes INPUT, and nothing tells who gets it', async ({destination, port}) => {
    expect((await nodeWith({rules: nat, sets})).walk({...web, destination, port})).toMatchObject({
      verdict: 'unknown',
      isLost: true,
      reason: expect.stringContaining(`${destination} is a service that IPVS spreads over endpoints`),
    })
  })

  test('other ports of these addresses are the node’s', async () => {
    const node = await nodeWith({rules: nat, sets})
    for (const destination of ['10.0.100.1', '10.9.0.1'])
      expect(node.walk({...web, destination, port: 54})).toMatchObject({verdict: 'accept', path: 'input'})
  })
})
