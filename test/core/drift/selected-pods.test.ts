import {expect, test} from 'vitest'
import {SelectedPods} from '../../../core/drift/selected-pods.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {shop} from '../../support/shop-nodes.ts'

const selected = new SelectedPods(shop, new Evaluator(shop), ['203.0.113.254'])

test('pods that policies select are known by their addresses', () => {
  expect(selected.addresses()).toEqual(['10.0.1.1', '10.0.2.1'])
})

test('packets of a policy are those of its pods, in both ways', () => {
  const packets = [...selected.packetsOf(new Set(['shop/web-to-db']))]
  expect(packets).toEqual(
    ['10.0.2.1', '203.0.113.254'].flatMap(other => [
      {source: other, destination: '10.0.1.1', protocol: 'tcp', port: 80},
      {source: '10.0.1.1', destination: other, protocol: 'tcp', port: 80},
    ]),
  )
  expect([...selected.packetsOf(new Set(['shop/none']))]).toEqual([])
})
