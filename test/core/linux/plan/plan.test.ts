import {describe, expect, test} from 'vitest'
import type {PlannedStep} from '../../../../core/dataplane/plan.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {linux} from '../../../../core/linux/dataplane.ts'
import type {LinuxNode} from '../../../../core/linux/node-state.ts'
import type {LinuxPart} from '../../../../core/linux/plan/part.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {objectsOf} from '../../../support/linux/compare-programs.ts'
import {linesOfPart, nodeOfLines} from '../../../support/linux/written-node.ts'
import {linesOf, type NodeLines} from '../../../support/node-of.ts'

const cluster = objectsOf('real-npm/clinic-fnv/cluster.json')
const program = compile(cluster, {scheme: 'sha256', semantics: 'npm'})
const clean = linesOf(program)

const partOf = (node: LinuxNode): LinuxPart => {
  const part = linuxWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

interface Options {
  readonly npmMayRun?: boolean
  readonly mostWalks?: number
  readonly beside?: readonly string[]
  readonly wanted?: (node: LinuxNode) => LinuxPart
}

function planFor(lines: NodeLines, {npmMayRun = false, mostWalks = 20, beside, wanted}: Options = {}) {
  const node = nodeOfLines(lines, beside)
  const found = partOf(node)
  const asked = wanted ? wanted(node) : linuxWriting.partOfProgram(program, node)
  const planned = linuxWriting.plan(node, found, asked, {npmMayRun, mostWalks})
  const after = planned.steps.reduce((part, step) => linuxWriting.after(part, step), found)
  return {...planned, node, found, after, lines: linesIn(planned.steps)}
}

const linesIn = (steps: readonly PlannedStep[]): string[] => steps.flatMap(({operations}) => operations.map(({line}) => line))
const empty = {wanted: (node: LinuxNode) => linuxWriting.emptyPart(node)}

/** Sets that policies use, in which a pod is; the fullest first. */
const used = [...program.sets.values()]
  .filter(
    ({kernelName, ipsetType, members}) =>
      ipsetType === 'hash:net' && members.length > 1 && clean.rules.some(line => line.includes(kernelName)),
  )
  .toSorted((a, b) => b.members.length - a.members.length)
const [set] = used as [(typeof used)[number]]
const member = set.members[0] as string
const without = (...gone: readonly string[]): NodeLines => ({...clean, sets: clean.sets.filter(line => !gone.includes(line))})
const [jump = ''] = clean.rules.filter(line => line.startsWith('-A FORWARD'))
const withForward = (...rules: readonly string[]): NodeLines => ({
  ...clean,
  rules: clean.rules.flatMap(line => (line === jump ? rules : [line])),
})

describe('the smallest plan', () => {
  test('is none for a node that has what is wanted', () => {
    expect(planFor(clean)).toMatchObject({steps: [], leftAlone: []})
  })

  test('for a missing member is one line', () => {
    const {steps} = planFor(without(`add ${set.kernelName} ${member}`))
    expect(steps).toMatchObject([
      {
        tool: 'ipset',
        isAtomic: false,
        operations: [{line: `add ${set.kernelName} ${member}`, undo: `del ${set.kernelName} ${member}`, name: set.name}],
      },
    ])
  })

  test('for an empty node makes the sets first that most rules name, and the chains by name, as the tools are fastest', () => {
    const {steps} = planFor({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []})
    const [sets, rules] = steps.map(({operations}) => operations.map(({line}) => line))
    const made = (sets ?? []).filter(line => line.startsWith('create ')).map(line => line.split(' ')[1] ?? '')
    const naming = made.map(name => (rules ?? []).join().split(`--match-set ${name} `).length - 1)
    expect(sets?.findIndex(line => line.startsWith('add '))).toBe(made.length)
    expect(naming).toEqual(naming.toSorted((a, b) => b - a))
    expect(new Set(naming).size).toBeGreaterThan(2)
    const chains = (rules ?? []).filter(line => line.startsWith(':'))
    expect(chains.length).toBeGreaterThan(4)
    expect(chains).toEqual(chains.toSorted())
  })

  test('for a pod that lacks in all its sets is a line for each', () => {
    const gone = clean.sets.filter(line => line.startsWith('add ') && line.split(/[ ,]/)[2] === member)
    expect(gone.length).toBeGreaterThan(2)
    const {lines, steps} = planFor(without(...gone))
    expect(lines.toSorted()).toEqual(gone.toSorted())
    expect(steps.every(({tool}) => tool === 'ipset')).toBe(true)
  })

  test('for many members of one set that rules look at is an exchange for a copy', () => {
    const gone = clean.sets.filter(line => line.startsWith(`add ${set.kernelName} `))
    const {lines} = planFor(without(...gone), {mostWalks: 0})
    const twin = `npm-new-${set.kernelName.slice('azure-npm-'.length)}`
    expect(lines).toEqual([
      `create ${twin} hash:net family inet hashsize 1024 maxelem 65536`,
      ...set.members.map(each => `add ${twin} ${each}`),
      `swap ${set.kernelName} ${twin}`,
      `destroy ${twin}`,
    ])
  })

  test('for a missing rule is one line that puts it where it was, comment and all', () => {
    const at = clean.rules.findIndex(line => /^-A AZURE-NPM-INGRESS-\w{10} .*-j AZURE-NPM-INGRESS-ALLOW-MARK$/.test(line))
    const [, chain = '', body = ''] = /^-A (\S+) (.*)$/.exec(clean.rules[at] ?? '') ?? []
    const position = clean.rules.filter(line => line.startsWith(`-A ${chain} `)).indexOf(clean.rules[at] ?? '') + 1
    const {steps} = planFor({...clean, rules: clean.rules.toSpliced(at, 1)})
    expect(steps).toMatchObject([
      {
        tool: 'iptables',
        backend: 'nft',
        isAtomic: true,
        operations: [{line: `-I ${chain} ${position} ${body}`, undo: `-D ${chain} ${position}`, name: chain}],
      },
    ])
    expect(steps[0]?.operations[0]?.policy).toMatch(/^[\w-]+\/[\w-]+$/)
  })
})

describe('the jump', () => {
  const services = '-A FORWARD -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'
  const others = ['-A FORWARD -i eth9 -j ACCEPT', services, '-A FORWARD -d 168.63.129.16/32 -j DROP']
  const jumpText = jump.slice('-A FORWARD '.length)
  const chains = (lines: NodeLines): NodeLines => ({...lines, rules: lines.rules.toSpliced(2, 0, ':KUBE-SERVICES - [0:0]')})

  test('comes back behind the rule that leads to services', () => {
    expect(planFor(chains(withForward(...others))).lines).toEqual([`-I FORWARD 3 ${jumpText}`])
  })

  test('is moved, and its double deleted, in one file; rules of others stay', () => {
    const {steps, after} = planFor(chains(withForward(...others, jump, jump)))
    expect(steps).toMatchObject([{tool: 'iptables', isAtomic: true}])
    expect(linesIn(steps)).toEqual([`-D FORWARD ${jumpText}`, `-D FORWARD ${jumpText}`, `-I FORWARD 3 ${jumpText}`])
    expect(after.tables.nft.forward.map(({text}) => `-A FORWARD ${text}`)).toEqual(others.toSpliced(2, 0, jump))
  })

  test('comes back beside the neighbour that a restore point tells, among the rules of others as they are now', () => {
    const kept = partOf(
      nodeOfLines(chains(withForward(services, '-A FORWARD -s 10.9.0.0/16 -j DROP', jump, '-A FORWARD -i eth0 -j DROP'))),
    )
    const now = chains(
      withForward('-A FORWARD -i eth9 -j ACCEPT', services, '-A FORWARD -i eth1 -j DROP', '-A FORWARD -s 10.9.0.0/16 -j DROP'),
    )
    expect(planFor(now, {wanted: () => kept}).lines).toEqual([`-I FORWARD 5 ${jumpText}`])
  })
})

describe('what others use', () => {
  const other = (rule: string): NodeLines => ({
    ...clean,
    rules: clean.rules.flatMap(line =>
      line === 'COMMIT' ? [rule, 'COMMIT'] : line === ':FORWARD ACCEPT [0:0]' ? [line, ':OTHER - [0:0]'] : [line],
    ),
  })

  test('is left as it is and reported', () => {
    const lines = other(`-A OTHER -m set --match-set ${set.kernelName} src -j DROP`)
    const {steps, leftAlone} = planFor({...lines, sets: lines.sets.filter(line => line !== `add ${set.kernelName} ${member}`)})
    expect(steps).toEqual([])
    expect(leftAlone).toEqual([
      {
        name: set.name,
        reason: `a rule of chain OTHER in table filter uses set ${set.kernelName}, so it is left as it is`,
        next: expect.stringContaining('Delete'),
      },
    ])
  })

  test('stays when all of Azure NPM is taken away, with the sets that a list of theirs holds', () => {
    const list = [...program.sets.values()].find(({ipsetType, members}) => ipsetType === 'list:set' && members.length > 0)
    const lines = other(`-A OTHER -m set --match-set ${list?.kernelName} src -j DROP`)
    const {after, leftAlone} = planFor(
      {...lines, sets: [...lines.sets, `create theirs list:set size 8`, `add theirs ${set.kernelName}`]},
      empty,
    )
    const kept = [list?.kernelName, ...(list?.members ?? []), set.kernelName]
    expect(new Set(after.sets.keys())).toEqual(new Set(kept))
    expect(after.sets.get(set.kernelName)?.members).toEqual(set.members)
    expect(leftAlone).toHaveLength(after.sets.size)
    expect(after.tables.nft.chains.size).toBe(0)
  })

  test('is no chain of theirs: one that they lead to is emptied and stays', () => {
    const {after, leftAlone} = planFor(other('-A OTHER -j AZURE-NPM-ACCEPT'), empty)
    expect([...after.tables.nft.chains]).toEqual([['AZURE-NPM-ACCEPT', []]])
    expect(leftAlone).toMatchObject([{name: 'AZURE-NPM-ACCEPT'}])
  })
})

describe('all of Azure NPM taken away', () => {
  test('leaves nothing where it does not run: the jump goes first, in one moment', () => {
    const {after, steps} = planFor(clean, empty)
    expect(after.sets.size).toBe(0)
    expect(after.tables.nft).toEqual({chains: new Map(), forward: []})
    expect(steps.map(({tool}) => tool)).toEqual(['iptables', 'ipset'])
  })

  test('leaves what its cache may hold, empty, where it may run', () => {
    const {after, lines} = planFor(clean, {...empty, npmMayRun: true})
    expect(after.sets.size).toBe(program.sets.size)
    expect([...after.sets.values()].flatMap(({members}) => members)).toEqual([])
    expect([...after.tables.nft.chains.values()].flat()).toEqual([])
    expect(after.tables.nft.chains.size).toBe(partOf(nodeOfLines(clean)).tables.nft.chains.size)
    expect(lines.filter(line => /^(-X|destroy)/.test(line))).toEqual([])
  })

  test('takes what is left in the back end that is not in use', () => {
    const beside = [
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      ':AZURE-NPM - [0:0]',
      '-A FORWARD -j AZURE-NPM',
      '-A FORWARD -i eth0 -j DROP',
      '-A AZURE-NPM -j ACCEPT',
      'COMMIT',
    ]
    const {after, steps} = planFor(clean, {...empty, npmMayRun: true, beside})
    expect(steps.find(({backend}) => backend === 'legacy')?.operations.map(({line}) => line)).toEqual([
      '-F AZURE-NPM',
      '-D FORWARD -j AZURE-NPM',
      '-X AZURE-NPM',
    ])
    expect(after.tables.legacy.forward.map(({text}) => text)).toEqual(['-i eth0 -j DROP'])
  })
})

describe('a set of another type that rules look at', () => {
  const wrong: NodeLines = {
    ...clean,
    sets: clean.sets.flatMap(line => {
      if (line.startsWith(`create ${set.kernelName} `))
        return [`create ${set.kernelName} hash:ip family inet hashsize 1024 maxelem 65536`]
      return [line]
    }),
  }

  test('is made anew while rules look at a copy', () => {
    const {steps, after} = planFor(wrong)
    expect(steps.map(({tool}) => tool)).toEqual(['ipset', 'iptables', 'ipset', 'iptables', 'ipset'])
    expect(after.sets.get(set.kernelName)?.type).toBe('hash:net')
    const reasonOf = (does: string) =>
      steps.flatMap(({operations}) => operations).find(({line}) => line.startsWith(`${does} ${set.kernelName}`))?.reason
    for (const does of ['destroy', 'create']) expect(reasonOf(does)).toContain('it is made anew')
    expect([...after.sets.keys()].filter(name => name.startsWith('npm-new-'))).toEqual([])
    expect(linux.compare(program, nodeOfLines(linesOfPart(after))).differences).toEqual([])
  })

  test('whose copies an interrupted plan left behind is made anew, and they go', () => {
    const node = nodeOfLines(wrong)
    const {steps, found} = planFor(wrong)
    for (let done = 1; done < steps.length; done++) {
      const stopped = steps.slice(0, done).reduce((part, step) => linuxWriting.after(part, step), found)
      const back = linuxWriting.plan(linuxWriting.nodeWith(node, stopped), stopped, found, {npmMayRun: true, mostWalks: 0})
      const end = back.steps.reduce((part, step) => linuxWriting.after(part, step), stopped)
      expect(linuxWriting.canonical(end)).toBe(linuxWriting.canonical(found))
    }
  })
})

describe('the undo of a step', () => {
  test('told from its end to its start gives what was before it', () => {
    const node = nodeOfLines({
      rules: clean.rules.slice(0, -3).concat('COMMIT'),
      sets: clean.sets.filter((line, index) => index % 7 > 0 || !line.startsWith('add ')),
    })
    const found = partOf(node)
    for (const wanted of [linuxWriting.emptyPart(node), linuxWriting.partOfProgram(program, node)]) {
      let now = found
      for (const step of linuxWriting.plan(node, found, wanted, {npmMayRun: false, mostWalks: 20}).steps) {
        const next = linuxWriting.after(now, step)
        const undone = step.operations
          .toReversed()
          .flatMap(({undo}) => undo.split('\n').map(line => ({line, undo: '', reason: ''})))
        expect(linuxWriting.canonical(linuxWriting.after(next, {...step, operations: undone}))).toBe(linuxWriting.canonical(now))
        now = next
      }
    }
  })
})

describe('a node of which not all is known', () => {
  test('has no part', () => {
    const node = linux.open({node: 'node', metricNames: [], problems: []}, [
      {name: 'rules', content: linux.parse('iptables-save', [`${clean.rules.slice(0, -4).join('\n')}\n`], 'rules', 'open')},
      {name: 'sets', content: linux.parse('ipset-save', [`${clean.sets.join('\n')}\n`], 'sets', 'all')},
    ])
    expect(linuxWriting.partOf(node)).toMatchObject({incomplete: [{part: 'table filter'}, {part: 'table nat'}]})
  })
})
