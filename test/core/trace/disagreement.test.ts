import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {Packet, Verdict} from '../../../core/net/packet.ts'
import {explainDisagreement} from '../../../core/trace/disagreement.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

const webToDb: Packet = {source: '10.0.1.1', destination: '10.0.2.1', protocol: 'tcp', port: 5432}
const jobToDb: Packet = {...webToDb, source: '10.0.1.9'}

const reasons = (
  {verdict, meant}: {verdict: Verdict; meant: 'accept' | 'drop'},
  packet: Packet,
  nodes: readonly NodeState[],
  cluster: ClusterObjects | undefined = shop,
) => explainDisagreement({verdict, expected: {verdict: meant, because: ''}}, packet, nodes, cluster)

const webSet = setKernelName('podlabel-app:web', 'sha256')
const withoutWeb = {...shopLines, sets: shopLines.sets.filter(line => line !== `add ${webSet} 10.0.1.1`)}
const withJob = {
  ...shopLines,
  sets: [...shopLines.sets, `add ${webSet} 10.0.1.9`, `add ${setKernelName('ns-shop', 'sha256')} 10.0.1.9`],
}
const withoutRule = {...shopLines, rules: shopLines.rules.filter(line => !line.includes('ALLOW-FROM-podlabel-app:web'))}

describe('what is wrong with the node and changes the verdict is a reason:', () => {
  test.each([
    {
      what: 'a member that is missing',
      lines: withoutWeb,
      packet: webToDb,
      answer: {verdict: 'drop', meant: 'accept'} as const,
      says: ['node n1: pod shop/web (10.0.1.1) is missing in podlabel-app:web'],
    },
    {
      what: 'a rule that is missing',
      lines: withoutRule,
      packet: webToDb,
      answer: {verdict: 'drop', meant: 'accept'} as const,
      says: ['node n1: policy shop/db-from-web is programmed otherwise: 1 rule missing (ingress)'],
    },
    {
      what: 'a drop that somebody put first',
      lines: {
        ...shopLines,
        rules: shopLines.rules.flatMap(line =>
          line.startsWith('-A AZURE-NPM -j AZURE-NPM-INGRESS') ? ['-A AZURE-NPM -j DROP', line] : [line],
        ),
      },
      packet: webToDb,
      answer: {verdict: 'drop', meant: 'accept'} as const,
      says: ['node n1: rule 1 of AZURE-NPM, which Azure NPM did not write: -j DROP'],
    },
    {
      what: 'two members of one pod',
      lines: withJob,
      packet: jobToDb,
      answer: {verdict: 'accept', meant: 'drop'} as const,
      says: ['node n1: pod ops/job (10.0.1.9) should not be in ns-shop, podlabel-app:web'],
    },
    {
      what: 'two that must be repaired together',
      lines: {
        ...withJob,
        rules: withJob.rules.map(line => line.replace(/^(-A FORWARD .*)$/, '-A FORWARD -s 10.0.1.9/32 -j ACCEPT\n$1')),
      },
      packet: jobToDb,
      answer: {verdict: 'accept', meant: 'drop'} as const,
      says: [
        expect.stringMatching(
          /^node n1: rule 1 of FORWARD, which is not Azure NPM's, .* \(only together with the other reasons\)$/,
        ),
        expect.stringMatching(/^node n1: pod ops\/job .* \(only together with the other reasons\)$/),
      ],
    },
  ])('$what', async ({lines, packet, answer, says}) => {
    expect(reasons(answer, packet, await shopNodes({n1: lines}))).toEqual(says)
  })

  test('on each node', async () => {
    const nodes = await shopNodes({n1: shopLines, n2: withoutWeb})
    expect(reasons({verdict: 'drop', meant: 'accept'}, webToDb, nodes).filter(reason => reason.startsWith('node '))).toEqual([
      'node n2: pod shop/web (10.0.1.1) is missing in podlabel-app:web',
    ])
  })

  test('no more than a person can read', async () => {
    const drops = Array.from(
      {length: 9},
      (_, index) => `-A AZURE-NPM -s 10.0.1.1/32 -m tcp -p tcp --dport ${5424 + index}:5432 -j DROP`,
    )
    const rules = shopLines.rules.flatMap(line =>
      line.startsWith('-A AZURE-NPM -j AZURE-NPM-INGRESS') ? [...drops, line] : [line],
    )
    expect(reasons({verdict: 'drop', meant: 'accept'}, webToDb, await shopNodes({n1: {...shopLines, rules}}))).toHaveLength(5)
  })
})

describe('a node that holds what Azure NPM makes of the policies', () => {
  const faulty: ClusterObjects = {
    ...shop,
    policies: [
      {
        metadata: {namespace: 'shop', name: 'all-but'},
        spec: {
          podSelector: {matchLabels: {app: 'db'}},
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [
                {
                  namespaceSelector: {
                    matchExpressions: [
                      {key: 'team', operator: 'Exists'},
                      {key: 'team', operator: 'NotIn', values: ['a', 'b']},
                    ],
                  },
                },
              ],
            },
          ],
        },
      },
    ],
    namespaces: [{metadata: {name: 'shop', labels: {team: 'a'}}}, {metadata: {name: 'ops', labels: {team: 'b'}}}],
  }

  test('has a known fault as the reason, of a policy that selects one of the ends', async () => {
    const nodes = await shopNodes({n1: linesOf(compile(faulty, {scheme: 'sha256', semantics: 'npm'}))}, faulty)
    expect(reasons({verdict: 'accept', meant: 'drop'}, jobToDb, nodes, faulty)).toEqual([
      expect.stringMatching(/^a known fault of Azure NPM \(NAMESPACE_NOT_IN\) in shop\/all-but: /),
    ])
  })

  test('and no fault that is known by name is so by itself', async () => {
    // Nothing of this kind is known: the answer is made up.
    expect(reasons({verdict: 'drop', meant: 'accept'}, jobToDb, await shopNodes({n1: shopLines}))).toEqual([
      'the node is as Azure NPM programs it, which here is not what the NetworkPolicy API means',
    ])
  })
})

test('a mark may be the reason, which other rules act on', async () => {
  const nodes = await shopNodes({n1: withJob})
  expect(reasons({verdict: 'accept', meant: 'drop'}, {...jobToDb, mark: 0x4000}, nodes)).toEqual([
    'node n1: pod ops/job (10.0.1.9) should not be in ns-shop, podlabel-app:web',
    'the packet carries mark 0x4000, which other rules of the node act on',
  ])
  expect(reasons({verdict: 'accept', meant: 'drop'}, {...jobToDb, mark: 0}, nodes)).toHaveLength(1)
})

describe('there is nothing to explain', () => {
  test.each<{when: string; answer: {verdict: Verdict; meant: 'accept' | 'drop'}; cluster: ClusterObjects | undefined}>([
    {when: 'node and policies agree', answer: {verdict: 'drop', meant: 'drop'}, cluster: shop},
    {when: 'the verdict is not known', answer: {verdict: 'unknown', meant: 'drop'}, cluster: shop},
  ])('when $when', async ({answer, cluster}) => {
    expect(reasons(answer, {...webToDb, mark: 0x4000}, await shopNodes({n1: withoutWeb}), cluster)).toEqual([])
  })

  test('when the objects of the cluster are not known, or what the policies mean', async () => {
    const nodes = await shopNodes({n1: withoutWeb})
    expect(explainDisagreement({verdict: 'drop', expected: {verdict: 'accept', because: ''}}, webToDb, nodes, undefined)).toEqual(
      [],
    )
    expect(explainDisagreement({verdict: 'drop'}, webToDb, nodes, shop)).toEqual([])
  })

  test('on a node that Azure NPM never programmed', async () => {
    const nodes = await shopNodes({n1: {rules: ['*filter', ':FORWARD DROP [0:0]', 'COMMIT'], sets: []}})
    expect(reasons({verdict: 'drop', meant: 'accept'}, webToDb, nodes)).toEqual([])
  })
})
