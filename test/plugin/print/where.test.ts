import {expect, test} from 'vitest'
import {type Where, whereSchema} from '../../../core/contract/common.ts'
import {lineOf, whereText} from '../../../plugin/print/where.ts'

test.each<{name: string; where: Where; text: string; line: number | undefined}>([
  {name: 'a rule of a save', where: {chain: 'AZURE-NPM', position: 3, line: 51}, text: 'AZURE-NPM:3', line: 51},
  {
    name: 'the policy of a built-in chain has no line',
    where: {table: 'filter', chain: 'FORWARD', position: 0},
    text: 'FORWARD:0',
    line: undefined,
  },
  {
    name: 'an ACL of a Windows node',
    where: {endpoint: 'e-1', acl: 'azure-acl-7', priority: 200},
    text: 'azure-acl-7 (priority 200) of endpoint e-1',
    line: undefined,
  },
])('the place of $name is printed in short', ({where, text, line}) => {
  expect(whereSchema.parse(where)).toEqual(where)
  expect(whereText(where)).toBe(text)
  expect(lineOf(where)).toBe(line)
})

test.each([{chain: 'AZURE-NPM'}, {position: 3, line: 51}, {endpoint: 'e-1', priority: 200}])(
  '%j is no place of a rule',
  place => {
    expect(whereSchema.safeParse(place).success).toBe(false)
  },
)
