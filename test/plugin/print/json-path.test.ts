import {describe, expect, test} from 'vitest'
import {customColumns} from '../../../plugin/print/custom-columns.ts'
import {jsonPathLines} from '../../../plugin/print/json-path.ts'

const document = {
  kind: 'SetList',
  node: 'aks-1',
  items: [
    {name: 'ns-shop', members: ['10.0.0.1', '10.0.0.2'], labels: {'app.kubernetes.io/name': 'a'}, isList: false},
    {name: 'podlabel-app:web', members: [], isList: true},
  ],
}
const text = async (template: string) => [...(await jsonPathLines(document, template))].join('\n')

describe('a JSONPath template of kubectl', () => {
  test.each([
    ['{.node}', 'aks-1'],
    ['{$.node}', 'aks-1'],
    ['{node}', 'aks-1'],
    ['{.items[*].name}', 'ns-shop podlabel-app:web'],
    ['{.items[0].members}', '["10.0.0.1","10.0.0.2"]'],
    ['{.items[-1].isList}', 'true'],
    ['{.items[?(@.isList==true)].name}', 'podlabel-app:web'],
    ['{..members[0]}', '10.0.0.1'],
    ['{.items[0].labels.app\\.kubernetes\\.io/name}', 'a'],
    ["{.items[0].labels['app.kubernetes.io/name']}", 'a'],
    ['node {.node}: {.items[0].name}', 'node aks-1: ns-shop'],
    ['{range .items[*]}{.name}{"\\t"}{@.isList}{"\\n"}{end}', 'ns-shop\tfalse\npodlabel-app:web\ttrue'],
    ['{range .items[*]}{.name}={range .members[*]}{@}{";"}{end} {end}', 'ns-shop=10.0.0.1;10.0.0.2; podlabel-app:web= '],
    ['{.nothing}', ''],
  ])('%s', async (template, printed) => {
    expect(await text(template)).toBe(printed)
  })

  test.each([
    ['{.items[', 'a brace is not closed'],
    ['{.items[}', 'is no JSONPath'],
    ['{range .items[*]}{.name}', '{range} without {end}'],
    ['{.name}{end}', '{end} without {range}'],
  ])('%s is refused', async (template, why) => {
    await expect(text(template)).rejects.toThrow(why)
  })

  test('what a node prints cannot control the terminal', async () => {
    expect([...(await jsonPathLines({name: 'a\u001b[2J'}, '{.name}'))]).toEqual(['a\\x1b[2J'])
  })
})

describe('custom columns', () => {
  const table = async (spec: string, of: Readonly<Record<string, unknown>> = document) => [
    ...(await customColumns(of, spec, each => each)),
  ]

  test('have a row for each item', async () => {
    expect(await table('NAME:.name,FIRST:.members[0],LIST:.isList')).toEqual([
      'NAME               FIRST      LIST',
      'ns-shop            10.0.0.1   false',
      'podlabel-app:web   <none>     true',
    ])
  })

  test('have one row for a document that lists nothing', async () => {
    expect(await table('V:.verdict', {verdict: 'drop'})).toEqual(['V', 'drop'])
  })

  test('have one row for a description, whatever it lists of its thing', async () => {
    const description = {kind: 'Description', name: 'shop/web-0', sets: [{name: 'ns-shop'}], policies: []}
    expect(await table('N:.name', description)).toEqual(['N', 'shop/web-0'])
  })

  test('commas in brackets are of the path', async () => {
    expect(await table("A:.items[0]['name','isList']", {kind: 'x', items: [{items: [{name: 'n', isList: 1}]}]})).toEqual([
      'A',
      'n,1',
    ])
  })

  test.each(['NAME', 'NAME:', ':.x', 'NAME:.items['])('%s is refused', async spec => {
    await expect(table(spec)).rejects.toThrow(/is no (column|JSONPath)/)
  })
})
