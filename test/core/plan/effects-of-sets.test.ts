import {test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {nodeWith} from '../../../core/linux/plan/node-with.ts'
import {wholePartOf} from '../../../core/linux/plan/read-part.ts'
import {StepEffects} from '../../../core/plan/step-effects.ts'
import {movedNode} from '../../support/linux/moved-node.ts'
import {nodeOfLines} from '../../support/linux/written-node.ts'
import {shop, shopLines} from '../../support/shop-nodes.ts'

describe('what a step about sets does to packets', () => {
  propertyTest.prop([movedNode], {numRuns: 200})('is what judging all packets says', ({before, after}) => {
    const [some, all] = [true, false].map(isOfSets => new StepEffects(before).between(before, after, isOfSets))
    // What is unknown on both nodes, and no different, is not looked at.
    if (all?.effect === 'unknown') expect(['unknown', 'none', some?.opens.length ? 'opens' : 'closes']).toContain(some?.effect)
    else expect(some?.effect).toBe(all?.effect)
  })

  test('is none where no rule asks the set, without judging a packet', () => {
    const {rules, sets} = shopLines
    const empty = nodeOfLines({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []}).with({cluster: shop})
    const after = nodeWith(empty, {...wholePartOf(empty), sets: wholePartOf(nodeOfLines({rules, sets})).sets})
    expect(new StepEffects(empty, 0).between(empty, after, true)).toEqual({effect: 'none', opens: [], closes: []})
    expect(new StepEffects(empty, 0).between(empty, after, false).effect).toBe('unknown')
  })
})
