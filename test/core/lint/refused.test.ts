import {describe, expect, test} from 'vitest'
import {lintDocuments} from '../../../core/lint/lint-documents.ts'
import {compareProbes} from '../../../core/matrix/compare-probes.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {dumpOf} from '../../support/read-capture.ts'

const HEAD = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: wheel
  namespace: mill
`
const ofSpec = (...lines: readonly string[]) => `${HEAD}spec:\n${lines.map(line => `  ${line}\n`).join('')}`
const closed = ['podSelector: {matchLabels: {app: wheel}}', 'policyTypes: [Ingress]']

/** What the API server has against the policies of a file: code, field and line. */
async function refusals(text: string) {
  const files = {documents: [{name: 'p.yaml', folder: '', text: [text]}], problems: []}
  const {lint, isComplete} = await lintDocuments({files, cluster: {dumps: [], problems: []}, nodes: undefined, platform: 'linux'})
  const own = lint.findings.filter(({code}) => /_FIELD$|_TYPE$|_BLOCK$/.test(code) && !/^(IPV6|BAD)_/.test(code))
  return {
    found: own.map(({code, field, line}) => `${code} ${field} ${line}`),
    next: own[0]?.next,
    level: own[0]?.level,
    problems: lint.problems.map(({message}) => message),
    isComplete,
  }
}

describe('what the API server refuses is an error', () => {
  test.each<{name: string; text: string; found: string[]; next?: string}>([
    {
      name: 'labels with too little indentation, which would select nobody',
      text: ofSpec(...closed, 'ingress:', '- from:', '  - podSelector:', '    matchLabels:', '      app: sack'),
      found: ['UNKNOWN_FIELD spec.ingress[0].from[0].matchLabels 12', 'INVALID_FIELD spec.ingress[0].from[0] 11'],
      next: 'It belongs into podSelector: indent it further, below podSelector.',
    },
    {
      name: 'misspelt fields',
      text: ofSpec('podSelector: {matchLabel: {app: wheel}}', 'ingres:', '- {}'),
      found: ['UNKNOWN_FIELD spec.podSelector.matchLabel 7', 'UNKNOWN_FIELD spec.ingres 8'],
      next: 'Perhaps matchLabels is meant.',
    },
    {
      name: 'a block with a selector',
      text: ofSpec(...closed, 'ingress:', '- from:', '  - podSelector: {}', '    ipBlock: {cidr: 10.0.0.0/8}'),
      found: ['INVALID_FIELD spec.ingress[0].from[0] 11'],
    },
    {
      name: 'an empty peer',
      text: ofSpec(...closed, 'ingress: [{from: [{}]}]'),
      found: ['INVALID_FIELD spec.ingress[0].from[0] 9'],
    },
    {
      name: 'a range of a named port',
      text: ofSpec(...closed, 'ingress: [{ports: [{port: http, endPort: 9000}]}]'),
      found: ['INVALID_FIELD spec.ingress[0].ports[0].endPort 9'],
    },
    {
      name: 'a type in small letters',
      text: ofSpec('podSelector: {}', 'policyTypes: [ingress]'),
      found: ['INVALID_FIELD spec.policyTypes[0] 8'],
    },
    {
      name: 'a name with an underscore',
      text: ofSpec(...closed).replace('wheel', 'wheel_in'),
      found: ['INVALID_FIELD metadata.name 4'],
    },
    {
      name: 'a key that is none',
      text: ofSpec('podSelector: {matchLabels: {"app@b": wheel}}'),
      found: ['INVALID_FIELD spec.podSelector.matchLabels 7'],
    },
    {
      name: 'an exception outside its block',
      text: ofSpec(...closed, 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]'),
      found: ['INVALID_FIELD spec.ingress[0].from[0].ipBlock.except[0] 9'],
    },
    {
      name: 'an address with bits behind its mask',
      text: ofSpec(...closed, 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/8}}]}]'),
      found: ['STRICT_BLOCK spec.ingress[0].from[0].ipBlock.cidr 9'],
    },
    {
      name: 'a type that the policy could not be read with',
      text: ofSpec('podSelector: {}', 'ingress: {from: []}'),
      found: ['WRONG_TYPE spec.ingress 8'],
    },
    {
      name: 'a number as a label',
      text: ofSpec('podSelector: {matchLabels: {version: 1}}'),
      found: ['WRONG_TYPE spec.podSelector.matchLabels 7'],
      next: 'Put it into quotes: version: "1"',
    },
  ])('$name', async ({text, found, next}) => {
    const answer = await refusals(text)
    expect(answer).toMatchObject({found, level: 'error', problems: [], isComplete: true})
    if (next !== undefined) expect(answer.next).toBe(next)
  })

  test('and an unusual form of IPv6 a warning', async () => {
    const text = ofSpec(...closed, 'ingress: [{from: [{ipBlock: {cidr: "2001:DB8::/32"}}]}]')
    expect(await refusals(text)).toMatchObject({
      found: ['UNUSUAL_BLOCK spec.ingress[0].from[0].ipBlock.cidr 9'],
      level: 'warning',
      next: 'Write 2001:db8::/32',
    })
  })

  test.each([
    ['YAML', ofSpec(...closed, 'ingress: []', 'policyTypes: [Egress]'), 'DUPLICATE_FIELD spec.policyTypes 8'],
    [
      'JSON',
      '{"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1",\n "metadata": {"name": "p"},\n "spec": {"podSelector": {},\n "policyTypes": ["Ingress"], "policyTypes": ["Egress"]}}',
      'DUPLICATE_FIELD spec.policyTypes 4',
    ],
  ])('and a field that is there twice a warning, in %s: kubectl takes the last', async (_, text, found) => {
    expect(await refusals(text)).toMatchObject({found: [found], level: 'warning', problems: []})
  })

  test('and nothing is said of a good policy', async () => {
    expect(await refusals(ofSpec(...closed, 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]'))).toMatchObject({found: []})
  })
})

describe('answers on a policy that the API server refuses', () => {
  const MILL = `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: mill}}
- {apiVersion: v1, kind: Pod, metadata: {name: wheel, namespace: mill, labels: {app: wheel}}, status: {phase: Running, podIP: 10.0.0.1}}
`
  const EMPTY_PEER = ofSpec(...closed, 'ingress: [{from: [{}]}]')
  const said =
    'policy mill/wheel is one that the API server refuses, so no cluster has it: spec.ingress[0].from[0]: the peer is empty'

  test('say so', async () => {
    const {document} = probeNodes([await dumpOf(MILL, EMPTY_PEER)], {})
    expect(document.problems.map(({message}) => message)).toContain(said)
  })

  test('say nothing of one that a cluster has', async () => {
    const read = EMPTY_PEER.replace('  name: wheel', '  name: wheel\n  uid: 6f1c2a1e-0000-4000-8000-000000000000')
    const {document} = probeNodes([await dumpOf(MILL, read)], {})
    expect(document.problems.filter(({code}) => code === 'POLICY_INVALID')).toEqual([])
  })

  test('foretell no change by it', async () => {
    const dump = await dumpOf(MILL)
    const changed = await dumpOf(EMPTY_PEER)
    expect(() => compareProbes([dump], {changed: [changed]}, {}, {before: [], after: []})).toThrow(`--diff: ${said}`)
  })
})
