import {describe, expect, test} from 'vitest'
import {emptyCluster, type NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {CURRENT, type ReleaseLine, readRelease, releaseLines} from '../../../core/policy/release.ts'
import {ruleText} from '../../support/linux/compare-programs.ts'

describe('a release by its number', () => {
  test.each([
    ['v1.2.8', {line: 'v1.2.8', generation: 'v1', hasV2: false}],
    ['v1.4.14', {line: 'v1.2.8', generation: 'v1', hasV2: false}],
    ['v1.4.15', {line: 'v1.2.8', generation: 'v1', hasV2: true}],
    ['v1.4.16', {line: 'v1.4.16', generation: 'v1', hasV2: true}],
    ['v1.4.19', {line: 'v1.4.17', generation: 'v1'}],
    ['v1.4.20', {line: 'v1.4.17', generation: 'v2'}],
    ['1.4.23', {line: 'v1.4.21', generation: 'v2', scheme: 'fnv32a'}],
    ['v1.4.26', {line: 'v1.4.24'}],
    ['v1.4.40', {line: 'v1.4.27'}],
    ['v1.5.16', {line: 'v1.4.41'}],
    ['v1.5.50', {line: CURRENT, scheme: 'fnv32a'}],
    ['v1.6.35', {losesLiteBlocks: false}],
    ['v1.6.45', {scheme: 'fnv32a', losesLiteBlocks: true}],
    ['v1.6.46', {scheme: 'sha256', losesLiteBlocks: true}],
    ['v1.7.10', {scheme: 'fnv32a', losesLiteBlocks: false}],
    ['v1.7.17', {scheme: 'fnv32a', losesLiteBlocks: true}],
    ['v1.8.11', {scheme: 'fnv32a', losesLiteBlocks: true}],
    ['v1.8.12', {scheme: 'sha256', losesLiteBlocks: false}],
    ['v1.9.0', {scheme: 'sha256', line: CURRENT}],
  ])('%s', (text, expected) => {
    expect(readRelease(text)).toMatchObject(expected)
  })

  test.each(['v1.2.7', 'v1.0.33', 'v2.0.0', '1.4', 'latest', 'v1.4.23-rc', ''])('%o is none that is known', text => {
    expect(readRelease(text)).toBeUndefined()
  })

  test('every line is the answer to its own name', () => {
    for (const line of releaseLines) expect(readRelease(line)?.line).toBe(line)
  })
})

const policy = (spec: NetworkPolicy['spec']): NetworkPolicy => ({metadata: {name: 'p', namespace: 'shop'}, spec})

function compiled(spec: NetworkPolicy['spec'], release: ReleaseLine, more: Partial<CompileOptions> = {}): LinuxProgram {
  return compile({...emptyCluster(), policies: [policy(spec)]}, {scheme: 'fnv32a', semantics: 'npm', release, ...more})
}

const names = ({sets}: LinuxProgram): string[] => [...sets.values()].map(({name}) => name).toSorted()
const policyRules = ({policies}: LinuxProgram): string[] =>
  policies.flatMap(({chains}) => chains.flatMap(({rules}) => Array.from(rules, ruleText)))

describe('marks', () => {
  const baseRules = (release: ReleaseLine): string[] => [...compiled({}, release).baseChains.values()].flat().map(ruleText)

  test('are whole words until v1.4.23, and cleared in the end', () => {
    const rules = baseRules('v1.4.21')
    expect(rules).toContain(
      '-A AZURE-NPM-INGRESS -m mark --mark 0x4000 -m comment --comment DROP-ON-INGRESS-DROP-MARK-0x4000 -j DROP',
    )
    expect(rules).toContain('-A AZURE-NPM-ACCEPT -m comment --comment CLEAR-AZURE-NPM-MARKS -j MARK --set-xmark 0x0/0xffffffff')
    expect(policyRules(compiled({policyTypes: ['Egress']}, 'v1.4.21'))).toEqual([
      expect.stringMatching(/DROP-ALL -j MARK --set-xmark 0x5000\/0xffffffff$/),
    ])
  })

  test('are single bits since v1.4.24', () => {
    const rules = baseRules('v1.4.24')
    expect(rules.join('\n')).not.toMatch(/CLEAR|0x[245]000/)
    expect(rules).toContain(
      '-A AZURE-NPM-INGRESS -m mark --mark 0x400/0x400 -m comment --comment "DROP-ON-INGRESS-DROP-MARK-0x400/0x400" -j DROP',
    )
  })

  test('are cleared in other words until v1.4.16', () => {
    expect(baseRules('v1.4.16').join('\n')).toContain('Clear-AZURE-NPM-MARKS')
    expect(baseRules('v1.4.17').join('\n')).toContain('CLEAR-AZURE-NPM-MARKS')
  })
})

test('until v1.4.16 rules of policies have no comments, however long they would be', () => {
  const values = Array.from({length: 100}, (_, index) => `a-rather-long-value-${index}`)
  const spec = {podSelector: {matchExpressions: [{key: 'app', operator: 'In' as const, values}]}}
  const program = compiled(spec, 'v1.4.16')
  expect(program.refusals).toEqual([])
  const jumps = program.policies.flatMap(({chains}) => chains.map(({jump}) => ruleText(jump)))
  expect([...jumps, ...policyRules(program)].join('\n')).not.toContain('comment')
  expect(compiled(spec, 'v1.4.17').refusals.map(({code}) => code)).toEqual(['COMMENT_TOO_LONG'])
})

test('until v1.4.15 the jump takes packets of every state', () => {
  expect(ruleText(compiled({}, 'v1.2.8').jump)).toBe('-A FORWARD -j AZURE-NPM')
  expect(ruleText(compiled({}, 'v1.4.16').jump)).toBe('-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM')
})

test('until v1.4.20 all blocks of a rule are in one set', () => {
  const from = [{ipBlock: {cidr: '10.0.0.0/8', except: ['10.1.0.0/16']}}, {ipBlock: {cidr: '192.0.2.0/24'}}]
  const spec = {policyTypes: ['Ingress'], ingress: [{from}]}
  const old = compiled(spec, 'v1.4.17')
  expect(names(old)).toEqual(['cidr-p-in-ns-shop-0IN', 'ns-shop'])
  expect([...old.sets.values()].find(({type}) => type === 'CIDRBlocks')?.members).toEqual([
    '10.0.0.0/8',
    '10.1.0.0/16 nomatch',
    '192.0.2.0/24',
  ])
  expect(names(compiled(spec, 'v1.4.21'))).toEqual(['cidr-p-in-ns-shop-0-0IN', 'cidr-p-in-ns-shop-0-1IN', 'ns-shop'])
})

test('until v1.4.26 policies share the list for several values of a label', () => {
  const podSelector = {matchExpressions: [{key: 'app', operator: 'In' as const, values: ['a', 'b']}]}
  const policies = ['p', 'q'].map(name => ({metadata: {name, namespace: 'shop'}, spec: {podSelector}}))
  const both = (release: ReleaseLine) => compile({...emptyCluster(), policies}, {scheme: 'fnv32a', semantics: 'npm', release})
  const lists = (program: LinuxProgram) => names(program).filter(name => name.startsWith('nested'))
  expect(lists(both('v1.4.24'))).toEqual(['nestedlabel-app:a:b'])
  expect(both('v1.4.24').refusals).toEqual([])
  expect(lists(both('v1.4.27'))).toEqual(['nestedlabel-shop/p-app:a:b', 'nestedlabel-shop/q-app:a:b'])
})

test('until v1.4.40 values that no label can have are compiled as they are', () => {
  const spec = {podSelector: {matchExpressions: [{key: 'app', operator: 'In' as const, values: ['has space']}]}}
  expect(compiled(spec, 'v1.4.41').refusals.map(({code}) => code)).toEqual(['BAD_LABEL_VALUE'])
  expect(names(compiled(spec, 'v1.4.27'))).toContain('podlabel-app:has space')
})

test('until v1.4.40 a block that no set of IPv4 can hold has a set without members, beside the others', () => {
  const from = [
    {ipBlock: {cidr: '192.0.2.0/24'}},
    {ipBlock: {cidr: 'fd00::/8', except: ['fd01::/16']}},
    {ipBlock: {cidr: '10.0.0.0/0'}},
  ]
  const spec = {policyTypes: ['Ingress'], ingress: [{from}]}
  const members = (program: LinuxProgram) =>
    [...program.sets.values()].filter(({type}) => type === 'CIDRBlocks').map(each => `${each.name}: ${each.members.join(' ')}`)
  const old = compiled(spec, 'v1.4.21')
  expect(old.refusals).toEqual([])
  expect(members(old)).toEqual([
    'cidr-p-in-ns-shop-0-0IN: 192.0.2.0/24',
    'cidr-p-in-ns-shop-0-1IN: ',
    'cidr-p-in-ns-shop-0-2IN: ',
  ])
  expect(policyRules(old)).toHaveLength(4)
  const refused = compiled(spec, 'v1.4.41')
  expect(refused.refusals.map(({code}) => code)).toEqual(['IPV6_BLOCK', 'BAD_BLOCK'])
  expect(members(refused)).toEqual([])
})

test('until v1.5.16 a rule without conditions is lost beside others', () => {
  const spec = {policyTypes: ['Ingress'], ingress: [{ports: [{port: 80}]}, {}]}
  const actions = (release: ReleaseLine) => policyRules(compiled(spec, release)).map(rule => /--comment (\S+)/.exec(rule)?.[1])
  expect(actions('v1.4.41')).toEqual(['ALLOW-ALL-ON-TCP-TO-PORT-80', 'DROP-ALL'])
  expect(actions('v1.5.17')).toEqual(['ALLOW-ALL'])
  const alone = {policyTypes: ['Ingress'], ingress: [{}]}
  expect(policyRules(compiled(alone, 'v1.4.41'))).toEqual(policyRules(compiled(alone, 'v1.5.17')))
})

test('NPM Lite of certain releases allows every address where a policy names blocks', () => {
  const spec = {policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '10.0.0.0/8'}}], ports: [{port: 443}]}]}
  const lite = {isLite: true, node: 'aks-1'}
  const lost = compiled(spec, CURRENT, {...lite, losesLiteBlocks: true})
  expect(names(lost)).toEqual(['ns-shop'])
  expect(policyRules(lost)[0]).toContain('--comment ALLOW-ALL-ON-TCP-TO-PORT-443')
  expect(names(compiled(spec, CURRENT, lite))).toContain('cidr-p-in-ns-shop-0-0IN')
  expect(names(compiled(spec, CURRENT, {losesLiteBlocks: true}))).toContain('cidr-p-in-ns-shop-0-0IN')
})
