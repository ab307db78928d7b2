import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../../core/dump/read-dump.ts'
import {readRules} from '../../../../core/linux/iptables/parse.ts'
import {learnDump} from '../../../../core/linux/npm/learn-dump.ts'
import {policyChainName} from '../../../../core/linux/npm/policy-chain.ts'
import {describeRule} from '../../../../core/linux/translate/describe-rule.ts'
import {openRules} from '../../../../core/linux/translate/open-rules.ts'
import {setKernelName} from '../../../../core/names/kernel-name.ts'
import {linuxDocuments, saveOf} from '../../../support/linux/documents.ts'
import {dumpOf} from '../../../support/read-capture.ts'
import {documentsOf, folders} from '../../../support/redact/folders.ts'

const rulesOf = (node: NodeState) =>
  [...(saveOf(node)?.tables.values() ?? [])].flatMap(table =>
    [...table.chains.values()].flatMap(chain => readRules(table, chain).rules),
  )

/** A node has thousands of rules, and many are of one kind. */
const MOST_RULES = 300

describe.each(folders)('rules of %s', folder => {
  test('are told the same when nothing is learned but what they need', async () => {
    const {nodes} = await readDump(await documentsOf(folder))
    for (const dump of nodes) {
      const rules = rulesOf(dump)
      const {names, nameIndex, policyOfChain} = learnDump(linuxDocuments(dump))
      const every = Math.ceil(rules.length / MOST_RULES)
      for (const rule of rules.filter((_, index) => index % every === 0))
        expect(openRules(linuxDocuments(dump), [rule]).say(rule)).toEqual(describeRule(rule, names, nameIndex, policyOfChain))
    }
  })
})

test('a name that only another rule implies is learned too', async () => {
  const chain = policyChainName('a/b', 'Ingress', 'sha256')
  const match = (name: string) => `-m set --match-set ${setKernelName(name, 'sha256')} src`
  const allow = '-j AZURE-NPM-INGRESS-ALLOW-MARK'
  const dump = await dumpOf(
    [
      '*filter',
      ':AZURE-NPM-INGRESS-ALLOW-MARK - [0:0]',
      `:${chain} - [0:0]`,
      `-A ${chain} ${match('podlabel-app')} ${allow}`,
      `-A ${chain} ${match('podlabel-app:web')} -m comment --comment "ALLOW-FROM-podlabel-app:web" ${allow}`,
      'COMMIT\n',
    ].join('\n'),
  )
  const [rule] = rulesOf(dump)
  expect(rule && openRules(linuxDocuments(dump), [rule]).say(rule).text).toContain('app')
})
