import {describe, expect, test} from 'vitest'
import {compareProbes} from '../../../core/matrix/compare-probes.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import type {Problem} from '../../../core/problem/problem.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

const rules = fixtureText('captures/v2-base36-nft/iptables-save.txt')
const sets = fixtureText('captures/v2-base36-nft/ipset-save.txt')
const objects = fixtureText('captures/v2-base36-nft/cluster.yaml')
const policy = fixtureText('policies/open-mixer.yaml')

const tcp = (port: number) => ({protocol: 'tcp' as const, port})
const problem: Problem = {code: 'UNKNOWN_FILE', message: 'what is this', next: 'Look at it.'}
const none = {before: [], after: []}

describe('the matrix of a node', () => {
  test('has every pair of pods and one address outside at every port, sender by sender', async () => {
    const {document, ends} = probeNodes([await dumpOf(rules, sets, objects)], {ports: [tcp(8080), tcp(80)]})
    const probes = [...document.probes]
    expect(document).toMatchObject({kind: 'Matrix', walked: true})
    expect(ends.at(-1)).toBe('external')
    expect(probes).toHaveLength(ends.length * (ends.length - 1) * 2)
    expect([...new Set(probes.map(({source}) => source))]).toEqual(ends)
  })

  test('has only pods of the namespace that is asked for', async () => {
    const {ends} = probeNodes([await dumpOf(objects)], {ports: [tcp(80)], namespaces: ['bakery']})
    expect(ends.length).toBeGreaterThan(1)
    expect(ends.filter(name => !name.startsWith('bakery/'))).toEqual(['external'])
  })

  test('walks the rules that Azure NPM would program when none are known', async () => {
    const {document} = probeNodes([await dumpOf(objects)], {ports: [tcp(8080)]}, [problem])
    expect(document).toMatchObject({walked: false, foretold: true})
    expect(document.departures?.map(({code}) => code)).toEqual(['NEGATIVE_ONLY'])
    expect(document.problems[0]).toEqual(problem)
    const all = [...document.probes]
    expect(new Set(all.map(({verdict}) => verdict))).toEqual(new Set(['accept', 'drop']))
    expect(all.filter(({verdict, expected}) => verdict !== expected)).toEqual([])
  })

  test('needs ports where rules are known and no policies', async () => {
    const withoutPolicies = objects.replaceAll('kind: NetworkPolicy', 'kind: Other')
    const dump = await dumpOf(rules, sets, withoutPolicies)
    expect(() => probeNodes([dump], {})).toThrow('--ports is missing')
  })

  test('needs pods', async () => {
    const dump = await dumpOf(rules, sets)
    expect(() => probeNodes([dump], {ports: [tcp(80)]})).toThrow('no pods are known')
  })
})

describe('the comparison of two matrices', () => {
  test('of a node with itself finds nothing', async () => {
    const dump = await dumpOf(rules, sets, objects)
    expect(compareProbes([dump], {changed: [dump]}, {ports: [tcp(8080)]}, none)).toMatchObject({
      opens: [],
      closes: [],
      unknown: [],
    })
  })

  test('with policies alone puts them into the cluster, in place of those of their names', async () => {
    const diff = compareProbes([await dumpOf(objects)], {changed: [await dumpOf(policy)]}, {ports: [tcp(9000)]}, none)
    expect(diff.opens).toEqual([])
    // Five by the API's meaning; the sixth is the outside, which Azure NPM lets in for a selector that only excludes.
    expect(diff.closes).toHaveLength(6)
    expect(diff.closes.filter(({expectedBefore}) => expectedBefore !== 'accept').map(({source}) => source)).toEqual(['external'])
    expect(diff.closes.every(({destination}) => destination === 'bakery/mixer-0')).toBe(true)
  })

  test('has the problems of both inputs, those of the first before', async () => {
    const other: Problem = {...problem, message: 'and this'}
    const problems = {before: [problem], after: [other]}
    const diff = compareProbes([await dumpOf(objects)], {changed: [await dumpOf(policy)]}, {ports: [tcp(80)]}, problems)
    expect(diff.problems.filter(each => each === problem || each === other)).toEqual([problem, other])
  })

  test.each([
    {name: 'rules or policies in the other input', texts: [objects], other: [sets], error: /neither rules nor policies/},
  ])('needs $name', async ({texts, other, error}) => {
    const [dump, changed] = [await dumpOf(...texts), await dumpOf(...other)]
    expect(() => compareProbes([dump], {changed: [changed]}, {ports: [tcp(80)]}, none)).toThrow(error)
  })
})
