import {describe, expect, test} from 'vitest'
import {compile} from '../../core/linux/compile/compile.ts'
import {linux} from '../../core/linux/dataplane.ts'
import {type DeviationCode, deviationCodes, findDeviations} from '../../core/policy/deviations.ts'
import {Evaluator} from '../../core/policy/evaluate.ts'
import {featureList, featuresOf} from '../support/cases/features.ts'
import {type Case, loadCases, type Step} from '../support/cases/load.ts'
import {probeText} from '../support/cases/probe.ts'

const cases = loadCases()
const steps = cases.flatMap(each => each.steps)

describe('the cases', () => {
  test('are many, under names of their own', () => {
    const names = cases.map(({name}) => name)
    expect(names.length).toBeGreaterThan(400)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('have every feature somewhere', () => {
    const seen = new Set(steps.flatMap(step => featuresOf(step.objects)))
    expect(featureList.filter(feature => !seen.has(feature))).toEqual([])
  })

  test('expect something of every probe', () => {
    const silent = cases.filter(({steps}) => steps.some(({probes, expected}) => expected.kubernetes.size < probes.length))
    expect(silent.map(({name}) => name)).toEqual([])
  })

  test('follow changes of policies, pods and namespaces', () => {
    const later = cases.flatMap(({steps}) => steps.slice(1).map(({after}) => after))
    expect(later).toEqual(
      expect.arrayContaining([
        'the policy is deleted',
        'another policy is added',
        'its port changes',
        "a pod's label is added",
        "a pod's label is removed",
        "a namespace's label is added",
        "a namespace's label is removed",
        'a pod has a new address',
      ]),
    )
  })

  test('show every deviation of Azure NPM', () => {
    const shown = new Set(steps.map(({departs}) => departs?.code))
    // Of how pods are made: the cases share their pods. Random clusters have such pods.
    const ofPods: readonly DeviationCode[] = ['SIDECAR_PORT', 'IPV6_POD']
    const possible = deviationCodes.filter(code => linux.policyCompiler.deviations.has(code))
    expect(possible.filter(code => !shown.has(code))).toEqual(ofPods)
  })

  test('name deviations that are found in their objects', () => {
    const unfound = cases.filter(({scheme, steps}) =>
      steps.some(
        ({objects, departs}) => departs && !findDeviations(objects, {compile}, scheme).some(({code}) => code === departs.code),
      ),
    )
    expect(unfound.map(({name}) => name)).toEqual([])
  })

  test('say of Azure NPM something else than of the API where they name a deviation, and nowhere else', () => {
    const wrong = cases.filter(({semantics, steps}) =>
      steps.some(({departs, expected: {npm, kubernetes}}) => {
        const differs = [...npm].some(([probe, verdict]) => kubernetes.get(probe) !== verdict)
        return semantics.length === 2 && differs !== (departs !== undefined)
      }),
    )
    expect(wrong.map(({name}) => name)).toEqual([])
  })
})

const meantByApi = cases.filter(({semantics}) => semantics.includes('kubernetes'))

test.each(meantByApi.map(each => [each.name, each] as const))('%s', (_, each: Case) => {
  for (const step of each.steps) expect(differences(step), step.after).toEqual([])
})

/** Where the API's meaning is other than the lines say. */
function differences({objects, probes, expected}: Step): string[] {
  const evaluator = new Evaluator(objects)
  return probes.flatMap(probe => {
    const verdict = expected.kubernetes.get(probe)
    const meaning = evaluator.evaluate(probe.packet)
    return verdict === undefined || verdict === meaning.verdict ? [] : [`${probeText(probe)}: ${verdict}, but ${meaning.reason}`]
  })
}
