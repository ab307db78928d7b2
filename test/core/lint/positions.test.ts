import {describe, expect, test} from 'vitest'
import {findPositions} from '../../../core/lint/positions.ts'

const list = `# a comment
apiVersion: v1
kind: List
items:
  - kind: NetworkPolicy
    metadata: {name: first}
    spec:
      ingress:
        - from:
            - podSelector: {}
            - ipBlock:
                cidr: 10.0.0.0/8
          ports: &ports
            - port: 80
        - ports: *ports
---
kind: NetworkPolicy
metadata:
  name: second
  namespace: shop
spec: {podSelector: {}}
`

const json = JSON.stringify(
  {kind: 'NetworkPolicyList', items: [{metadata: {name: 'third', namespace: 'shop'}, spec: {egress: [{}]}}]},
  null,
  2,
)

const read = async (...texts: readonly string[]) => {
  const {positions} = await findPositions(texts.map((text, index) => ({name: `file-${index}`, folder: '', text: [text]})))
  return positions
}

describe.each<{policy: string; field: string; file: string; line: number}>([
  {policy: 'default/first', field: 'spec.ingress[0].from[1].ipBlock.cidr', file: 'file-0', line: 12},
  {policy: 'default/first', field: 'spec.ingress[0].from[1]', file: 'file-0', line: 11},
  {policy: 'default/first', field: 'spec.ingress[1].ports[0].port', file: 'file-0', line: 14},
  {policy: 'default/first', field: 'spec', file: 'file-0', line: 7},
  // What is not written down is pointed at where it would be.
  {policy: 'default/first', field: 'spec.ingress[0].from[7].ipBlock', file: 'file-0', line: 9},
  {policy: 'default/first', field: 'spec.podSelector', file: 'file-0', line: 7},
  {policy: 'shop/second', field: 'metadata.name', file: 'file-0', line: 19},
  {policy: 'shop/second', field: 'spec.podSelector.matchExpressions[0]', file: 'file-0', line: 21},
  {policy: 'shop/third', field: 'spec.egress[0]', file: 'file-1', line: 11},
])('$field of $policy', ({policy, field, file, line}) => {
  test(`is in line ${line} of ${file}`, async () => {
    expect((await read(list, json))(policy, field)).toEqual({file, line})
  })
})

test('a policy that is in no file has no place', async () => {
  expect((await read(list))('shop/none', 'spec')).toBeUndefined()
})

test('of two with one name the later one is pointed at', async () => {
  expect((await read(list, json, `\n${json}`))('shop/third', 'spec.egress')).toEqual({file: 'file-2', line: 11})
})

test('a document that is broken takes nothing from the others', async () => {
  expect((await read(`${list}---\n{broken: [\n`))('shop/second', 'spec')).toEqual({file: 'file-0', line: 21})
})

const policy = (name: string, indent?: number) =>
  JSON.stringify({kind: 'NetworkPolicy', metadata: {name, namespace: 'shop'}, spec: {egress: [{}]}}, null, indent)

test.each<{what: string; text: string; lines: Record<string, number>}>([
  {what: 'line by line', text: `${policy('one')}\n${policy('two')}\n${policy('three')}\n`, lines: {one: 1, two: 2, three: 3}},
  {what: 'in one line', text: `${policy('one')} ${policy('two')}`, lines: {one: 1, two: 1}},
  {what: 'with empty lines', text: `\n\n${policy('one', 2)}\n\n\n${policy('two', 2)}\n`, lines: {one: 11, two: 25}},
  {
    what: 'with line breaks of Windows',
    text: `${policy('one', 2)}\n${policy('two', 2)}`.replaceAll('\n', '\r\n'),
    lines: {one: 9, two: 21},
  },
  {what: 'with YAML behind it', text: `${policy('one')}\n${policy('two')}\n---\n${list}`, lines: {one: 1, two: 2, second: 24}},
  {what: 'with text between', text: `${policy('one')}\nand then\n${policy('two')}\n`, lines: {one: 1, two: 3}},
  {what: 'with a broken one', text: `${policy('one')}\n{"kind": }\n${policy('two')}\n`, lines: {one: 1, two: 3}},
  {what: 'with a comment, which makes it YAML', text: `{ # first\n${policy('one').slice(1)}\n`, lines: {one: 2}},
])('of JSON documents one after the other, $what, each has its lines', async ({text, lines}) => {
  const positions = await read(text)
  const found = Object.keys(lines).map(name => [name, positions(`shop/${name}`, 'spec.egress[0]')?.line])
  expect(Object.fromEntries(found)).toEqual(lines)
})
