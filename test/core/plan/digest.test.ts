import {expect, test} from 'vitest'
import {planDigest} from '../../../core/plan/digest.ts'

test('a digest is of one array of all that a plan does, as every version of this program prints it', () => {
  const steps = [
    {order: 1, tool: 'iptables', backend: 'nft', isAtomic: true} as const,
    {order: 2, tool: 'ipset', isAtomic: false} as const,
  ]
  const operation = {
    order: 1,
    step: 1,
    tool: 'iptables',
    line: '-A AZURE-NPM -m comment --comment "a \\"b\\" \u2028 ü" -j ACCEPT',
    undo: '-D AZURE-NPM 1\n-F AZURE-NPM',
  } as const
  const operations = [
    operation,
    {...operation, order: 2, step: 2, tool: 'ipset', line: 'add azure-npm-1 10.0.0.1', undo: ''} as const,
  ]
  for (const done of [operations, []]) {
    const head = {node: 'aks-"1"', backend: 'nft', nodeDigest: 'a', wantedDigest: 'b'} as const
    const told = [
      head.node,
      head.backend,
      head.nodeDigest,
      head.wantedDigest,
      steps.map(({order, tool, isAtomic, ...rest}) => [order, tool, 'backend' in rest ? rest.backend : null, isAtomic]),
      done.map(({order, step, tool, line, undo}) => [order, step, tool, line, undo]),
    ]
    expect(planDigest({...head, steps, operations: done}, text => text)).toBe(JSON.stringify(told))
  }
})
