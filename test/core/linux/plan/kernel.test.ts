import {fc} from '@fast-check/vitest'
import {expect} from 'vitest'
import type {PlannedStep} from '../../../../core/dataplane/plan.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {linux} from '../../../../core/linux/dataplane.ts'
import type {LinuxNode} from '../../../../core/linux/node-state.ts'
import {backends as allBackends, type LinuxPart} from '../../../../core/linux/plan/part.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {describeKernel, kernelTest} from '../../../support/kernel/describe.ts'
import {loadSets, saveRules, saveSets} from '../../../support/kernel/load.ts'
import type {Namespace} from '../../../support/kernel/namespace.ts'
import {type Backend, backends} from '../../../support/kernel/tools.ts'
import {arbitraryNode} from '../../../support/linux/arbitrary-node.ts'
import {objectsOf} from '../../../support/linux/compare-programs.ts'
import {nodeOfLines} from '../../../support/linux/written-node.ts'
import {linesOf, type NodeLines} from '../../../support/node-of.ts'

const partOf = (node: LinuxNode): LinuxPart => {
  const part = linuxWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

/** What others have on a node: chains, rules before and behind the jump, and sets of their own. */
const FOREIGN_SETS = ['create other-net hash:net family inet hashsize 1024 maxelem 65536', 'add other-net 10.1.0.0/24']
const FOREIGN_CHAINS = [':OTHER - [0:0]', ':KUBE-SERVICES - [0:0]']
const FIRST = [
  '-A FORWARD -m comment --comment "other first" -j KUBE-SERVICES',
  '-A FORWARD -m set --match-set other-net src -j OTHER',
]
const LAST = [
  '-A FORWARD -d 168.63.129.16/32 -p tcp -m tcp --dport 80 -j DROP',
  '-A OTHER -s 10.9.0.0/16 -j DROP',
  '-A KUBE-SERVICES -d 10.0.0.1/32 -p tcp -m tcp --dport 443 -j RETURN',
]
const NAT = ['*nat', ':OTHER-NAT - [0:0]', '-A OTHER-NAT -d 10.0.0.1/32 -j RETURN', 'COMMIT']

/** What kubelet makes in the back end that the node uses. */
const HINT = '*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n'

async function load(namespace: Namespace, backend: Backend, {rules, sets}: NodeLines): Promise<void> {
  await loadSets(namespace, [...FOREIGN_SETS, ...sets, ''].join('\n'))
  let number = 0
  const counted = (line: string) => (line.startsWith('-A ') ? `[${++number}:${number * 100}] ${line}` : line)
  const at = rules.findIndex(line => line.startsWith('-A '))
  const all = rules.toSpliced(at, 0, ...FOREIGN_CHAINS, ...FIRST).toSpliced(-1, 0, ...LAST)
  await restore(namespace, backend, [...all.map(counted), ...NAT, ''].join('\n'), ['--counters'])
}

const restore = (namespace: Namespace, backend: Backend, text: string, options: readonly string[]) =>
  namespace.run(`iptables-${backend}-restore`, ['-w', '60', '--noflush', ...options], {stdin: text})

interface Texts {
  readonly rules: string
  readonly other: string
  readonly sets: string
}

async function read(namespace: Namespace, backend: Backend): Promise<{node: LinuxNode; texts: Texts}> {
  const other = backend === 'nft' ? 'legacy' : 'nft'
  const texts = {
    rules: await saveRules(namespace, backend),
    other: await saveRules(namespace, other),
    sets: await saveSets(namespace),
  }
  const node = linux.open({node: 'node', metricNames: [], problems: []}, [
    {name: 'rules', content: linux.parse('iptables-save', [texts.rules], 'rules', 'all')},
    {name: 'other', content: linux.parse('iptables-save', [texts.other], 'other', 'all')},
    {name: 'sets', content: linux.parse('ipset-save', [texts.sets], 'sets', 'all')},
  ])
  return {node, texts}
}

async function run(namespace: Namespace, backend: Backend, step: PlannedStep): Promise<void> {
  const lines = step.operations.map(({line}) => line)
  if (step.tool === 'ipset') await loadSets(namespace, [...lines, ''].join('\n'))
  else await restore(namespace, step.backend ?? backend, ['*filter', ...lines, 'COMMIT', ''].join('\n'), ['-T', 'filter'])
}

/** What is not Azure NPM's, without counters, which go on counting. */
function foreign({rules, sets}: Texts): string[] {
  const lines = [...rules.split('\n'), ...sets.split('\n').toSorted()]
  return lines
    .filter(line => !/azure-npm-|npm-new-|AZURE-NPM|^#/.test(line))
    .map(line => line.replace(/^\[\d+:\d+\] /, '').replace(/ \[\d+:\d+\]$/, ''))
}

const countersOf = ({rules}: Texts): Map<string, string> =>
  new Map(
    rules.split('\n').flatMap(line => {
      const [, counters = '', rule] = /^\[(\d+:\d+)\] (-A AZURE-NPM.*)$/.exec(line) ?? []
      return rule === undefined ? [] : [[rule, counters] as const]
    }),
  )

const samples = fc.sample(fc.tuple(arbitraryNode, arbitraryNode), {seed: 14, numRuns: 12})

describeKernel('plans on a real kernel', () => {
  for (const backend of backends)
    for (const [number, [one, other]] of samples.entries())
      kernelTest(`lead from one node to another and back, ${backend} ${number}`, async namespace => {
        await load(namespace, backend, one)
        const before = await read(namespace, backend)
        const found = partOf(before.node)
        const wanted = {...partOf(nodeOfLines(other)), backend}
        const {nft} = wanted.tables
        const empty = {chains: new Map(), forward: []}
        const moved = {...wanted, tables: {nft: empty, legacy: empty, [backend]: nft}}
        const options = {npmMayRun: false, mostWalks: 20}
        const {steps} = linuxWriting.plan(before.node, found, moved, options)
        let model = found
        for (const step of steps) {
          await run(namespace, backend, step)
          model = linuxWriting.after(model, step)
          const {node} = await read(namespace, backend)
          expect(linuxWriting.canonical(partOf(node))).toBe(linuxWriting.canonical(model))
        }
        const after = await read(namespace, backend)
        expect(foreign(after.texts)).toEqual(foreign(before.texts))
        for (const each of allBackends)
          for (const [chain, rules] of model.tables[each].chains)
            expect([...(partOf(after.node).tables[each].chains.get(chain) ?? [])].map(({text}) => text)).toEqual(
              rules.map(({text}) => text),
            )
        // Rules that both have go on counting from where they were.
        const [was, is] = [countersOf(before.texts), countersOf(after.texts)]
        for (const [rule, counters] of was)
          if (is.has(rule) && isOnce(one.rules, rule) && isOnce(other.rules, rule))
            expect([rule, is.get(rule)]).toEqual([rule, counters])
        const back = linuxWriting.plan(after.node, partOf(after.node), found, options)
        for (const step of back.steps) await run(namespace, backend, step)
        const end = await read(namespace, backend)
        expect(linuxWriting.canonical(partOf(end.node))).toBe(linuxWriting.canonical(found))
        expect(foreign(end.texts)).toEqual(foreign(before.texts))
      })
})

/** A node of lines of the tools, and what a plan makes of it in the kernel: the lines that it takes, and the node behind them. */
async function planned(
  namespace: Namespace,
  backend: Backend,
  {wanted, npmMayRun = false}: {readonly wanted: (node: LinuxNode) => LinuxPart; readonly npmMayRun?: boolean},
) {
  const before = await read(namespace, backend)
  const found = partOf(before.node)
  const {steps, leftAlone} = linuxWriting.plan(before.node, found, wanted(before.node), {npmMayRun, mostWalks: 20})
  const model = steps.reduce((part, step) => linuxWriting.after(part, step), found)
  for (const step of steps) await run(namespace, backend, step)
  const after = await read(namespace, backend)
  expect(linuxWriting.canonical(partOf(after.node))).toBe(linuxWriting.canonical(model))
  return {before, after, leftAlone, lines: steps.flatMap(({operations}) => operations.map(({line}) => line))}
}

const objects = objectsOf('real-npm/clinic-fnv/cluster.json')
const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
const clean = linesOf(program)

describeKernel('a plan on a real kernel', () => {
  for (const backend of backends) {
    kernelTest(`programs a node that has nothing, with comments that iptables cuts (${backend})`, async namespace => {
      const labels = Object.fromEntries(
        Array.from({length: 12}, (_, index) => [`a-long-label-of-many-${index}`, 'and-its-value']),
      )
      const long = {
        ...objects,
        policies: [
          {metadata: {name: 'long', namespace: 'shop'}, spec: {podSelector: {matchLabels: labels}, policyTypes: ['Ingress']}},
        ],
      }
      const wanted = compile(long, {scheme: 'sha256', semantics: 'npm'})
      await restore(namespace, backend, HINT, [])
      await load(namespace, backend, {
        rules: ['*filter', ':FORWARD ACCEPT [0:0]', '-A FORWARD -i eth9 -j ACCEPT', 'COMMIT'],
        sets: [],
      })
      const {before, after} = await planned(namespace, backend, {wanted: node => linuxWriting.partOfProgram(wanted, node)})
      expect(linux.compare(wanted, after.node).differences).toEqual([])
      expect(foreign(after.texts)).toEqual(foreign(before.texts))
      expect(after.texts.rules).toMatch(/--comment "INGRESS-POLICY-shop\/long-TO-podlabel-[^"]{200,}"/)
    })

    kernelTest(`takes all of Azure NPM away but what others use (${backend})`, async namespace => {
      await load(namespace, backend, clean)
      const [set] = [...program.sets.values()].filter(({members}) => members.length > 1)
      const name = set?.kernelName ?? ''
      await loadSets(namespace, `create theirs list:set size 8\nadd theirs ${name}\n`)
      await restore(namespace, backend, `*nat\n-A OTHER-NAT -m set --match-set ${name} src -j RETURN\nCOMMIT\n`, [])
      const {before, after, leftAlone} = await planned(namespace, backend, {wanted: node => linuxWriting.emptyPart(node)})
      expect(foreign(after.texts)).toEqual(foreign(before.texts))
      expect(leftAlone).toMatchObject([{name: set?.name}])
      expect([...partOf(after.node).sets]).toMatchObject([[name, {members: expect.arrayContaining([...(set?.members ?? [])])}]])
      expect(after.texts.rules).not.toContain('AZURE-NPM')
    })

    kernelTest(`leaves chains and sets, empty, where Azure NPM may run, and fills them again (${backend})`, async namespace => {
      await load(namespace, backend, clean)
      const found = partOf((await read(namespace, backend)).node)
      const {lines} = await planned(namespace, backend, {wanted: node => linuxWriting.emptyPart(node), npmMayRun: true})
      expect(lines.filter(line => /^(-X|destroy)/.test(line))).toEqual([])
      const {after} = await planned(namespace, backend, {wanted: () => found, npmMayRun: true})
      expect(linuxWriting.canonical(partOf(after.node))).toBe(linuxWriting.canonical(found))
    })

    kernelTest(`takes what an earlier Azure NPM left in the other back end (${backend} in use)`, async namespace => {
      const other = backend === 'nft' ? 'legacy' : 'nft'
      await load(namespace, backend, clean)
      await restore(namespace, backend, HINT, [])
      const left = [
        '*filter',
        ':AZURE-NPM - [0:0]',
        ':AZURE-NPM-INGRESS-PORT - [0:0]',
        '-A FORWARD -i eth8 -j DROP',
        '-A FORWARD -j AZURE-NPM',
        '-A AZURE-NPM -j AZURE-NPM-INGRESS-PORT',
        'COMMIT',
        '',
      ]
      await restore(namespace, other, left.join('\n'), [])
      const {after, before} = await planned(namespace, backend, {wanted: node => linuxWriting.emptyPart(node), npmMayRun: true})
      expect(before.texts.other).toContain('AZURE-NPM')
      expect(after.texts.other).not.toContain('AZURE-NPM')
      expect(after.texts.other).toContain('-A FORWARD -i eth8 -j DROP')
    })

    kernelTest(`restores sets that somebody made with options of their own (${backend})`, async namespace => {
      await load(namespace, backend, clean)
      const made = [
        'create azure-npm-77 hash:net family inet hashsize 2048 maxelem 100 timeout 600 counters comment',
        'add azure-npm-77 10.0.0.0/8 nomatch comment "not timeout 5  this one"',
        'create azure-npm-78 hash:ip family inet netmask 24',
        'add azure-npm-78 10.9.8.7',
      ]
      await loadSets(namespace, [...made, ''].join('\n'))
      const found = partOf((await read(namespace, backend)).node)
      await planned(namespace, backend, {wanted: node => linuxWriting.emptyPart(node)})
      const {after} = await planned(namespace, backend, {wanted: () => found})
      expect(linuxWriting.canonical(partOf(after.node))).toBe(linuxWriting.canonical(found))
      expect(after.texts.sets).toContain('comment "not timeout 5  this one"')
    })
  }
})

/** Two equal rules of a chain cannot be told apart. */
const isOnce = (rules: readonly string[], rule: string): boolean => rules.filter(each => each === rule).length === 1
