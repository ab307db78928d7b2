import type {Check} from '../check.ts'
import {portsOf} from '../policy-view.ts'

/** What changes when Cilium replaces Azure NPM. For blocks see `checkBlocks`. */
export const checkCilium: Check = function* (view, {clusterView}) {
  const {sides} = view
  const egress = sides.find(({direction}) => direction === 'Egress')
  if (egress && !egress.isOpen) yield {code: 'CILIUM_OWN_NODE', field: egress.field, what: 'the policy limits egress'}
  for (const {item, field} of portsOf(view)) {
    const {port, endPort} = item
    if (endPort !== undefined)
      yield {code: 'CILIUM_END_PORT', field: `${field}.endPort`, what: `the port has the endPort ${endPort}`}
    const numbers = typeof port === 'string' ? clusterView.numbersOf(port) : []
    if (numbers.length > 1)
      yield {code: 'CILIUM_NAMED_PORT', field: `${field}.port`, what: `"${port}" stands for ${numbers.join(', ')}`}
  }
}
