import {describe, expect, test} from 'vitest'
import type {ClusterObjects, PolicyPort} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {namedPorts, parsePorts} from '../../../core/matrix/ports.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const cluster = (...ports: PolicyPort[]): ClusterObjects => ({
  namespaces: [],
  pods: [
    {
      metadata: {name: 'wheel'},
      spec: {
        containers: [
          {
            ports: [
              {name: 'http', containerPort: 8080},
              {name: 'dns', containerPort: 53, protocol: 'UDP'},
            ],
          },
        ],
      },
    },
  ],
  policies: [{metadata: {name: 'p'}, spec: {podSelector: {}, ingress: [{ports}]}}],
  nodes: [],
})
const said = (...clusters: ClusterObjects[]) => namedPorts(clusters).map(({protocol, port}) => `${protocol}/${port}`)

describe('the ports that policies name', () => {
  test.each<{name: string; ports: PolicyPort[]; found: string[]}>([
    {name: 'none, and one that nobody names', ports: [], found: ['tcp/9']},
    {name: 'numbers and digits', ports: [{port: 80}, {port: '443'}], found: ['tcp/9', 'tcp/80', 'tcp/443']},
    {name: 'both ends of a range', ports: [{port: 5, endPort: 40_001}], found: ['tcp/1', 'tcp/5', 'tcp/40001']},
    {name: 'names, as pods declare them', ports: [{port: 'http'}], found: ['tcp/9', 'tcp/8080']},
    {
      name: 'names of another protocol',
      ports: [
        {port: 'http', protocol: 'UDP'},
        {port: 'dns', protocol: 'UDP'},
      ],
      found: ['tcp/9', 'udp/9', 'udp/53'],
    },
    {name: 'a protocol without a port', ports: [{protocol: 'SCTP'}], found: ['tcp/9', 'sctp/9']},
    {name: 'another one where 9 is named', ports: [{port: 9}], found: ['tcp/9', 'tcp/40000']},
  ])('are $name', ({ports, found}) => {
    expect(said(cluster(...ports))).toEqual(found)
  })

  test('are all numbers that pods declare for a name, each once', () => {
    const pods = [8080, 9090, 8080].map((containerPort, at) => ({
      metadata: {name: `wheel-${at}`},
      spec: {containers: [{ports: [{name: 'http', containerPort}]}]},
    }))
    expect(said({...cluster({port: 'http'}), pods})).toEqual(['tcp/9', 'tcp/8080', 'tcp/9090'])
  })

  test('are those of all states, each once', () => {
    expect(said(cluster({port: 80}), cluster({port: 80}, {port: 81}))).toEqual(['tcp/9', 'tcp/80', 'tcp/81'])
  })

  test('are not taken when they are too many for a table', () => {
    const many = Array.from({length: 101}, (_, index) => ({port: index + 1000}))
    expect(() => said(cluster(...many))).toThrow('the policies name 102 ports')
  })
})

test('ports are numbers with a protocol, tcp by default', () => {
  expect(parsePorts(['80, 53/UDP', '80'], [])).toEqual([
    {protocol: 'tcp', port: 80},
    {protocol: 'udp', port: 53},
  ])
  expect(parsePorts(['8000-8002/sctp'], []).map(({port}) => port)).toEqual([8000, 8001, 8002])
  expect(parsePorts(['http'], [cluster()])).toEqual([{protocol: 'tcp', port: 8080}])
  expect(() => parsePorts(['htp'], [cluster()])).toThrow('no pod in the input declares a tcp port named "htp"')
  expect(() => parsePorts(['80/icmp'], [])).toThrow('"80/icmp" is no port')
  expect(() => parsePorts(['8010-8000'], [])).toThrow('is no port')
  expect(() => parsePorts(['1-1000'], [])).toThrow('at most 100 ports')
})

test('are those of rules, too, whose policy is gone', async () => {
  const stale = {
    metadata: {namespace: 'shop', name: 'campaign'},
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ports: [{port: 8443}, {port: 7000, endPort: 7010, protocol: 'UDP'}]}],
    },
  }
  const {rules, sets} = linesOf(compile({...shop, policies: [...shop.policies, stale]}, {scheme: 'sha256', semantics: 'npm'}))
  const nodes = await shopNodes({n1: {rules, sets}, n2: shopLines}, shop)
  expect(probeNodes(nodes, {}, []).ports.map(({protocol, port}) => `${protocol}/${port}`)).toEqual([
    'tcp/9',
    'tcp/5432',
    'tcp/8443',
    'udp/9',
    'udp/7000',
    'udp/7010',
  ])
})
