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
