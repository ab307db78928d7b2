import {describe, expect, test} from 'vitest'
import {compile} from '../../../core/linux/compile/compile.ts'
import {translateNode} from '../../../core/translate/translate-node.ts'
import {painter} from '../../../plugin/print/paint.ts'
import {type Detail, translationLines} from '../../../plugin/print/translation.ts'
import {linesOf} from '../../support/node-of.ts'
import {shop, shopNodes} from '../../support/shop-nodes.ts'

/** One rule for each port, and one that drops. */
const policyOf = (name: string, ports: number) => ({
  metadata: {name, namespace: 'shop'},
  spec: {
    podSelector: {matchLabels: {app: 'web'}},
    policyTypes: ['Ingress'],
    ingress: [{ports: Array.from({length: ports}, (_, at) => ({protocol: 'TCP', port: 1000 + at}))}],
  },
})

/** What is shown of a node whose policies have so many ports. */
async function shown(detail: Detail, ports: readonly number[], filter = {}): Promise<string[]> {
  const cluster = {...shop, policies: ports.map((count, at) => policyOf(`p${at}`, count))}
  const [node] = await shopNodes({n1: linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm'}))}, cluster)
  if (!node) throw new Error('no node was read')
  return [...translationLines(translateNode(node, filter), painter(false), detail)]
}

const rulesIn = (lines: readonly string[]): number => lines.filter(line => /^ +\d+ +[\d-]+ +(?:allow|drop) /.test(line)).length

describe('a node with many rules', () => {
  test('is a line for each policy, with what to type for its rules', async () => {
    const lines = await shown('usual', [120, 100, 2])
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../golden/translate-list.txt')
    expect(rulesIn(lines)).toBe(0)
  })

  test.each<{detail: Detail; ports: number[]; filter?: object; rules: number}>([
    {detail: 'usual', ports: [100, 98], rules: 200},
    {detail: 'usual', ports: [100, 99], rules: 0},
    {detail: 'all', ports: [100, 99], rules: 201},
    {detail: 'wide', ports: [100, 99], rules: 201},
    {detail: 'usual', ports: [300], filter: {policy: ['p0']}, rules: 301},
  ])(
    'shows $rules rules in detail $detail of policies with $ports ports and a filter $filter',
    async ({detail, ports, filter, rules}) => {
      expect(rulesIn(await shown(detail, ports, filter))).toBe(rules)
    },
  )
})
