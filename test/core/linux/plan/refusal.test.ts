import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {refusal} from '../../../../core/linux/plan/refusal.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {describeKernel, kernelTest} from '../../../support/kernel/describe.ts'
import {loadSets, saveRules, saveSets} from '../../../support/kernel/load.ts'
import {backends} from '../../../support/kernel/tools.ts'
import {arbitraryNode} from '../../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../../support/linux/written-node.ts'
import type {NodeLines} from '../../../support/node-of.ts'

const lineOf = (tool: 'ipset' | 'iptables' | 'hns', line: string) => refusal([{tool, operations: [{line}]}])

const allowed = {
  ipset: [
    'create azure-npm-1234 hash:net family inet hashsize 1024 maxelem 65536',
    'create npm-new-3f6gxpl2a0x2fdlapoq9 list:set size 8',
    'add azure-npm-1234 10.0.0.0/8 nomatch',
    'add azure-npm-1234 10.0.0.1,tcp:80',
    'add azure-npm-1234 azure-npm-99',
    'del azure-npm-1234 10.0.0.0/8',
    'swap azure-npm-1234 npm-new-1234',
    'flush azure-npm-1234',
    'destroy npm-new-1234',
  ],
  iptables: [
    ':AZURE-NPM-INGRESS-3486147191 - [0:0]',
    '-F AZURE-NPM',
    '-X AZURE-NPM-INGRESS-PORT',
    '-A AZURE-NPM -j AZURE-NPM-INGRESS',
    '-A AZURE-NPM-EGRESS -c 17 1020 -m mark --mark 0x800/0x800 -m comment --comment "DROP-ON-EGRESS-DROP-MARK-0x800/0x800" -j DROP',
    '-I AZURE-NPM-INGRESS 1 -m set --match-set azure-npm-12 dst -m comment --comment "INGRESS-POLICY-a/b-TO-ns-a-IN-ns-a" -j AZURE-NPM-INGRESS-12',
    '-R AZURE-NPM-ACCEPT 1 -j MARK --set-xmark 0x0/0xffffffff',
    '-D AZURE-NPM-ACCEPT 2',
    '-I FORWARD 2 -m conntrack --ctstate NEW -j AZURE-NPM',
    '-D FORWARD -s 10.0.0.0/8 -j AZURE-NPM',
  ],
}

const refused: readonly (readonly ['ipset' | 'iptables' | 'hns', string])[] = [
  ['ipset', 'add other 10.0.0.1'],
  ['ipset', 'add azure-npm-1 other'],
  ['ipset', 'swap azure-npm-1 other'],
  ['ipset', 'swap other azure-npm-1'],
  ['ipset', 'destroy'],
  ['ipset', 'flush'],
  ['ipset', 'flush --exist'],
  ['ipset', 'rename azure-npm-1 other'],
  ['ipset', 'add azure-npm-1 10.0.0.1 --exist'],
  ['ipset', 'add azure-npm-1 10.0.0.1\nflush other'],
  ['ipset', 'add azure-npm-1 10.0.0.1\rflush other'],
  ['ipset', 'add azure-npm-1\t10.0.0.1'],
  ['ipset', 'create azure-npm-1 hash:net family inet hashsize 1024 maxelem 65536 --exist'],
  ['ipset', 'create azure-npm-1 hash:net family inet6'],
  ['ipset', 'create azure-npm-1 hash:net timeout 5'],
  ['ipset', 'create azure-npm-1 hash:mac maxelem 5'],
  ['ipset', '-A azure-npm-1 10.0.0.1'],
  ['ipset', 'add azure-npm-UP 10.0.0.1'],
  ['ipset', 'quit'],
  ['ipset', 'del azure-npm-1 other'],
  ['ipset', 'create azure-npm-1 hash:net family inet family inet'],
  ['iptables', '*nat'],
  ['iptables', 'COMMIT'],
  ['iptables', ''],
  ['iptables', ':KUBE-SERVICES - [0:0]'],
  ['iptables', ':FORWARD DROP [0:0]'],
  ['iptables', '-P FORWARD DROP'],
  ['iptables', '-F'],
  ['iptables', '-F FORWARD'],
  ['iptables', '-X KUBE-SERVICES'],
  ['iptables', '-D FORWARD 1'],
  ['iptables', '-D FORWARD -j KUBE-SERVICES'],
  ['iptables', '-D FORWARD -s 10.0.0.0/8 -j ACCEPT'],
  ['iptables', '-A FORWARD -j AZURE-NPM'],
  ['iptables', '-R FORWARD 1 -j AZURE-NPM'],
  ['iptables', '-I FORWARD 1 -s 10.0.0.0/8 -j AZURE-NPM'],
  ['iptables', '-I FORWARD 1 -j ACCEPT'],
  ['iptables', '-I INPUT 1 -j AZURE-NPM'],
  ['iptables', '-A AZURE-NPMX -j DROP'],
  ['iptables', `-A AZURE-NPM-${'X'.repeat(19)} -j DROP`],
  ['iptables', '-E AZURE-NPM OTHER'],
  ['iptables', '-Z AZURE-NPM'],
  ['iptables', '-A AZURE-NPM -j KUBE-SERVICES'],
  ['iptables', '-A AZURE-NPM -g AZURE-NPM-ACCEPT'],
  ['iptables', '-A AZURE-NPM -j DNAT --to-destination 10.0.0.1'],
  ['iptables', '-A AZURE-NPM -j LOG --log-prefix x'],
  ['iptables', '-A AZURE-NPM -j SET --add-set other src'],
  ['iptables', '-A AZURE-NPM -m recent --set -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m set --match-set other src -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -t nat -j ACCEPT'],
  ['iptables', '-t nat -A AZURE-NPM -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -j ACCEPT -t nat'],
  ['iptables', '-A AZURE-NPM -j ACCEPT -D FORWARD 1'],
  ['iptables', '-A AZURE-NPM --modprobe /tmp/x -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -j ACCEPT\n-F FORWARD'],
  ['iptables', '-A AZURE-NPM -m comment --comment "a\nCOMMIT" -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m comment --comment "a" -F FORWARD " -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m comment --comment "a\\" -t nat" -j ACCEPT'],
  ['iptables', "-A AZURE-NPM -m comment --comment 'a b' -j ACCEPT"],
  ['iptables', '-A AZURE-NPM  -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -j ACCEPT '],
  ['iptables', '-A AZURE-NPM -j  ACCEPT'],
  ['iptables', '-A AZURE-NPM -j ACCEPT -j DROP'],
  ['iptables', '-A AZURE-NPM -m comment --comment "é" -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m comment --comment "a\u0007" -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m comment --comment "" -j ACCEPT'],
  ['iptables', '-I AZURE-NPM 01 -j DROP'],
  ['iptables', '-D AZURE-NPM 007'],
  ['iptables', '-D FORWARD -m recent --set -j AZURE-NPM'],
  ['iptables', `-A AZURE-NPM -j AZURE-NPM-${'X'.repeat(19)}`],
  ['iptables', '-A AZURE-NPM -j AZURE-NPM_x'],
  ['iptables', '-A AZURE-NPM -p tcp|x -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -p dccp -m dccp --dport 80 -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -s localhost -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -i eth0;x -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m set --match-set azure-npm-1 srcc -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m set --match-set azure-npm-1 src,dst,src,dst -j ACCEPT'],
  ['iptables', '-A AZURE-NPM -m conntrack --ctstate NEW;x -j ACCEPT'],
  ['hns', 'anything'],
  ['hns', '-F AZURE-NPM'],
]

describe('lines of a plan', () => {
  for (const tool of ['ipset', 'iptables'] as const)
    for (const line of allowed[tool]) test(`may be: ${line}`, () => expect(lineOf(tool, line)).toBeUndefined())
  for (const [tool, line] of refused)
    test(`may not be: ${JSON.stringify(line)}`, () => expect(lineOf(tool, line)).toContain('is refused'))

  test('sets may have tables as large as they grow, and not so large that the kernel runs out of memory', () => {
    const plan = (...sizes: readonly number[]) => [
      {
        tool: 'ipset' as const,
        operations: sizes.map((size, index) => ({
          line: `create azure-npm-${index + 1} hash:net family inet hashsize ${size} maxelem 65536`,
        })),
      },
    ]
    expect(refusal(plan(...Array.from({length: 20_000}, () => 4096)))).toBeUndefined()
    expect(refusal(plan(2 ** 20, 2 ** 21))).toBeUndefined()
    expect(refusal(plan(2 ** 23, 2 ** 23, 2 ** 23))).toContain('more than 128 MiB')
    expect(refusal(plan(4_294_967_295))).toContain('more than 128 MiB')
  })

  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/)
  const foreignChain = name.filter(each => !/^AZURE-NPM(-|$)/.test(each))
  const foreignSet = name.filter(each => !/^(azure-npm|npm-new)-/.test(each))
  const ownLine = fc.constantFrom(...allowed.iptables, ...allowed.ipset)
  const bodies = fc.constantFrom(
    '-j ACCEPT',
    '-j DROP',
    '-p tcp -m tcp --dport 80 -j RETURN',
    '-m set --match-set azure-npm-1 src -j DROP',
    '',
  )
  const foreignLine = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('-A', '-I', '-D', '-R', '-N', '-P', '-F', '-X', '-E', '-Z'),
        foreignChain,
        fc.constantFrom('', ' 1', ' 2'),
        bodies,
      )
      .map(([option, chain, at, body]) => `${option} ${chain}${at} ${body}`.trim()),
    foreignChain.map(chain => `:${chain} - [0:0]`),
    fc
      .tuple(bodies, foreignChain)
      .map(([body, chain]) => `-A AZURE-NPM ${body.replace(/-j \w+$/, '')}-j ${chain}`.replace(/ +/g, ' '))
      .filter(line => !/-j (ACCEPT|DROP|RETURN)$/.test(line)),
    fc
      .tuple(
        fc.constantFrom('add', 'del', 'create', 'flush', 'destroy', 'swap', 'rename'),
        foreignSet,
        fc.constantFrom('', ' 10.0.0.1', ' azure-npm-1', ' hash:net family inet hashsize 1024 maxelem 65536'),
      )
      .map(([does, set, rest]) => `${does} ${set}${rest}`),
    fc
      .tuple(ownLine, fc.constantFrom('\n', '\r', '\0', '\u2028', '\u0085', '\v'), ownLine)
      .map(([one, end, other]) => one + end + other),
  )
  propertyTest.prop([fc.constantFrom('ipset', 'iptables'), foreignLine], {numRuns: 3000})(
    'are refused when they touch what is of others',
    (tool, line) => {
      expect(lineOf(tool, line)).toContain('is refused')
    },
  )
})

/** Lines of plans with a few characters changed. */
const changed = (lines: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...lines),
      fc.nat(),
      fc.constantFrom('', ' ', '"', "'", '\\', '-', '!', ';', '#', ':', 'FORWARD', ' -t nat', ' FORWARD', 'other'),
      fc.nat(3),
      fc.nat(),
    )
    .map(([line, at, text, gone, again]) => {
      const place = at % (line.length + 1)
      const once = line.slice(0, place) + text + line.slice(place + gone)
      const second = again % (once.length + 1)
      return again % 3 === 0 ? once.slice(0, second) + text + once.slice(second) : once
    })

describeKernel('lines that are not refused', () => {
  for (const backend of backends)
    kernelTest(`change nothing of others, whatever tools make of them (${backend})`, async namespace => {
      const [node] = fc.sample(arbitraryNode, {seed: 5, numRuns: 1}) as [NodeLines]
      const empty = nodeOfLines({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: ['create x hash:net']})
      const [found, wanted] = [linuxWriting.partOf(empty), linuxWriting.partOf(nodeOfLines(node))]
      if ('incomplete' in found || 'incomplete' in wanted) throw new Error('the nodes are whole')
      const {steps} = linuxWriting.plan(empty, found, wanted, {npmMayRun: false, mostWalks: 0})
      await loadSets(namespace, 'create other hash:net\nadd other 10.0.0.1\ncreate other-list list:set\n')
      const run = (table: string, lines: readonly string[]) =>
        namespace.run(`iptables-${backend}-restore`, ['-w', '60', '--noflush', '-T', 'filter'], {
          stdin: [`*${table}`, ...lines, 'COMMIT', ''].join('\n'),
          allowFailure: true,
        })
      await namespace.run(`iptables-${backend}-restore`, ['--noflush'], {
        stdin:
          '*filter\n:OTHER - [0:0]\n-A FORWARD -j OTHER\n-A OTHER -s 10.0.0.0/8 -j DROP\nCOMMIT\n*nat\n:OTHER-NAT - [0:0]\nCOMMIT\n',
      })
      const foreign = async () =>
        [...(await saveRules(namespace, backend)).split('\n'), ...(await saveSets(namespace)).split('\n')]
          .filter(line => !/^#|AZURE-NPM|azure-npm-|npm-new-/.test(line))
          .map(line => line.replace(/\[\d+:\d+\]/, ''))
      const before = await foreign()
      for (const {tool, operations} of steps) {
        const lines = operations.map(({line}) => line)
        const tries = fc.sample(
          changed([
            ...lines,
            '-D FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
            ...(tool === 'ipset' ? allowed.ipset : allowed.iptables),
          ]),
          {seed: 3, numRuns: 1500},
        )
        const taken = tries.filter(line => lineOf(tool, line) === undefined)
        expect(taken.length).toBeGreaterThan(20)
        for (const line of [...new Set(taken)].slice(0, 80))
          if (tool === 'ipset') await namespace.run('ipset', ['restore'], {stdin: `${line}\n`, allowFailure: true})
          else await run('filter', [line])
        expect(await foreign()).toEqual(before)
      }
    })
})
