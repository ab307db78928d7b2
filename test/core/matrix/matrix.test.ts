import {describe, expect, test} from 'vitest'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {type MatrixInput, matrixEnds, probes} from '../../../core/matrix/matrix.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const outside = {name: 'external', address: '203.0.113.254'}
const ends = matrixEnds(shop.pods, outside)
const sql = {protocol: 'tcp', port: 5432} as const

/** Every probe in a line: `FROM -> TO PORT: VERDICT`, and what is meant where that was compared. */
const said = (input: Partial<MatrixInput>): string[] =>
  [...probes({ends, ports: [sql], ...input})].map(
    ({source, destination, port, verdict, expected}) =>
      `${source} -> ${destination} ${port}: ${verdict}${expected === undefined ? '' : `, meant ${expected}`}`,
  )

describe('the ends', () => {
  test('are the pods that policies can select, by name, and the outside last', () => {
    expect(ends.map(({name, address}) => `${name} ${address}`)).toEqual([
      'ops/job 10.0.1.9',
      'shop/db 10.0.2.1',
      'shop/web 10.0.1.1',
      'external 203.0.113.254',
    ])
  })
})

const EACH_PAIR = [
  'ops/job -> shop/db 5432: drop',
  'ops/job -> shop/web 5432: accept',
  'ops/job -> external 5432: accept',
  'shop/db -> ops/job 5432: accept',
  'shop/db -> shop/web 5432: accept',
  'shop/db -> external 5432: accept',
  'shop/web -> ops/job 5432: drop',
  'shop/web -> shop/db 5432: accept',
  'shop/web -> external 5432: drop',
  'external -> ops/job 5432: accept',
  'external -> shop/db 5432: drop',
  'external -> shop/web 5432: accept',
]

describe('each pair is decided, but no pod to itself,', () => {
  test('by the policies alone', () => {
    expect(said({cluster: shop})).toEqual(EACH_PAIR)
  })

  test('by the rules alone', async () => {
    const [dump] = await shopNodes({n1: shopLines}, null)
    expect(said({...(dump && {nodes: [dump]})})).toEqual(EACH_PAIR)
  })

  test('by the rules, beside what the policies mean', async () => {
    const [dump] = await shopNodes({n1: shopLines})
    expect(said({...(dump && {nodes: [dump]}), cluster: shop})).toEqual(
      EACH_PAIR.map(line => `${line}, meant ${line.split(': ')[1]}`),
    )
  })

  test('by nothing: unknown', () => {
    expect(said({})).toEqual(EACH_PAIR.map(line => line.replace(/accept|drop/, 'unknown')))
  })

  test('at each port, in their order', () => {
    const lines = said({cluster: shop, ports: [{protocol: 'tcp', port: 80}, sql, {protocol: 'udp', port: 5432}]})
    expect(lines).toHaveLength(36)
    expect(lines.filter(line => line.startsWith('shop/web -> shop/db'))).toEqual([
      'shop/web -> shop/db 80: drop',
      'shop/web -> shop/db 5432: accept',
      'shop/web -> shop/db 5432: drop',
    ])
  })
})

describe('pods that look alike are still told apart by', () => {
  const twin = (namespace: string, name: string, podIP: string, app: string, more: Pod['spec'] = {}): Pod => ({
    metadata: {namespace, name, labels: {app}},
    spec: {nodeName: 'n1', ...more},
    status: {phase: 'Running', podIP},
  })
  /** Whether web reaches each of them, by the policies and, on a node that holds them, by the rules. */
  const reached = async (pods: Pod[], change: (sets: readonly string[]) => readonly string[], forward: string[] = []) => {
    const rules = shopLines.rules.flatMap(line => (line.startsWith('-A FORWARD') ? [...forward, line] : [line]))
    const [dump] = await shopNodes({n1: {rules, sets: change(shopLines.sets)}})
    const all = matrixEnds([...shop.pods, ...pods], outside)
    const verdicts = (input: Partial<MatrixInput>) =>
      Object.fromEntries(
        [...probes({ends: all, ports: [sql], ...input})]
          .filter(
            ({source, destination}) =>
              source === 'shop/web' && pods.some(({metadata}) => destination.endsWith(`/${metadata.name}`)),
          )
          .map(({destination, verdict}) => [destination, verdict]),
      )
    return {
      meant: verdicts({cluster: {...shop, pods: [...shop.pods, ...pods]}}),
      walked: verdicts({...(dump && {nodes: [dump]})}),
    }
  }
  const db = setKernelName('podlabel-app:db', 'sha256')
  const ns = setKernelName('ns-shop', 'sha256')
  const ports = setKernelName('namedport:sql', 'sha256')
  const named = {containers: [{ports: [{name: 'sql', containerPort: 5432}]}]}

  test('their namespace', async () => {
    const {meant, walked} = await reached(
      [twin('shop', 'one', '10.0.3.1', 'db', named), twin('ops', 'two', '10.0.3.2', 'db', named)],
      sets => [...sets, `add ${db} 10.0.3.1`, `add ${db} 10.0.3.2`, `add ${ns} 10.0.3.1`, `add ${ports} 10.0.3.1,tcp:5432`],
    )
    expect(meant).toEqual({'shop/one': 'accept', 'ops/two': 'drop'})
    expect(walked).toEqual(meant)
  })

  test('the ports that they declare', async () => {
    const {meant, walked} = await reached(
      [twin('shop', 'one', '10.0.3.1', 'db', named), twin('shop', 'two', '10.0.3.2', 'db')],
      sets => [
        ...sets,
        ...['10.0.3.1', '10.0.3.2'].flatMap(address => [`add ${db} ${address}`, `add ${ns} ${address}`]),
        `add ${ports} 10.0.3.1,tcp:5432`,
      ],
    )
    expect(meant).toEqual({'shop/one': 'accept', 'shop/two': 'drop'})
    expect(walked).toEqual(meant)
  })

  test('a rule that names an address itself', async () => {
    const {walked} = await reached(
      [twin('shop', 'one', '10.0.3.1', 'db', named), twin('shop', 'two', '10.0.3.2', 'db', named)],
      sets => [
        ...sets,
        ...['10.0.3.1', '10.0.3.2'].flatMap(address => [
          `add ${db} ${address}`,
          `add ${ns} ${address}`,
          `add ${ports} ${address},tcp:5432`,
        ]),
      ],
      ['-A FORWARD -d 10.0.3.2/32 -j DROP'],
    )
    expect(walked).toEqual({'shop/one': 'accept', 'shop/two': 'drop'})
  })

  test('a block of a policy', () => {
    const pods = [twin('ops', 'one', '10.0.3.1', 'x'), twin('ops', 'two', '10.0.3.2', 'x')]
    const policies = [
      {
        metadata: {namespace: 'ops', name: 'block'},
        spec: {policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '10.0.3.0/31'}}]}]},
      },
    ]
    const found = [...probes({ends: matrixEnds(pods, outside), ports: [sql], cluster: {...shop, pods, policies}})]
    expect(found.find(({source, destination}) => source === 'ops/one' && destination === 'ops/two')?.verdict).toBe('accept')
    expect(found.find(({source, destination}) => source === 'ops/two' && destination === 'ops/one')?.verdict).toBe('drop')
  })
})
