import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import type {Chain, Rule, Table} from '../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {printIptablesSave, printRule, quoted} from '../../../../core/linux/iptables/print.ts'
import {anyBody, type Body, declared} from '../../../support/linux/arbitrary-rules.ts'

/** A table with rules in their places, as `printIptablesSave` will print it. */
function tableOf(chains: readonly (readonly Body[])[]): Table {
  let line = 1 + declared.length
  const all = declared.map((name, index): [string, Chain] => {
    const rules = (chains[index] ?? []).map((body, at): Rule => {
      const rule = {chain: name, position: at + 1, line: ++line, source: '', ...body}
      return {...rule, source: printRule(rule)}
    })
    return [name, {name, packets: 0, bytes: 0, line: index + 2, rules}]
  })
  return {name: 'filter', line: 1, chains: new Map(all)}
}

const print = (tables: Iterable<Table>, withCounters: boolean): string =>
  `${[...printIptablesSave(tables, withCounters)].join('\n')}\n`

propertyTest.prop([fc.array(fc.array(anyBody, {maxLength: 5}), {minLength: 4, maxLength: 4})])(
  'parsing what was printed gives the same rules',
  chains => {
    const table = tableOf(chains)
    const save = parseIptablesSave([print([table], true)])
    expect(save.problems).toEqual([])
    expect([...save.tables.values()]).toEqual([table])
  },
)

propertyTest.prop([fc.array(fc.array(anyBody, {maxLength: 3}), {minLength: 4, maxLength: 4})])(
  'printing without counters leaves out the counters only',
  chains => {
    const withoutCounters = chains.map(bodies => bodies.map(({matches, target}): Body => ({matches, ...(target && {target})})))
    expect(print([tableOf(chains)], false)).toBe(print([tableOf(withoutCounters)], true))
  },
)

test.each<{text: string; printed: string}>([
  {text: 'DROP-ALL_0', printed: 'DROP-ALL_0'},
  {text: '', printed: '""'},
  {text: 'a.b', printed: '"a.b"'},
  {text: 'a b', printed: '"a b"'},
  {text: '"\\\'', printed: '"\\"\\\\\\\'"'},
])('iptables-save quotes "$text" as $printed', ({text, printed}) => {
  expect(quoted(text)).toBe(printed)
})
