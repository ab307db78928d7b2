import {describe, expect, test} from 'vitest'
import {hasFindings, lintDocuments} from '../../../core/lint/lint-documents.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

const policy = (name: string, spec: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: shop}
spec: ${spec}
`
const BLOCK = policy('v6', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "fd00::/8"}}]}]}')
const file = (name: string, text: string) => ({name, folder: '', text: [text]})
const nothing = {dumps: [], problems: []}
const asked = {nodes: undefined, platform: 'all'}

describe('linting documents', () => {
  test('judges the policies of files, with file and line of each finding', async () => {
    const files = {documents: [file('a.yaml', BLOCK)], problems: []}
    const {lint, isComplete} = await lintDocuments({...asked, files, cluster: nothing})
    expect(isComplete).toBe(true)
    expect(lint).toMatchObject({kind: 'Lint', policies: 1, platforms: ['linux']})
    expect(lint.findings.length).toBeGreaterThan(0)
    expect(lint.findings.every(finding => finding.file === 'a.yaml' && finding.line !== undefined)).toBe(true)
    expect(lint.counts.error + lint.counts.warning + lint.counts.info).toBe(lint.findings.length)
  })

  test("judges the cluster's policies without files", async () => {
    const dump = await dumpOf(fixtureText('captures/v2-base36-nft/cluster.yaml'))
    const {lint} = await lintDocuments({...asked, cluster: {dumps: [dump], problems: []}})
    expect(lint.policies).toBe(dump.cluster?.policies.length)
    expect(lint.findings.every(finding => finding.file === undefined)).toBe(true)
  })

  test.each([
    {
      how: 'in other words',
      second: policy('v6', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "fd01::/8"}}]}]}'),
      isFound: true,
    },
    {how: 'the same', second: BLOCK, isFound: false},
    {
      how: 'the same, in another order and with its defaults',
      second: policy('v6', '{ingress: [{ports: [], from: [{ipBlock: {cidr: "fd00::/8"}}]}], policyTypes: [Ingress]}'),
      isFound: false,
    },
  ])('counts a policy that is given twice once, $how, and looks for one platform only', async ({second, isFound}) => {
    const files = {documents: [file('a.yaml', BLOCK), file('b.yaml', second)], problems: []}
    const {lint} = await lintDocuments({nodes: undefined, platform: 'linux', files, cluster: nothing})
    expect(lint).toMatchObject({policies: 1, platforms: ['linux']})
    expect(lint.findings.some(({code}) => code === 'DUPLICATE_POLICY')).toBe(isFound)
  })

  test('is not complete when a file could not be read', async () => {
    const documents = [file('a.yaml', BLOCK), file('b.json', '{"kind": "NetworkPolicy"')]
    const {lint, isComplete} = await lintDocuments({...asked, files: {documents, problems: []}, cluster: nothing})
    expect(isComplete).toBe(false)
    expect(lint.problems.map(each => each.file)).toContain('b.json')
  })

  test('needs a policy', async () => {
    await expect(lintDocuments({...asked, cluster: nothing})).rejects.toThrow('no NetworkPolicy was found')
  })
})

test.each([
  {counts: {error: 0, warning: 0, info: 0}, levels: []},
  {counts: {error: 0, warning: 0, info: 1}, levels: ['info']},
  {counts: {error: 0, warning: 1, info: 0}, levels: ['warning', 'info']},
  {counts: {error: 1, warning: 0, info: 0}, levels: ['error', 'warning', 'info']},
])('$counts reaches the levels $levels', ({counts, levels}) => {
  expect((['error', 'warning', 'info'] as const).filter(level => hasFindings({counts}, level))).toEqual(levels)
})
