import {describe, expect, test} from 'vitest'
import {compareNode, openComparison} from '../../../../core/drift/compare-node.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {emptyCluster} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../../core/policy/program.ts'
import {type ReleaseLine, releaseLines} from '../../../../core/policy/release.ts'
import {linesOf} from '../../../support/node-of.ts'
import {dumpOf} from '../../../support/read-capture.ts'

const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({metadata: {name, namespace: 'shop'}, spec})
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`

/** Policies that show every difference between lines of releases. */
const telling: ClusterObjects = {
  ...emptyCluster(),
  namespaces: [{metadata: {name: 'shop'}}],
  policies: [
    policy('several', {podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: ['a', 'b']}]}}),
    policy('block', {policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/8'}}]}]}),
    policy('bad', {
      policyTypes: ['Ingress'],
      ingress: [{from: [{podSelector: {matchExpressions: [{key: 'app', operator: 'In', values: ['no good']}]}}]}],
    }),
    policy('open', {policyTypes: ['Ingress'], ingress: [{ports: [{port: 80}]}, {}]}),
  ],
}
/** Policies that show none. */
const silent: ClusterObjects = {...telling, policies: [policy('deny', {policyTypes: ['Ingress']})]}

async function dumpOfProgram(program: LinuxProgram) {
  const {rules, sets} = linesOf(program)
  return dumpOf(text(rules), text(sets))
}

async function told(cluster: ClusterObjects, options: Omit<CompileOptions, 'semantics'>) {
  const dump = await dumpOfProgram(compile(cluster, {...options, semantics: 'npm'}))
  const {program, notes} = openComparison(cluster, dump)
  return {
    options: program.options,
    note: notes.find(note => note.includes('programmed by')),
    clean: compareNode(cluster, dump, {isProgramOnly: true}).clean,
  }
}

describe('the line of releases of a node', () => {
  test.each(releaseLines)('%s is told by policies that show it', async line => {
    const {options, clean} = await told(telling, {scheme: 'fnv32a', release: line})
    expect({release: options.release ?? 'v1.5.17', clean}).toEqual({release: line, clean: true})
  })

  test.each<[ReleaseLine, ReleaseLine, string | undefined]>([
    ['v1.2.8', 'v1.2.8', 'from v1.2.8 to v1.4.15'],
    ['v1.4.16', 'v1.4.16', 'from v1.4.16 to v1.4.16'],
    [
      'v1.4.17',
      'v1.4.21',
      'from v1.4.17 to v1.4.23; nothing on it tells more, and it is compared with what the last of them programs',
    ],
    ['v1.4.24', 'v1.5.17', undefined],
  ])('%s without such policies is taken for %s', async (line, taken, note) => {
    const found = await told(silent, {scheme: 'fnv32a', release: line})
    expect({release: found.options.release ?? 'v1.5.17', clean: found.clean}).toEqual({release: taken, clean: true})
    if (note === undefined) expect(found.note).toBeUndefined()
    else expect(found.note).toBe(`the node was programmed by an Azure NPM ${note}`)
  })

  test('is that of today when sets of two lines are there, as in an upgrade', async () => {
    const options = (release: ReleaseLine) => ({scheme: 'fnv32a', semantics: 'npm', release}) as const
    const now = linesOf(compile(telling, options('v1.5.17')))
    const before = linesOf(compile(telling, options('v1.4.24')))
    const dump = await dumpOf(text(now.rules), text([...new Set([...now.sets, ...before.sets])]))
    expect(openComparison(telling, dump).program.options.release).toBeUndefined()
  })
})

describe('NPM v1', () => {
  test.each(['fnv32a', 'sha256'] as const)('is told by its chains, or by its sets where there is no policy, %s', async scheme => {
    const options = {scheme, generation: 'v1'} as const
    expect(await told(silent, options)).toMatchObject({options, clean: true})
    expect(await told({...silent, policies: []}, options)).toMatchObject({options, clean: true})
  })

  test('before v1.4.16 is told by its jump', async () => {
    const options = {scheme: 'fnv32a', generation: 'v1', release: 'v1.2.8'} as const
    expect(await told(silent, options)).toMatchObject({options, clean: true})
  })

  test('may leave the jump anywhere behind KUBE-SERVICES, but not before it', async () => {
    const {rules, sets} = linesOf(compile(silent, {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}))
    const other = (name: string) => `-A FORWARD -j ${name}`
    const jump = rules.find(line => line.startsWith('-A FORWARD')) ?? ''
    const items = async (...forward: string[]) => {
      const lines = [
        ...rules.slice(0, 1),
        ':KUBE-SERVICES - [0:0]',
        ':OTHER - [0:0]',
        ...rules.slice(1).flatMap(line => (line === jump ? forward : [line])),
      ]
      return compareNode(silent, await dumpOf(text(lines), text(sets))).items.map(({change, found}) => `${change} ${found}`)
    }
    expect(await items(other('KUBE-SERVICES'), other('OTHER'), jump)).toEqual([])
    expect(await items(other('OTHER'), jump, other('KUBE-SERVICES'))).toEqual(['changed position 2'])
    expect(await items(jump, other('KUBE-SERVICES'))).toEqual([])
  })

  test('without policies has no jump: one that is there is too many', async () => {
    const cluster = {...silent, policies: []}
    const {sets} = linesOf(compile(cluster, {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}))
    const dump = await dumpOf(
      text(['*filter', ':FORWARD ACCEPT [0:0]', ':AZURE-NPM - [0:0]', '-A FORWARD -j AZURE-NPM', 'COMMIT']),
      text(sets),
    )
    expect(dump.completeness.rules).toBe('whole')
    const {items, notes} = compareNode(cluster, dump)
    expect(items.map(({kind, change}) => `${kind} ${change}`)).toEqual(['jump extra'])
    expect(notes).toContain('chain AZURE-NPM is empty and no rule leads there: Azure NPM removes it later')
  })
})

describe('NPM Lite', () => {
  const cluster: ClusterObjects = {...telling, policies: [telling.policies[1] as NetworkPolicy]}

  test.each([true, false])('that loses blocks: %o, is told by the sets of blocks', async losesLiteBlocks => {
    const options = {scheme: 'sha256', semantics: 'npm', isLite: true, node: 'unknown', losesLiteBlocks} as const
    const dump = await dumpOfProgram(compile(cluster, options))
    const {clean, notes} = compareNode(cluster, dump, {isLite: true, isProgramOnly: true})
    expect(clean).toBe(true)
    expect(notes.some(note => note.includes('allows every address'))).toBe(losesLiteBlocks)
  })
})

test('the name scheme is told by rules when there is no dump of sets', async () => {
  const {rules} = linesOf(compile(telling, {scheme: 'fnv32a', semantics: 'npm'}))
  const dump = await dumpOf(text(rules))
  expect(openComparison(telling, dump).program.options.scheme).toBe('fnv32a')
})
