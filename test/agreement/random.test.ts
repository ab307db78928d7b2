import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {compile} from '../../core/linux/compile/compile.ts'
import {programRules, programSets} from '../../core/linux/walk/node-rules.ts'
import {walk} from '../../core/linux/walk/walk.ts'
import {Evaluator} from '../../core/policy/evaluate.ts'
import {cluster, packetsOf} from '../support/arbitrary-cluster.ts'

const scheme = fc.constantFrom('fnv32a' as const, 'sha256' as const)

describe('for any cluster', () => {
  propertyTest.prop([cluster, scheme], {numRuns: 150})(
    'the program of the API’s semantics gives every packet the verdict that the policies mean',
    (objects, hashing) => {
      const program = compile(objects, {scheme: hashing, semantics: 'kubernetes'})
      expect(program.refusals).toEqual([])
      const rules = programRules(program)
      const sets = programSets(program)
      const evaluator = new Evaluator(objects)
      const wrong = [...packetsOf(objects)].flatMap(packet => {
        const meant = evaluator.evaluate(packet)
        const walked = walk(rules, sets, packet).verdict
        return meant.verdict === walked ? [] : [{packet, meant: meant.verdict, because: meant.reason, walked}]
      })
      expect(wrong).toEqual([])
    },
  )

  test('the clusters are telling: packets pass, are dropped, and meet the faults of Azure NPM', () => {
    const seen = {accept: 0, drop: 0, unknown: 0, departing: 0}
    for (const objects of fc.sample(cluster, {numRuns: 100, seed: 20261121})) {
      const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
      const rules = programRules(program)
      const sets = programSets(program)
      const evaluator = new Evaluator(objects)
      for (const packet of packetsOf(objects)) {
        const {verdict} = evaluator.evaluate(packet)
        seen[verdict]++
        if (walk(rules, sets, packet).verdict !== verdict) seen.departing++
      }
    }
    expect(seen.drop).toBeGreaterThan(seen.accept / 10)
    expect(seen.accept).toBeGreaterThan(seen.drop / 10)
    expect(seen.departing).toBeGreaterThan(50)
  })
})
