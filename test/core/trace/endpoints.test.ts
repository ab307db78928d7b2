import {describe, expect, test} from 'vitest'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {parseIpsetSave} from '../../../core/linux/ipset/parse-save.ts'
import {NotFoundError} from '../../../core/problem/input-error.ts'
import {type Endpoint, type KnownPods, resolveEndpoint, resolvePort} from '../../../core/trace/endpoints.ts'
import {shop} from '../../support/shop-nodes.ts'

const known: KnownPods = {pods: shop.pods, sets: undefined}
const pod = (spec: Pod['spec'], status: Pod['status']): Pod => ({
  metadata: {namespace: 'a', name: 'b'},
  ...(spec && {spec}),
  ...(status && {status}),
})
const setsOf = (...lines: string[]) => new Map(parseIpsetSave([`${lines.join('\n')}\n`]).sets.map(set => [set.name, set]))
/** What is thrown, with what to do about it. */
const refusal = (run: () => unknown): {message: string; next?: string} => {
  try {
    run()
  } catch (error) {
    return error as {message: string; next?: string}
  }
  throw new Error('nothing was thrown')
}

describe('an end is found by', () => {
  test.each([
    {by: 'the name of its pod', asked: 'shop/db', address: '10.0.2.1', name: 'db'},
    {by: 'the address of its pod', asked: '10.0.2.1', address: '10.0.2.1', name: 'db'},
    {by: 'an address that no pod has', asked: '10.7.7.7', address: '10.7.7.7', name: undefined},
    {
      by: 'an address of the host network, which no policy takes for a pod',
      asked: '10.9.0.2',
      address: '10.9.0.2',
      name: undefined,
    },
  ])('$by', ({asked, address, name}) => {
    const found = resolveEndpoint(asked, known)
    expect(found).toMatchObject({name: asked, address})
    expect(found.pod?.metadata.name).toBe(name)
  })
})

describe('an end is named as kubectl names objects', () => {
  const running = (namespace: string, name: string, podIP?: string): Pod => ({
    metadata: {namespace, name},
    spec: {nodeName: 'n1'},
    status: {phase: podIP === undefined ? 'Pending' : 'Running', ...(podIP !== undefined && {podIP})},
  })
  const pods = [
    running('shop', 'web-6b5c9f-qqqqq'),
    running('shop', 'web-6b5c9f-zxcv2', '10.1.0.2'),
    running('shop', 'web-admin-6b5c9f-zxcv2', '10.1.0.3'),
    running('shop', 'db-0', '10.1.0.4'),
    running('shop', 'db-1', '10.1.0.5'),
    running('shop', 'logs-x7k2p', '10.1.0.6'),
    running('pod', 'web', '10.1.0.7'),
    running('shop', 'backup-29412000-q9k2x', '10.1.0.10'),
    running('blog', 'web', '10.1.0.8'),
    running('blog', 'db-0', '10.1.0.9'),
  ]
  const nodes = [
    {
      metadata: {name: 'n1'},
      status: {
        addresses: [
          {type: 'Hostname', address: 'n1'},
          {type: 'InternalIP', address: '10.9.0.1'},
        ],
      },
    },
  ]

  test.each([
    {asked: 'deploy/shop/web', address: '10.1.0.2', says: 'deployment web is looked at by pod shop/web-6b5c9f-zxcv2, one of 2'},
    {asked: 'shop/deploy/web', address: '10.1.0.2', says: 'deployment web is looked at by pod shop/web-6b5c9f-zxcv2, one of 2'},
    {asked: 'deployment/web', address: '10.1.0.2', says: 'one of 2'},
    {asked: 'deploy/web-admin', address: '10.1.0.3', says: 'pod shop/web-admin-6b5c9f-zxcv2'},
    {asked: 'sts/db', namespace: 'shop', address: '10.1.0.4', says: 'one of 2'},
    {asked: 'DS/logs', address: '10.1.0.6', says: 'daemonset logs'},
    {asked: 'replicationcontrollers/logs', address: '10.1.0.6', says: 'replicationcontroller logs'},
    {asked: 'cronjob/backup', address: '10.1.0.10', says: 'cronjob backup'},
    {asked: 'cj/backup', address: '10.1.0.10', says: 'cronjob backup'},
    {asked: 'job/backup-29412000', address: '10.1.0.10', says: 'job backup-29412000'},
    {asked: 'db-1', address: '10.1.0.5', says: 'db-1 is taken for shop/db-1, the only pod of this name in the input'},
    {asked: 'db-0', namespace: 'blog', address: '10.1.0.9', says: undefined},
    {asked: 'pod/db-0', namespace: 'blog', address: '10.1.0.9', says: undefined},
    // A pod of that very name comes first.
    {asked: 'pod/web', address: '10.1.0.7', says: undefined},
    {asked: 'node/n1', address: '10.9.0.1', says: undefined},
  ])('$asked', ({asked, namespace, address, says}) => {
    const {choice, ...found} = resolveEndpoint(asked, {pods, nodes, namespace, sets: undefined})
    expect(found.address).toBe(address)
    if (says === undefined) expect(choice).toBeUndefined()
    else expect(choice).toContain(says)
  })

  test.each([
    {asked: 'db-0', message: 'pod db-0 is in 2 namespaces: blog, shop', next: '-n NAMESPACE, or blog/db-0'},
    {asked: 'sts/db', message: 'statefulset db is in 2 namespaces', next: 'statefulset/blog/db'},
    {asked: 'shop/dp-0', message: 'pod shop/dp-0 is not in the input', next: 'Did you mean shop/db-0?'},
    {asked: 'deploy/api', message: 'no pod of deployment api is in the input', next: 'kubectl get deployments -A'},
    {asked: 'sts/wbe', message: 'no pod of statefulset wbe is in the input', next: 'kubectl get statefulsets -A'},
    // A type that is not that of the workload, and types and names with a letter wrong.
    {asked: 'sts/web', namespace: 'shop', message: 'no pod of statefulset web', next: 'Did you mean deployment/web?'},
    {asked: 'deploy/shop/db', message: 'no pod of deployment db', next: 'Did you mean statefulset/shop/db?'},
    {asked: 'deploy/db', namespace: 'pod', message: 'no pod of deployment db', next: 'Check the name'},
    {asked: 'deploy/wbe', namespace: 'shop', message: 'no pod of deployment wbe', next: 'Did you mean deployment/web?'},
    {asked: 'deplyo/web', message: 'pod deplyo/web is not in the input', next: 'Did you mean deploy/web?'},
    {asked: 'deployment', message: 'pod deployment is not in the input', next: 'Did you mean deployment/NAME?'},
    {asked: 'node/n2', message: 'node n2 is not in the input', next: 'Did you mean node/n1?'},
    {asked: 'a/b/c', message: '"a/b/c" is no address and no pod', next: 'deploy/NAME'},
    {asked: 'deploy/', message: '"deploy/" is no address', next: 'NAMESPACE/POD'},
  ])('$asked is refused', ({asked, namespace, message, next}) => {
    const refused = refusal(() => resolveEndpoint(asked, {pods, nodes, namespace, sets: undefined}))
    expect(refused.message).toContain(message)
    expect(refused.next).toContain(next)
  })
})

test('pods that share an address are no end by it, and each is by its name', () => {
  const twin = (name: string): Pod => ({metadata: {name, namespace: 'shop'}, status: {podIP: '10.0.5.5'}})
  const both = {pods: [twin('a'), twin('b')], sets: undefined}
  expect(resolveEndpoint('10.0.5.5', both)).toEqual({name: '10.0.5.5', address: '10.0.5.5'})
  expect(resolveEndpoint('shop/b', both)).toMatchObject({address: '10.0.5.5', isNamed: true, pod: {metadata: {name: 'b'}}})
})

test('a pod of the host network is the address of its node, and no pod to policies', () => {
  const agent: Pod = {
    metadata: {name: 'agent', namespace: 'ops'},
    spec: {hostNetwork: true, nodeName: 'n1'},
    status: {podIP: '10.9.0.1'},
  }
  expect(resolveEndpoint('ops/agent', {pods: [agent], sets: undefined})).toEqual({
    name: 'ops/agent',
    address: '10.9.0.1',
    node: 'n1',
  })
})

describe('an end is refused that', () => {
  test.each<{is: string; asked: string; pods: readonly Pod[]; message: string; next: string}>([
    {
      is: 'is no address and no pod',
      asked: 'db/',
      pods: shop.pods,
      message: '"db/" is no address and no pod',
      next: 'Give NAMESPACE/POD',
    },
    {
      is: 'is an IPv6 address',
      asked: 'fd00::1',
      pods: shop.pods,
      message: 'fd00::1 is an IPv6 address, and Azure NPM filters IPv4 only',
      next: 'Give the IPv4 address',
    },
    {
      is: 'is an unknown pod',
      asked: 'shop/x',
      pods: shop.pods,
      message: 'pod shop/x is not in the input',
      next: 'Check the name',
    },
    {
      is: 'is a pod where no pods are known',
      asked: 'shop/db',
      pods: [],
      message: 'pod shop/db is not in the input',
      next: 'Give the cluster objects',
    },
    {
      is: 'has finished',
      asked: 'a/b',
      pods: [pod({}, {phase: 'Failed', podIP: '10.0.0.1'})],
      message: 'pod a/b has finished',
      next: 'Give an address',
    },
    {
      is: 'has no address yet',
      asked: 'a/b',
      pods: [pod({}, {phase: 'Pending'})],
      message: 'pod a/b has no IPv4 address',
      next: 'Give an address',
    },
  ])('$is', ({asked, pods, message, next}) => {
    const error = refusal(() => resolveEndpoint(asked, {pods, sets: undefined}))
    expect(error.message).toBe(message)
    expect(error.next).toContain(next)
  })
})

describe('external is an address', () => {
  const external = (pods: readonly Pod[], ...lines: string[]) =>
    resolveEndpoint('external', {pods, sets: setsOf(...lines)}).address

  test.each([
    {that: 'is set aside for documentation', pods: [], sets: [], address: '203.0.113.254'},
    {that: 'no pod has', pods: [pod({}, {podIP: '203.0.113.254'})], sets: [], address: '198.51.100.254'},
    {
      that: 'no block of a set holds',
      pods: [],
      sets: ['create a hash:net', 'add a 203.0.113.0/24', 'add a 198.51.100.0/24'],
      address: '192.0.2.254',
    },
    {
      that: 'the whole internet holds, which sets have in two halves',
      pods: [],
      sets: ['create a hash:net', 'add a 0.0.0.0/1', 'add a 128.0.0.0/1', 'add a 203.0.113.0/24'],
      address: '198.51.100.254',
    },
  ])('that $that', ({pods, sets, address}) => {
    expect(external(pods, ...sets)).toBe(address)
  })
})

describe('a port', () => {
  const db = resolveEndpoint('shop/db', known)
  const unknownPod: Endpoint = {name: '10.0.2.1', address: '10.0.2.1'}
  const named = setsOf(
    'create sql hash:ip,port',
    'add sql 10.0.2.11,tcp:1',
    'add sql 10.0.2.1,udp:2',
    'add sql 10.0.2.1,tcp:5433',
  ).get('sql')

  test.each([
    {what: 'is its number', asked: '80', protocol: 'tcp', receiver: db, set: undefined, port: 80},
    {what: 'may be 65535', asked: '65535', protocol: 'tcp', receiver: db, set: undefined, port: 65535},
    {what: "is the receiver's own of that name", asked: 'sql', protocol: 'tcp', receiver: db, set: named, port: 5432},
    {
      what: "is in the node's set, of the receiver and the protocol",
      asked: 'sql',
      protocol: 'tcp',
      receiver: unknownPod,
      set: named,
      port: 5433,
    },
    {what: 'of another protocol is another one', asked: 'sql', protocol: 'udp', receiver: db, set: named, port: 2},
  ])('$what', ({asked, protocol, receiver, set, port}) => {
    expect(resolvePort(asked, protocol, receiver, set)).toBe(port)
  })

  test.each([
    {that: 'is a range', asked: '80-90', protocol: 'tcp', message: '"80-90" is no port'},
    {that: 'is negative', asked: '-1', protocol: 'tcp', message: '"-1" is no port'},
    {that: 'has a protocol', asked: 'tcp/80', protocol: 'tcp', message: '"tcp/80" is no port'},
    {that: 'is out of range', asked: '65536', protocol: 'tcp', message: 'port 65536 is out of range'},
    {that: 'the receiver does not declare', asked: 'web', protocol: 'tcp', message: 'shop/db declares no tcp port named "web"'},
    {
      that: 'it declares for another protocol',
      asked: 'sql',
      protocol: 'sctp',
      message: 'shop/db declares no sctp port named "sql"',
    },
  ])('is refused that $that', ({asked, protocol, message}) => {
    expect(() => resolvePort(asked, protocol, db, asked === 'sql' ? named : undefined)).toThrow(message)
  })

  test.each([
    {asked: 'sqk', protocol: 'tcp', next: 'Did you mean sql?'},
    {asked: 'sql', protocol: 'sctp', next: 'Did you mean sql/tcp?'},
    {asked: 'metrics', protocol: 'tcp', next: 'Give the number'},
  ])('is refused as a name that its pod has not, with what was meant: $asked/$protocol', ({asked, protocol, next}) => {
    const refused = refusal(() => resolvePort(asked, protocol, db, undefined))
    expect(refused).toBeInstanceOf(NotFoundError)
    expect(refused.next).toContain(next)
    // A pod of NPM's cache has no containers there.
    const {containers: _, ...spec} = db.pod?.spec ?? {}
    const cached = {...db, pod: {metadata: {name: 'db', namespace: 'shop'}, spec}}
    expect(refusal(() => resolvePort(asked, protocol, cached, undefined))).not.toBeInstanceOf(NotFoundError)
  })
})
