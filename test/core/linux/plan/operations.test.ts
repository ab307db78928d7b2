import {expect} from 'vitest'
import type {Operation} from '../../../../core/dataplane/operation.ts'
import {undoAll} from '../../../../core/differences/undo.ts'
import type {LinuxTables} from '../../../../core/linux/compare/apply-difference.ts'
import {ruleText} from '../../../../core/linux/compare/canonical.ts'
import type {ComparedRule, LinuxDifference} from '../../../../core/linux/compare/compared-rule.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {operationsFor} from '../../../../core/linux/plan/operations.ts'
import {memberText} from '../../../../core/sets/member.ts'
import type {SetState} from '../../../../core/sets/set-difference.ts'
import {describeKernel, kernelTest} from '../../../support/kernel/describe.ts'
import {loadRules, loadSets, saveRules, saveSets} from '../../../support/kernel/load.ts'
import type {Namespace} from '../../../support/kernel/namespace.ts'
import {type Backend, backends} from '../../../support/kernel/tools.ts'
import {objectsOf} from '../../../support/linux/compare-programs.ts'
import {compareTables, normalTables, tablesOf} from '../../../support/linux/tables.ts'

const program = compile(objectsOf('real-npm/clinic-fnv/cluster.json'), {scheme: 'sha256', semantics: 'npm'})
const wanted = tablesOf(program)

const setOf = (type: string, isUsed: boolean): string => {
  const used = new Set(program.policies.flatMap(({sets}) => sets))
  const listed = new Set([...wanted.sets.values()].flatMap(set => (set.type === 'list:set' ? set.members : [])))
  const name = [...wanted.sets].find(
    ([each, set]) => set.type === type && set.members.length > 1 && (used.has(each) || listed.has(each)) === isUsed,
  )?.[0]
  if (name === undefined) throw new Error(`the program has no ${isUsed ? 'used' : 'unused'} set of type ${type}`)
  return name
}

const [policyChain = ''] = [...wanted.chains].flatMap(([name, rules]) =>
  /-\w{10}$/.test(name) && rules.length > 2 ? [name] : [],
)
const stranger = (chain: string): ComparedRule => ({
  chain,
  matches: [{kind: 'address', side: 'src', block: '10.9.0.1/32', negated: false}],
  target: {kind: 'verdict', verdict: 'ACCEPT'},
})
const services = (chain: string): ComparedRule => ({chain, matches: [{kind: 'comment', text: 'KUBE-SERVICES'}]})

const withSet = (name: string, change: (set: SetState) => SetState): LinuxTables => ({
  ...wanted,
  sets: new Map([...wanted.sets].map(([each, set]) => [each, each === name ? change(set) : set])),
})
const withChain = (name: string, change: (rules: readonly ComparedRule[]) => readonly ComparedRule[]): LinuxTables => ({
  ...wanted,
  chains: new Map(wanted.chains).set(name, change([...(wanted.chains.get(name) ?? [])])),
})
const without = <Value>(map: ReadonlyMap<string, Value>, name: string) => new Map([...map].filter(([each]) => each !== name))
const swapped = (rules: readonly ComparedRule[]) => [...rules.slice(1), ...rules.slice(0, 1)]
const commented = (rule: ComparedRule): ComparedRule => ({
  ...rule,
  matches: rule.matches.map(match => (match.kind === 'comment' ? {...match, text: 'of "somebody"'} : match)),
})

const other = {type: 'hash:net', maxelem: '65536', members: ['10.9.0.0/16', '10.9.1.0/24 nomatch']}
const NEW_SET = `azure-npm-${'z'.repeat(20)}`
const NEW_CHAIN = 'AZURE-NPM-INGRESS-zzzzzzzzzz'

/** What is done to a node, and the kind of difference that it makes. */
const cases: readonly {what: string; kind: LinuxDifference['kind']; node: () => LinuxTables}[] = [
  {
    what: 'members too few',
    kind: 'member',
    node: () => withSet(setOf('hash:net', true), set => ({...set, members: set.members.slice(1)})),
  },
  {
    what: 'a member too many',
    kind: 'member',
    node: () => withSet(setOf('hash:net', true), set => ({...set, members: [...set.members, '10.9.0.0/16 nomatch']})),
  },
  {
    what: 'an exception that should be none',
    kind: 'member',
    node: () => withSet(setOf('hash:net', true), set => ({...set, members: set.members.map(text => `${text} nomatch`)})),
  },
  {what: 'a list without members', kind: 'member', node: () => withSet(setOf('list:set', true), set => ({...set, members: []}))},
  {what: 'a set missing', kind: 'set', node: () => ({...wanted, sets: without(wanted.sets, setOf('hash:net', false))})},
  {what: 'a set too many', kind: 'set', node: () => ({...wanted, sets: new Map(wanted.sets).set(NEW_SET, other)})},
  {
    what: 'a set with other room, and another member, that rules name',
    kind: 'set',
    node: () => withSet(setOf('hash:net', true), set => ({...set, maxelem: '17', members: set.members.slice(1)})),
  },
  {
    what: 'a set of another type',
    kind: 'set',
    node: () => withSet(setOf('hash:net', false), set => ({...set, type: 'hash:ip', members: ['10.9.0.1']})),
  },
  {
    what: 'a rule missing, and others with other comments',
    kind: 'rule',
    node: () => withChain(policyChain, rules => rules.slice(1).map(commented)),
  },
  {
    what: 'rules too many',
    kind: 'rule',
    node: () =>
      withChain('AZURE-NPM-INGRESS', rules => [
        ...rules.slice(0, 1),
        stranger('AZURE-NPM-INGRESS'),
        ...rules.slice(1),
        stranger('AZURE-NPM-INGRESS'),
      ]),
  },
  {
    what: 'rules in another order, and one too many',
    kind: 'order',
    node: () => withChain(policyChain, rules => [stranger(policyChain), ...swapped(rules)]),
  },
  {what: 'a chain too many', kind: 'chain', node: () => withChain(NEW_CHAIN, () => [stranger(NEW_CHAIN), services(NEW_CHAIN)])},
  {
    what: 'all policies missing, with their chains',
    kind: 'chain',
    node: () => ({
      ...wanted,
      chains: new Map(
        [...wanted.chains].flatMap(([name, rules]): [string, readonly ComparedRule[]][] =>
          /-\w{10}$/.test(name)
            ? []
            : [[name, [...rules].filter(({target}) => target?.kind !== 'jump' || !/-\w{10}$/.test(target.chain))]],
        ),
      ),
    }),
  },
  {what: 'the jump missing', kind: 'jump', node: () => withChain('FORWARD', () => [])},
  {
    what: 'the jump twice, with other conditions',
    kind: 'jump',
    node: () => withChain('FORWARD', ([jump]) => [{...(jump as ComparedRule), matches: []}, jump as ComparedRule]),
  },
  {
    what: 'the jump in the wrong place',
    kind: 'jump',
    node: () => withChain('FORWARD', ([jump]) => [stranger('FORWARD'), jump as ComparedRule, services('FORWARD')]),
  },
]

async function load(namespace: Namespace, backend: Backend, {sets, chains}: LinuxTables): Promise<void> {
  const all = [...sets].toSorted(([, a], [, b]) => Number(a.type === 'list:set') - Number(b.type === 'list:set'))
  const created = all.map(
    ([name, {type, maxelem}]) => `create ${name} ${type}${maxelem === undefined ? '' : ` family inet maxelem ${maxelem}`}`,
  )
  await loadSets(
    namespace,
    [...created, ...all.flatMap(([name, {members}]) => members.map(each => `add ${name} ${each}`)), ''].join('\n'),
  )
  const declared = [...chains.keys()].filter(name => name !== 'FORWARD').map(name => `:${name} - [0:0]`)
  const rules = [...chains].flatMap(([name, each]) => Array.from(each, rule => `-A ${name} ${ruleText(rule)}`))
  await loadRules(namespace, backend, ['*filter', ...declared, ...rules, 'COMMIT', ''].join('\n'))
}

async function read(namespace: Namespace, backend: Backend): Promise<LinuxTables> {
  const {sets} = parseIpsetSave([await saveSets(namespace)])
  const {tables} = parseIptablesSave([await saveRules(namespace, backend)])
  return {
    sets: new Map(
      sets.map(({name, type, header, members}): [string, SetState] => {
        const maxelem = header.get('maxelem')
        return [name, {type, ...(maxelem !== undefined && {maxelem}), members: members.map(memberText)}]
      }),
    ),
    chains: new Map(
      [...(tables.get('filter')?.chains.values() ?? [])].flatMap((chain): [string, readonly ComparedRule[]][] =>
        chain.name === 'FORWARD' || chain.name.startsWith('AZURE-NPM') ? [[chain.name, chain.rules]] : [],
      ),
    ),
  }
}

/** Consecutive lines for one tool are one call. */
async function run(namespace: Namespace, backend: Backend, operations: readonly Operation[]): Promise<void> {
  for (let at = 0; at < operations.length; ) {
    const tool = operations[at]?.tool
    const end = operations.findIndex((each, index) => index > at && each.tool !== tool)
    const lines = operations.slice(at, end < 0 ? operations.length : end).map(({line}) => line)
    if (tool === 'ipset') await loadSets(namespace, [...lines, ''].join('\n'))
    else await loadRules(namespace, backend, ['*filter', ...lines, 'COMMIT', ''].join('\n'))
    at += lines.length
  }
}

describeKernel('operations on a real kernel', () => {
  for (const {what, kind, node} of cases)
    for (const backend of backends)
      kernelTest(`remove a difference and restore it: ${what} (${backend})`, async namespace => {
        await load(namespace, backend, node())
        const before = await read(namespace, backend)
        const differences = compareTables(wanted, before)
        expect(differences.map(each => each.kind)).toContain(kind)
        const operations = operationsFor(differences)
        await run(namespace, backend, operations)
        const after = await read(namespace, backend)
        expect(compareTables(wanted, after)).toEqual([])
        await run(namespace, backend, undoAll(operations))
        expect(normalTables(await read(namespace, backend))).toEqual(normalTables(before))
      })
})
