import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {objectKinds} from '../../../core/kubernetes/given-objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {lintPolicies} from '../../../core/lint/lint.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {namespace, pod, policy} from '../../support/arbitrary-objects.ts'

/** Objects as people write them by hand: right but for one place, where anything may stand. */

const ofKind = (kind: string, object: fc.Arbitrary<object>) => object.map(each => ({kind, ...each}))
const node = fc.record({
  metadata: fc.record({name: fc.constantFrom('n', 'm')}),
  spec: fc.record({podCIDR: fc.constant('10.0.0.0/24')}),
  status: fc.record({addresses: fc.constant([{type: 'InternalIP', address: '10.1.0.1'}])}),
})
const right = fc.oneof(ofKind('Pod', pod), ofKind('NetworkPolicy', policy), ofKind('Namespace', namespace), ofKind('Node', node))
const odd = fc.constantFrom<unknown>(null, 0, -1, 1.5, '', 'a', true, [], {}, [null], [[]], [{}], {a: null}, {a: 7}, '__proto__')

/** Every place in a value, by the keys that lead there. */
function* placesIn(value: unknown, keys: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, each] of Object.entries(value)) {
    yield [...keys, key]
    yield* placesIn(each, [...keys, key])
  }
}

function replaced(value: unknown, [key, ...keys]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = replaced(copy[key], keys, by)
  return copy
}

const almostRight = fc.tuple(right, fc.nat(), odd).map(([object, number, by]) => {
  const places = [...placesIn(object)].filter(([first]) => first !== 'kind')
  return replaced(object, places[number % places.length] ?? [], by)
})

test.prop([fc.array(almostRight, {minLength: 1, maxLength: 4})], {numRuns: 2_000})(
  'one odd place in an object is told, or means something',
  items => {
    const {objects, problems} = readClusterObjects({kind: 'List', items})
    const taken = objectKinds.flatMap((kind): readonly unknown[] => objects[kind]).length
    expect(taken + problems.length).toBe(items.length)
    for (const options of [
      {scheme: 'sha256', semantics: 'npm'},
      {scheme: 'sha256', semantics: 'kubernetes'},
      {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'},
    ] as const)
      expect(compile(objects, options).sets.size).toBeGreaterThanOrEqual(0)
    expect(new Evaluator(objects)).toBeInstanceOf(Evaluator)
    expect(lintPolicies({policies: objects.policies, cluster: objects, platforms: ['linux', 'windows']})).toBeInstanceOf(Array)
  },
)
