import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {invert} from '../../../../core/differences/invert.ts'
import {applyDifferences, type LinuxTables} from '../../../../core/linux/compare/apply-difference.ts'
import {isFree} from '../../../../core/linux/compare/compared-rule.ts'
import {sumDifferences} from '../../../../core/linux/compare/sum-differences.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {programChains} from '../../../../core/linux/compile/program-chains.ts'
import {policyChain} from '../../../../core/linux/npm/policy-chain.ts'
import type {CompileOptions} from '../../../../core/policy/program.ts'
import {cluster} from '../../../support/arbitrary-cluster.ts'
import {compareTables, damage, normalTables, tablesOf} from '../../../support/linux/tables.ts'

const azureNpm = fc.constantFrom<Omit<CompileOptions, 'semantics'>>(
  {scheme: 'sha256'},
  {scheme: 'sha256', generation: 'v1'},
  {scheme: 'fnv32a', generation: 'v1', release: 'v1.2.8'},
)

const program = fc.tuple(cluster, azureNpm).map(([objects, options]) => compile(objects, {...options, semantics: 'npm'}))

/** Programs with damage in them. Two of them mostly have much in common. */
const side: fc.Arbitrary<LinuxTables> = fc.tuple(program, damage).map(([each, hurt]) => hurt(tablesOf(each)))
const sides = (count: number): fc.Arbitrary<LinuxTables[]> =>
  fc.oneof(
    fc.array(side, {minLength: count, maxLength: count}),
    fc
      .tuple(program, fc.array(damage, {minLength: count, maxLength: count}))
      .map(([each, hurts]) => hurts.map(hurt => hurt(tablesOf(each)))),
  )

function expectSame(real: LinuxTables, wanted: LinuxTables): void {
  expect(normalTables(real)).toEqual(normalTables(wanted))
}

const emptyAsAbsent = ({sets, chains}: LinuxTables): LinuxTables => ({
  sets,
  chains: new Map([...chains].filter(([, rules]) => rules.length > 0)),
})

describe('differences between any two programs', () => {
  propertyTest.prop([sides(2)], {numRuns: 300})('make the second of the first', ([first, second]) => {
    const [from, to] = [first, second] as [LinuxTables, LinuxTables]
    const made = applyDifferences(compareTables(from, to), from)
    expectSame(made, to)
    expect(compareTables(emptyAsAbsent(made), emptyAsAbsent(to))).toEqual([])
  })

  propertyTest.prop([sides(2)], {numRuns: 300})('make the first of the second when they are inverted', ([first, second]) => {
    const [from, to] = [first, second] as [LinuxTables, LinuxTables]
    const inverse = compareTables(from, to).map(each => invert(each))
    expectSame(applyDifferences(inverse, to), from)
  })

  propertyTest.prop([sides(2)], {numRuns: 300})(
    'inverted twice are the same, and with their inverses add up to nothing',
    ([first, second]) => {
      const differences = compareTables(first as LinuxTables, second as LinuxTables)
      const inverse = differences.map(each => invert(each))
      expect(inverse.map(each => invert(each))).toEqual(differences)
      expect(sumDifferences(differences, inverse)).toEqual([])
    },
  )

  propertyTest.prop([sides(3)], {numRuns: 500})('add up: from the first to the second to the third', ([first, second, third]) => {
    const [from, by, to] = [first, second, third] as [LinuxTables, LinuxTables, LinuxTables]
    const sum = sumDifferences(compareTables(from, by), compareTables(by, to))
    expectSame(applyDifferences(sum, from), to)
  })

  propertyTest.prop([sides(2)], {numRuns: 100})('can be printed as JSON and read again', ([first, second]) => {
    const differences = compareTables(first as LinuxTables, second as LinuxTables)
    // Rules of a chain may be made when they are asked for.
    const listed = differences.map(each =>
      each.kind === 'chain'
        ? {...each, ...(each.wanted && {wanted: [...each.wanted]}), ...(each.found && {found: [...each.found]})}
        : each,
    )
    expect(JSON.parse(JSON.stringify(differences))).toEqual(listed)
  })
})

propertyTest.prop([program], {numRuns: 200})(
  'rules of policies in base chains have no place of their own, and all others have',
  each => {
    for (const [chain, rules] of programChains(each))
      for (const rule of rules) expect(isFree(rule)).toBe(policyChain(chain) === undefined && rule.policy !== undefined)
  },
)
