import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {translationSchema} from '../../../../core/contract/translation.ts'
import {readDump} from '../../../../core/dump/read-dump.ts'
import {problemText} from '../../../../core/problem/problem-text.ts'
import {fixtureText} from '../../../support/read-capture.ts'
import {translate} from '../../../support/translate.ts'

/** Whatever happened to a dump on its way to us: an answer that keeps its contract, and problems that can be shown. */

const files = ['iptables-save.txt', 'ipset-save.txt', 'ipset-list.txt', 'cluster.yaml'] as const
const texts = ['v2-base36-nft', 'v1-legacy', 'mixed-nft'].flatMap(name =>
  files.map(file => fixtureText(`captures/${name}/${file}`)),
)
const jsons = ['cluster.json', 'manager.json', 'cluster-metrics.txt'].map(file => fixtureText(`real-npm/clinic-fnv/${file}`))

type Damage = (text: string) => string
const place = fc.double({min: 0, max: 1, noNaN: true})
const at = (text: string, where: number) => Math.floor(text.length * where)

const damage: fc.Arbitrary<Damage> = fc.oneof(
  place.map(
    (where): Damage =>
      text =>
        text.slice(0, at(text, where)),
  ),
  place.map(
    (where): Damage =>
      text =>
        text.slice(at(text, where)),
  ),
  fc.tuple(place, place).map(
    ([from, size]): Damage =>
      text =>
        text.slice(0, at(text, from)) + text.slice(at(text, from) + at(text, size / 10)),
  ),
  fc.tuple(place, fc.string({unit: 'binary', maxLength: 40})).map(
    ([where, junk]): Damage =>
      text =>
        text.slice(0, at(text, where)) + junk + text.slice(at(text, where)),
  ),
  fc.tuple(place, place).map(
    ([a, b]): Damage =>
      text => {
        const lines = text.split('\n')
        const [one, two] = [Math.floor(a * lines.length), Math.floor(b * lines.length)]
        ;[lines[one], lines[two]] = [lines[two] ?? '', lines[one] ?? '']
        return lines.join('\n')
      },
  ),
  fc.constant((text: string) => text.replaceAll('\n', '\r\n')),
)

describe('damaged input', () => {
  propertyTest.prop(
    [
      fc.array(fc.tuple(fc.constantFrom(...texts, ...jsons), fc.array(damage, {minLength: 1, maxLength: 3})), {
        minLength: 1,
        maxLength: 4,
      }),
    ],
    {
      numRuns: 150,
    },
  )('gives an answer that keeps its contract, and problems in words', async inputs => {
    const documents = inputs.map(([text, damages], index) => ({
      name: `file-${index}`,
      folder: '',
      text: [damages.reduce((damaged, apply) => apply(damaged), text)],
    }))
    const {nodes, problems} = await readDump(documents)
    for (const node of nodes) {
      const translation = translate(node)
      expect(translationSchema.parse(translation)).toEqual(translation)
      for (const problem of [...problems, ...translation.problems]) {
        expect(problem.message).not.toBe('')
        expect(problem.next).not.toBe('')
        expect(problemText(problem).split('\n').length).toBeLessThanOrEqual(4)
      }
    }
  })
})
