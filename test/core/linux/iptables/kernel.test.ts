import {fc} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {Rule, Table} from '../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {printIptablesSave, printRule} from '../../../../core/linux/iptables/print.ts'
import {fixtureNodes} from '../../../support/dump-fixture.ts'
import {describeKernel, kernelTest} from '../../../support/kernel/describe.ts'
import {loadRules, loadSets, saveRules, testRules} from '../../../support/kernel/load.ts'
import {openNamespace} from '../../../support/kernel/namespace.ts'
import {backends} from '../../../support/kernel/tools.ts'
import {kernelBody, kernelSets} from '../../../support/linux/arbitrary-rules.ts'

const print = (tables: Iterable<Table>): string => `${[...printIptablesSave(tables, true)].join('\n')}\n`
const parse = (text: string): Map<string, Table> => parseIptablesSave([text]).tables

/** What two saves agree on: not lines, not counters, not the order of tables. */
const content = (tables: ReadonlyMap<string, Table>) =>
  [...tables.values()]
    .map(({name, chains}) => ({
      name,
      chains: [...chains.values()].map(chain => ({
        name: chain.name,
        policy: chain.policy,
        rules: chain.rules.map(({matches, target, source}) => ({matches, target, source})),
      })),
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))

describeKernel('saves on the real kernel', () => {
  describe.each(fixtureNodes)('$name', ({name, rules, sets}) => {
    const backend = name.endsWith('legacy') ? 'legacy' : 'nft'

    kernelTest('what is printed of the parsed save is taken, and saved as the same rules', async namespace => {
      const tables = parse(rules)
      const printed = print(tables.values())
      await loadSets(namespace, sets)
      expect(await testRules(namespace, backend, printed)).toMatchObject({exitCode: 0, stderr: ''})
      await loadRules(namespace, backend, printed)
      expect(content(parse(await saveRules(namespace, backend)))).toEqual(content(tables))
    })
  })

  const sets = `-N ${kernelSets.hash} nethash\n-N ${kernelSets.ports} hash:ip,port\n-N ${kernelSets.list} setlist\n`
  const others = ['AZURE-NPM', 'KUBE-FORWARD']

  for (const backend of backends)
    kernelTest(`random rules are taken in one restore, and saved as the same rules (${backend})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(kernelBody, {minLength: 40, maxLength: 40}), async bodies => {
          await using namespace = await openNamespace()
          await loadSets(namespace, sets)
          const rules = bodies.map((body, index): Rule => ({chain: 'X', position: index + 1, line: 0, source: '', ...body}))
          const declarations = ['X', ...others].map(chain => `:${chain} - [0:0]`)
          await loadRules(
            namespace,
            backend,
            ['*filter', ...declarations, ...rules.map(rule => printRule(rule)), 'COMMIT', ''].join('\n'),
          )
          const {tables, problems} = parseIptablesSave([await saveRules(namespace, backend)])
          expect(problems).toEqual([])
          const saved = tables.get('filter')?.chains.get('X')?.rules ?? []
          expect(saved.map(({matches, target}) => ({matches, target}))).toEqual(
            rules.map(({matches, target}) => ({matches, target})),
          )
          expect(saved.map(({source}) => source)).toEqual(rules.map(rule => printRule(rule)))
        }),
        {numRuns: 5},
      )
    })
})
