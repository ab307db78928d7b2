import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../../core/dataplane/dataplane.ts'
import {compareNode} from '../../../../core/drift/compare-node.ts'
import type {DumpDocument} from '../../../../core/dump/model.ts'
import type {ClusterObjects} from '../../../../core/kubernetes/objects.ts'
import {policyChainName} from '../../../../core/linux/npm/policy-chain.ts'
import type {Redaction} from '../../../../core/redact/redaction.ts'
import {renamePolicy} from '../../../../core/renaming/renamer.ts'
import {verifyNode} from '../../../../core/verify/verify-node.ts'
import {expressibleCluster, mixedCluster, WIN} from '../../../support/mixed-cluster.ts'
import {matrixOf, type Names, nodeOf, translationOf, unchanged} from '../../../support/redact/answers.ts'
import {redactDocuments} from '../../../support/redact/redact-documents.ts'
import {hnsText} from '../../../support/windows/hns-dump.ts'
import {type Mutation, mutation, mutations} from '../../../support/windows/mutations.ts'
import {type HnsState, programmedState, windowsNode} from '../../../support/windows/programmed-node.ts'

/** How the answers of the redacted dump are called. */
function namesOf(redaction: Redaction): Names {
  const {renamer} = redaction.words
  const set = (name: string): string => redaction.addresses.map(name) ?? redaction.names.set(name)
  const word = (text: string): string => renamer.word(text)
  return {
    word,
    policy: policy => (policy.includes('/') ? renamePolicy(policy, renamer) : policy),
    set,
    chain: chain => (chain.startsWith('azure-acl-') ? redaction.names.chain(chain) : chain),
    entry: set,
    named: (name, id) => {
      // Sets of different hashes may have one name, which is not spelled alike in both.
      const known = id === undefined ? undefined : redaction.names.namesOf(id).find(each => each.name === name)
      if (known) return redaction.names.renameSet(known)
      return /^(?:ns|podlabel|nslabel|nestedlabel|cidr)-/.test(name) ? redaction.freeText.setName(name) : word(name)
    },
  }
}

const sorted = <Item>(items: readonly Item[]): Item[] =>
  items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** Everything that verbs say of a Windows node, but for sentences. */
function answersOf(node: NodeState, names: Names) {
  const {policies, sets, facts} = translationOf(node, names)
  const {cluster} = node
  const drift = cluster && compareNode(cluster, node)
  return {
    facts: {...facts, baseChains: facts.baseChains.map(({rules}) => rules.length), unresolved: facts.unresolved.length},
    policies: sorted(
      policies.map(({rules, chain, ...rest}) => ({
        ...rest,
        chain: rest.policy === 'unknown' ? 'an id' : chain,
        rules: rules.map(({where, ...rule}) => ({...rule, position: 'endpoint' in where ? where.position : undefined})),
      })),
    ),
    sets: sets.map(({members, ...rest}) => ({...rest, members: sorted(members ?? [])})),
    matrix: cluster && matrixOf(node, names),
    drift:
      drift &&
      sorted(
        drift.items.map(({kind, change, name, kernelName, policy, effect}) => ({
          kind,
          change,
          name: names.named(name, kernelName),
          policy: policy === undefined ? undefined : names.policy(policy),
          effect,
        })),
      ),
    causes: drift && sorted(drift.causes.map(({kind, opens, closes}) => ({kind, opens: opens.length, closes: closes.length}))),
    verified: (cluster && node.completeness.rules !== 'absent' ? (['policies', 'program'] as const) : []).map(against => {
      const {result, counterexamples, undecided} = verifyNode(node, {against}, [])
      // Which of several ends alike are named depends on their names.
      return {result, isUndecided: undecided.length > 0, effects: [...new Set(counterexamples.map(({effect}) => effect))]}
    }),
  }
}

const document = (name: string, text: string): DumpDocument => ({name, folder: '', text: [text]})

async function bothAnswers(documents: readonly DumpDocument[], seed = 1) {
  const {documents: redacted, redaction, leftOut} = await redactDocuments(documents, seed)
  const before = await nodeOf(documents)
  return {
    leftOut,
    after: answersOf(await nodeOf(redacted), unchanged),
    wanted: answersOf(before, namesOf(redaction)),
    text: redacted.flatMap(({text}) => [...text]).join('\n'),
  }
}

/** Holds the answers of a Windows node and of its redacted dump to each other. */
async function expectSameAnswers(objects: ClusterObjects, change: (state: HnsState) => Mutation | undefined, seed: number) {
  const state = programmedState(objects, WIN.name, {}, {hasWireServer: true})
  fc.pre(state.endpoints.length > 0)
  const done = change(state)
  const {given: _, ...lists} = objects
  const items = [
    ...lists.namespaces.map(each => ({kind: 'Namespace', ...each})),
    ...lists.pods.map(each => ({kind: 'Pod', ...each})),
    ...lists.policies.map(each => ({kind: 'NetworkPolicy', ...each})),
    ...lists.nodes.map(each => ({kind: 'Node', ...each})),
  ]
  const {after, wanted, leftOut} = await bothAnswers(
    [
      document('networks.json', JSON.stringify([state.network])),
      document('endpoints.json', JSON.stringify(state.endpoints)),
      document('cluster.json', JSON.stringify({kind: 'List', apiVersion: 'v1', items})),
    ],
    seed,
  )
  expect({what: done?.what, leftOut, ...after}).toEqual({what: done?.what, leftOut: [], ...wanted})
}

const FILES: readonly (readonly string[])[] = [
  ['networks.json', 'endpoints.json', 'cluster.json', 'policies.json'],
  ['networks-v1.json', 'endpoints-v1.json', 'cluster.json', 'policies.json'],
  ['networks.json', 'endpoints.json'],
  ['networks-v1.json', 'endpoints-v1.json'],
  ['endpoints.json', 'cluster.json', 'policies.json'],
]

describe('redacted HNS objects', () => {
  test.each(FILES.map(files => ({files})))('say the same in other words: $files', async ({files}) => {
    for (const seed of [1, 2]) {
      const {leftOut, after, wanted} = await bothAnswers(
        files.map(name => document(name, hnsText(name))),
        seed,
      )
      expect(leftOut).toEqual([])
      expect(after).toEqual(wanted)
    }
  })

  test('read as they did', async () => {
    const files = ['networks.json', 'endpoints-v1.json', 'cluster.json', 'policies.json']
    const {documents} = await redactDocuments(files.map(name => document(name, hnsText(name))))
    const [
      [network],
      {
        Output: [endpoint],
      },
    ] = documents.map(({text}) => JSON.parse([...text].join('')))
    const shown = [{...network, Policies: network.Policies.slice(0, 8)}, endpoint].map(each => JSON.stringify(each, null, 1))
    await expect(`${shown.join('\n')}\n`).toMatchFileSnapshot('../../../golden/redacted-windows.txt')
  })

  test('hold no name, address or id of before, and nothing that answers do not depend on', async () => {
    for (const files of FILES) {
      const {text} = await bothAnswers(files.map(name => document(name, hnsText(name))))
      const left =
        text.match(
          /\b(?:shop|ops|lab|cidrs|web|db|mon|api|cli|blue|green|team|prod|3f0c9a1\w|D3F9C0A2|d3f9c0a2|7B4F6F0E|7b4f6f0e|5C2B8E11|azure-cni)\b|10\.240\.\d|00-15-5D|Ethernet|cluster\.local/g,
        ) ?? []
      expect([...new Set(left)]).toEqual([])
    }
  })

  test('two policies whose ACLs have one id do not get names of one hash, which chains on Linux would share', async () => {
    const policies = [
      {namespace: 'payments-eu', name: 'gateway'},
      {namespace: 'payments', name: 'eu-gateway'},
    ]
    const items = policies.map(metadata => ({kind: 'NetworkPolicy', metadata, spec: {podSelector: {}}}))
    const {redaction} = await redactDocuments([document('objects.json', JSON.stringify({kind: 'List', apiVersion: 'v1', items}))])
    const chains = policies.map(({namespace, name}) =>
      redaction.names.chain(policyChainName(`${namespace}/${name}`, 'Ingress', 'fnv32a')),
    )
    expect(new Set(chains).size).toBe(2)
  })

  test('say the same of two sets with one name, whose hashes differ', async () => {
    await expectSameAnswers(
      {
        namespaces: [{metadata: {name: 'red', labels: {'kubernetes.io/metadata.name': 'red'}}}],
        pods: [
          {metadata: {name: 'web', namespace: 'red'}, spec: {nodeName: WIN.name}, status: {phase: 'Running', podIP: '10.1.0.1'}},
        ],
        nodes: [windowsNode(WIN.name, WIN.address)],
        policies: [
          {
            metadata: {name: 'policy-0', namespace: 'red'},
            spec: {podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: ['a', 'b']}]}, ingress: [], egress: []},
          },
        ],
      },
      state => mutations['unseen: sets of the other generation are there, too'](state),
      0,
    )
  })

  propertyTest.prop([fc.oneof(mixedCluster, expressibleCluster), mutation, fc.nat({max: 20})], {numRuns: 40})(
    'say the same of any node, broken or not',
    expectSameAnswers,
  )
})
