import {expect, test} from 'vitest'
import type {DriftList} from '../../../core/contract/drift.ts'
import {type CompareOptions, compareNode} from '../../../core/drift/compare-node.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {policyChainName} from '../../../core/linux/npm/policy-chain.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import {driftLines, driftListLines} from '../../../plugin/print/drift.ts'
import {painter} from '../../../plugin/print/paint.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {dumpOf} from '../../support/read-capture.ts'
import {shop} from '../../support/shop-nodes.ts'

/* Each thing that can be wrong with a node, in the words that a person is shown. Whoever changes a sentence reads it here. */

const egressToOffice: NetworkPolicy = {
  metadata: {namespace: 'ops', name: 'to-office'},
  spec: {
    podSelector: {matchLabels: {app: 'job'}},
    policyTypes: ['Egress'],
    egress: [
      {to: [{ipBlock: {cidr: '192.0.2.0/24', except: ['192.0.2.128/25']}}], ports: [{port: 443}]},
      {to: [{namespaceSelector: {}}]},
    ],
  },
}
const fromOps: NetworkPolicy = {
  metadata: {namespace: 'shop', name: 'from-ops'},
  spec: {
    podSelector: {matchLabels: {app: 'db'}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{namespaceSelector: {matchLabels: {'kubernetes.io/metadata.name': 'ops'}}}], ports: [{port: 80}]}],
  },
}
const cluster: ClusterObjects = {
  ...shop,
  namespaces: ['shop', 'ops'].map(name => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})),
  policies: [...shop.policies, egressToOffice, fromOps],
}
const scheme = 'sha256' as const
const program = compile(cluster, {scheme, semantics: 'npm'})
const whole = linesOf(program)
const set = (name: string): string => setKernelName(name, scheme)
const chain = (policy: string, direction: 'Ingress' | 'Egress' = 'Ingress'): string => policyChainName(policy, direction, scheme)
const blocks = [...program.sets.values()].find(({type}) => type === 'CIDRBlocks')?.kernelName ?? ''

type Break = (lines: NodeLines) => NodeLines
const rules =
  (change: (rules: readonly string[]) => readonly string[]): Break =>
  ({rules, sets}) => ({rules: change(rules), sets})
const sets =
  (change: (sets: readonly string[]) => readonly string[]): Break =>
  ({rules, sets}) => ({rules, sets: change(sets)})
const without = (test: (line: string) => boolean) => (lines: readonly string[]) => lines.filter(line => !test(line))
const behind = (start: string, line: string) => (lines: readonly string[]) =>
  lines.flatMap(each => (each.startsWith(start) ? [each, line] : [each]))
const before = (start: string, line: string) => (lines: readonly string[]) =>
  lines.flatMap(each => (each.startsWith(start) ? [line, each] : [each]))
const turned = (start: string) => (lines: readonly string[]) => {
  const turnedRules = lines.filter(line => line.startsWith(start)).toReversed()
  return lines.map(line => (line.startsWith(start) ? (turnedRules.shift() as string) : line))
}
const both =
  (...all: readonly Break[]): Break =>
  lines =>
    all.reduce((broken, each) => each(broken), lines)

const FORWARD = '-A FORWARD '
const foreign = (rule: string): Break => rules(before(FORWARD, `-A FORWARD ${rule}`))
const emptied = (policy: string): Break => rules(without(line => line.startsWith(`-A ${chain(policy)} `)))
const noJump = (policy: string): Break => rules(without(line => line.endsWith(`-j ${chain(policy)}`)))

/** What Azure NPM programs for other objects. */
const programmedFor =
  (objects: ClusterObjects): Break =>
  () =>
    linesOf(compile(objects, {scheme, semantics: 'npm'}))
const policies = (...all: NetworkPolicy[]): ClusterObjects => ({...cluster, policies: all})
const deleted: NetworkPolicy = {
  metadata: {namespace: 'shop', name: 'deleted'},
  spec: {podSelector: {}, policyTypes: ['Ingress', 'Egress']},
}

const notIn = (...values: string[]): NetworkPolicy => ({
  metadata: {namespace: 'shop', name: 'not-ops'},
  spec: {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [
          {
            namespaceSelector: {
              matchExpressions: [{key: 'kubernetes.io/metadata.name', operator: 'NotIn', values}],
            },
          },
        ],
      },
    ],
  },
})
const notOps = notIn('shop', 'ops')

const twoBlocks: NetworkPolicy = {
  metadata: {namespace: 'shop', name: 'db-from-blocks'},
  spec: {
    podSelector: {matchLabels: {app: 'db'}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{ipBlock: {cidr: '192.0.2.0/24'}}, {ipBlock: {cidr: '198.51.100.0/24'}}]}],
  },
}

/** Releases differ in what they make of the rule that admits all. */
const openAndMore: NetworkPolicy = {
  metadata: {namespace: 'shop', name: 'open'},
  spec: {
    podSelector: {matchLabels: {app: 'db'}},
    policyTypes: ['Ingress'],
    ingress: [{}, ...[80, 81, 82].map(port => ({from: [{podSelector: {matchLabels: {app: 'web'}}}], ports: [{port}]}))],
  },
}

/** What is not compared wholly, or not tried. */
const limits = {
  mostLooks: {mostLooks: 1},
  mostAddresses: {mostAddresses: 1},
  mostRules: {programFor: (options: CompileOptions) => compile(cluster, {...options, mostRules: 8})},
} as const
const legacyOf = (...lines: readonly string[]) => ['# Generated by iptables-legacy-save v1.8.9', '*filter', ...lines, 'COMMIT']

const LAST = 'create last hash:ip family inet hashsize 1024 maxelem 65536'

interface Case {
  readonly what: string
  readonly break: Break
  readonly objects?: ClusterObjects
  readonly options?: CompareOptions
  /** The set behind all others, which shows that none of its kind is missing. */
  readonly last?: string
}

const cases: readonly Case[] = [
  {what: 'nothing of Azure NPM', break: rules(without(line => line.includes('AZURE-NPM')))},
  {what: 'a policy that is not programmed', break: programmedFor(policies(...shop.policies, egressToOffice))},
  {what: 'a policy without a jump', break: noJump('shop/from-ops')},
  {what: 'an emptied policy', break: emptied('shop/db-from-web')},
  {what: 'an emptied policy without a jump', break: both(emptied('shop/db-from-web'), noJump('shop/db-from-web'))},
  {what: 'a policy that is left over', break: programmedFor(policies(...cluster.policies, deleted))},
  {
    what: 'a policy of another type',
    break: programmedFor(policies(...cluster.policies, deleted)),
    objects: policies(...cluster.policies, {...deleted, spec: {podSelector: {}, policyTypes: ['Ingress']}}),
  },
  {
    what: 'a policy that Azure NPM refuses as it is now',
    break: programmedFor(policies(...cluster.policies, deleted)),
    objects: policies(...cluster.policies, {
      ...deleted,
      spec: {podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]},
    }),
  },
  {
    what: 'chains that no jump leads to, and that nothing names',
    break: both(
      programmedFor(policies(...cluster.policies, deleted)),
      rules(
        without(line => line.endsWith(`-j ${chain('shop/deleted')}`) || line.endsWith(`-j ${chain('shop/deleted', 'Egress')}`)),
      ),
    ),
  },
  {
    what: 'a rule missing in a policy',
    break: rules(without(line => line.startsWith(`-A ${chain('shop/from-ops')} `) && line.includes('ALLOW'))),
  },
  {
    what: 'a rule too many in a policy',
    break: rules(
      before(`-A ${chain('shop/from-ops')} `, `-A ${chain('shop/from-ops')} -s 10.0.1.9/32 -j AZURE-NPM-INGRESS-ALLOW-MARK`),
    ),
  },
  {what: 'rules of a policy in another order', break: rules(turned(`-A ${chain('shop/from-ops')} `))},
  {what: 'another comment', break: rules(lines => lines.map(line => line.replace('DROP-ALL', 'DROP-EVERYTHING')))},
  {
    what: 'a second jump to a policy',
    break: rules(lines => lines.flatMap(line => (line.endsWith(`-j ${chain('shop/from-ops')}`) ? [line, line] : [line]))),
  },
  {
    what: 'blocks of a policy',
    break: sets(lines =>
      behind(`create ${blocks} `, `add ${blocks} 198.51.100.0/24`)(without(line => line.includes('192.0.2.128/25'))(lines)),
    ),
  },
  {what: 'the set of blocks of a policy', break: sets(without(line => line.includes(blocks)))},
  {
    what: 'an old address',
    break: sets(lines => lines.map(line => line.replace(/^(add \S+) 10\.0\.1\.1(?=$|,)/, '$1 10.0.1.77'))),
  },
  {what: 'a pod that is missing in a set', break: sets(without(line => line === `add ${set('podlabel-app:db')} 10.0.2.1`))},
  {
    what: 'a pod that is in a set too many',
    break: sets(behind(`create ${set('podlabel-app:web')} `, `add ${set('podlabel-app:web')} 10.0.1.9`)),
  },
  {what: 'an address of no pod', break: sets(behind(`create ${set('ns-ops')} `, `add ${set('ns-ops')} 10.0.1.78`))},
  {what: 'a block in a set of pods', break: sets(behind(`create ${set('ns-ops')} `, `add ${set('ns-ops')} 10.7.0.0/16`))},
  {
    what: 'an exception in a set of pods',
    break: sets(lines => lines.map(line => (line === `add ${set('ns-ops')} 10.0.1.9` ? `${line} nomatch` : line))),
  },
  {
    what: 'a namespace that is missing in a list',
    break: sets(without(line => line === `add ${set('nslabel-kubernetes.io/metadata.name:ops')} ${set('ns-ops')}`)),
  },
  {
    what: 'a namespace that is in a list too many',
    break: sets(
      behind(
        `add ${set('nslabel-kubernetes.io/metadata.name:ops')} `,
        `add ${set('nslabel-kubernetes.io/metadata.name:ops')} ${set('ns-shop')}`,
      ),
    ),
  },
  {what: 'an emptied set', break: sets(without(line => line.startsWith(`add ${set('ns-shop')} `)))},
  {what: 'a set that is missing', break: sets(without(line => line.includes(`${set('namedport:sql')} `)))},
  {
    what: 'a set that is left over',
    break: sets(lines => [
      'create azure-npm-1111111111 hash:net family inet hashsize 1024 maxelem 65536',
      'add azure-npm-1111111111 10.0.1.1',
      ...lines,
    ]),
  },
  {
    what: 'a set of another type',
    break: sets(lines => lines.map(line => line.replace(`create ${set('ns-ops')} hash:net`, `create ${set('ns-ops')} hash:ip`))),
  },
  {
    what: 'a set with other room',
    break: sets(lines =>
      lines.map(line => (line.startsWith(`create ${set('ns-ops')} `) ? line.replace('maxelem 65536', 'maxelem 10') : line)),
    ),
  },
  {what: 'a chain that is missing', break: rules(without(line => /(?:^:|^-A |-j )AZURE-NPM-INGRESS-ALLOW-MARK/.test(line)))},
  {what: 'a rule of Azure NPM itself that is missing', break: rules(without(line => line.includes('DROP-ON-INGRESS-DROP-MARK')))},
  {what: 'rules of Azure NPM itself in another order', break: rules(turned('-A AZURE-NPM -j'))},
  {
    what: 'a rule that somebody put into a chain',
    break: rules(before('-A AZURE-NPM -j AZURE-NPM-INGRESS', '-A AZURE-NPM -s 203.0.113.9/32 -j ACCEPT')),
  },
  {what: 'no jump from FORWARD', break: rules(without(line => line.startsWith(FORWARD)))},
  {what: 'a second jump from FORWARD', break: rules(behind(FORWARD, '-A FORWARD -j AZURE-NPM'))},
  {
    what: 'a jump with other conditions',
    break: rules(lines => lines.map(line => line.replace(' -m conntrack --ctstate NEW', ' -p tcp'))),
  },
  {
    what: 'a jump that moved',
    break: rules(lines => [
      ...before(
        FORWARD,
        '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD\n-A FORWARD -s 10.0.1.9/32 -j ACCEPT',
      )(lines.flatMap(line => (line.startsWith(':FORWARD') ? [line, ':KUBE-FORWARD - [0:0]'] : [line]))),
    ]),
  },
  {what: 'a rule that accepts', break: foreign('-s 10.0.1.9/32 -p tcp -m tcp --dport 5432 -j ACCEPT')},
  {what: 'a rule that drops', break: foreign('-d 10.0.2.1/32 -j DROP')},
  {what: 'a rule that lets packets leave the chain', break: foreign('-s 10.0.1.9/32 -j RETURN')},
  {what: 'a rule that marks', break: foreign('-s 10.0.1.9/32 -j MARK --set-xmark 0x400/0x400')},
  {what: 'a rule that may decide', break: foreign('-m recent --rcheck --name strangers -j ACCEPT')},
  {
    what: 'a rule of the other back end',
    break: rules(lines => [
      '# Generated by iptables-nft-save v1.8.9',
      ...lines,
      '# Generated by iptables-legacy-save v1.8.9',
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      '-A FORWARD -d 10.0.2.1/32 -j DROP',
      'COMMIT',
    ]),
  },
  {
    what: 'packets that nothing explains',
    break: rules(lines => [
      '*mangle',
      ':FORWARD ACCEPT [0:0]',
      ':KUBE-FIREWALL - [0:0]',
      '-A FORWARD -j KUBE-FIREWALL',
      '-A KUBE-FIREWALL -d 10.0.1.9/32 -j DROP',
      'COMMIT',
      ...lines,
    ]),
  },
  {
    what: 'a rule in another table',
    break: rules(lines => ['*mangle', ':FORWARD ACCEPT [0:0]', '-A FORWARD -d 10.0.2.1/32 -j DROP', 'COMMIT', ...lines]),
  },
  {
    what: 'the policy of FORWARD',
    break: both(
      rules(without(line => line.startsWith(FORWARD))),
      rules(lines => lines.map(line => line.replace(':FORWARD ACCEPT', ':FORWARD DROP'))),
    ),
  },
  {
    what: 'two things, of which each alone would do the same',
    break: both(foreign('-s 10.0.1.9/32 -j ACCEPT'), noJump('shop/db-from-web'), noJump('shop/from-ops')),
  },
  {
    what: 'one thing that another hides',
    break: both(
      foreign('-s 10.0.1.9/32 -j DROP'),
      sets(without(line => line === `add ${set('nslabel-kubernetes.io/metadata.name:ops')} ${set('ns-ops')}`)),
      rules(
        before(`-A ${chain('shop/from-ops')} -p`, `-A ${chain('shop/from-ops')} -s 10.0.1.9/32 -j AZURE-NPM-INGRESS-ALLOW-MARK`),
      ),
    ),
  },
  {
    what: 'departures of Azure NPM',
    break: lines => lines,
    objects: policies(notOps, {
      metadata: {namespace: 'ops', name: 'v6'},
      spec: {podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]},
    }),
  },
  {what: 'more differences than can be tried', break: noJump('shop/from-ops'), options: limits.mostLooks},
  {what: 'more addresses than are tried one by one', break: noJump('shop/from-ops'), options: limits.mostAddresses},
  {what: 'a policy with too many rules', break: lines => lines, options: limits.mostRules},
  {
    what: 'a policy with too many rules, and another without a jump',
    break: noJump('shop/db-from-web'),
    options: limits.mostRules,
  },
  {
    what: 'a policy with too many rules on a node of NPM v1',
    break: () => linesOf(compile(cluster, {scheme: 'fnv32a', generation: 'v1', semantics: 'npm'})),
    options: {programFor: options => compile(cluster, {...options, mostRules: 8})},
  },
  {
    what: 'things that apply can repair, and one that it cannot',
    break: both(
      noJump('shop/from-ops'),
      noJump('shop/db-from-web'),
      rules(lines => ['*mangle', ':FORWARD DROP [0:0]', 'COMMIT', ...lines]),
    ),
  },
  {what: 'sets of which more may follow', break: sets(lines => lines.slice(0, -3)), last: ''},
  {
    what: 'sets that Azure NPM makes on need, at the end of which more may follow',
    break: () => linesOf(compile(shop, {scheme, semantics: 'npm', isOnNeed: true})),
    objects: shop,
    last: '',
  },
  {
    what: 'a list that is missing',
    break: sets(without(line => line.includes(set('nslabel-kubernetes.io/metadata.name:shop')))),
    last: 'create last list:set size 8',
  },
  {what: 'a departure that no packet shows', break: lines => lines, objects: policies(notIn('nowhere', 'elsewhere'))},
  {
    what: 'a set of blocks with other room, and without a block',
    break: sets(lines =>
      without(line => line.includes('192.0.2.128/25'))(
        lines.map(line => (line.startsWith(`create ${blocks} `) ? line.replace('4294967295', '10') : line)),
      ),
    ),
  },
  {
    what: 'the policy of a chain in another table',
    break: both(
      noJump('shop/from-ops'),
      rules(lines => ['*mangle', ':FORWARD DROP [0:0]', '-A FORWARD -s 10.0.1.1/32 -j ACCEPT', 'COMMIT', ...lines]),
    ),
  },
  {
    what: 'chains of Azure NPM left over in the other back end',
    break: rules(lines => [
      '# Generated by iptables-nft-save v1.8.9',
      ...lines,
      ...legacyOf(
        ':FORWARD ACCEPT [0:0]',
        ':AZURE-NPM - [0:0]',
        '-A FORWARD -j AZURE-NPM',
        '-A AZURE-NPM -d 10.0.2.1/32 -j DROP',
      ),
    ]),
  },
  {
    what: 'a jump that comes too early',
    break: rules(lines =>
      lines.flatMap(line =>
        line.startsWith(':FORWARD')
          ? [line, ':KUBE-FORWARD - [0:0]', ':KUBE-SERVICES - [0:0]']
          : line.startsWith(FORWARD)
            ? ['-A FORWARD -j KUBE-FORWARD', line, '-A FORWARD -j KUBE-SERVICES']
            : [line],
      ),
    ),
  },
  {
    what: 'a chain that Azure NPM does not have',
    break: rules(
      before('-A AZURE-NPM -j AZURE-NPM-EGRESS', '-A AZURE-NPM -j AZURE-NPM-OTHER\n-A AZURE-NPM-OTHER -d 10.0.2.1/32 -j DROP'),
    ),
  },
  {
    what: 'a node that an older release programmed',
    break: () => linesOf(compile(policies(twoBlocks), {scheme: 'fnv32a', semantics: 'npm', release: 'v1.4.24'})),
    objects: policies(twoBlocks),
  },
  {
    what: 'a node that one of several releases programmed, and a member that is missing',
    break: () =>
      sets(without(line => line.endsWith(' 10.0.1.9')))(
        linesOf(compile(policies(twoBlocks), {scheme: 'fnv32a', semantics: 'npm'})),
      ),
    objects: policies(twoBlocks),
  },
  {
    what: 'a node that one of several older releases programmed, and a member that is missing',
    break: () =>
      sets(without(line => line.endsWith(' 10.0.1.9')))(
        linesOf(compile(shop, {scheme: 'fnv32a', semantics: 'npm', release: 'v1.4.17'})),
      ),
    objects: shop,
  },
  {
    what: 'a node that an older release programmed, without the rule that tells it',
    break: () =>
      rules(without(line => line.includes('SET-INGRESS-ALLOW-MARK')))(
        linesOf(compile(policies(openAndMore), {scheme: 'fnv32a', semantics: 'npm', release: 'v1.4.21'})),
      ),
    objects: policies(openAndMore),
  },
  {
    what: 'a node of NPM v1 with a policy that is left over',
    break: () => linesOf(compile(policies(notOps, deleted), {scheme: 'fnv32a', generation: 'v1', semantics: 'npm'})),
    objects: policies(notOps),
  },
  {
    what: 'what NPM v1 does otherwise',
    break: () => linesOf(compile(policies(notOps), {scheme: 'fnv32a', generation: 'v1', semantics: 'npm'})),
    objects: policies(notOps),
  },
]

test('what can be wrong with a node is told in these sentences', async () => {
  const screens: string[] = []
  for (const {what, break: broken, objects = cluster, options = {}, last = LAST} of cases) {
    const start =
      objects === cluster || what.startsWith('a policy') ? whole : linesOf(compile(objects, {scheme, semantics: 'npm'}))
    const lines = broken(start)
    const text = (all: readonly string[], last = '') => `${all.join('\n')}\n${last}`
    const node = await dumpOf(text(lines.rules), text(lines.sets, `${last}\n`))
    const drift = {...compareNode(objects, node.with({cluster: objects}), options), problems: []}
    screens.push(`### ${what}\n${[...driftLines(drift, painter(false), true)].join('\n')}\n`)
  }
  await expect(screens.join('\n')).toMatchFileSnapshot('../../golden/diff-sentences.txt')
})

test('a comparison without objects is no comparison', async () => {
  const node = await dumpOf(`${whole.rules.join('\n')}\n`, `${whole.sets.join('\n')}\n`)
  const said = [...thrownBy(() => diffNode(node, {isLite: false}, []))]
  await expect(`${said.join('\n')}\n`).toMatchFileSnapshot('../../golden/diff-without-objects.txt')
})

function* thrownBy(run: () => unknown): Generator<string> {
  try {
    run()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    yield `error: ${error.message}`
    for (const step of error.steps) yield `  ${step}`
  }
}

test('several nodes are told in these sentences', async () => {
  const drift = async (node: string, broken: Break, options: CompareOptions = {}) => {
    const {rules, sets} = broken(whole)
    const dump = await dumpOf(`${rules.join('\n')}\n`, `${sets.join('\n')}\n${LAST}\n`)
    return {...compareNode(cluster, dump.with({node, cluster}), options), problems: []}
  }
  const items = [
    await drift('n1', lines => lines),
    await drift('n2', noJump('shop/from-ops')),
    await drift('n3', foreign('-d 10.0.2.1/32 -j DROP')),
    await drift('n4', both(foreign('-d 10.0.2.1/32 -j DROP'), noJump('shop/from-ops'), emptied('shop/db-from-web'))),
    await drift('n5', lines => lines, limits.mostRules),
  ]
  const failures = [
    {node: 'n6', message: 'node n6: its agent did not answer within 10 s', next: 'See how far it is: kubectl npm status'},
  ]
  const lines = driftListLines({apiVersion: 'kubectl-npm/v1', kind: 'DriftList', items, failures}, painter(false))
  await expect(`${[...lines].join('\n')}\n`).toMatchFileSnapshot('../../golden/diff-nodes.txt')
})

test('with colours, what is missing is red and what is too much green, as in git, and a legend says so once', async () => {
  const {rules, sets} = emptied('shop/db-from-web')(whole)
  const nodes = await Promise.all(
    ['n1', 'n2'].map(async node => {
      const dump = await dumpOf(`${rules.join('\n')}\n`, `${sets.join('\n')}\n${LAST}\n`)
      return {...compareNode(cluster, dump.with({node, cluster})), problems: []}
    }),
  )
  const list: DriftList = {apiVersion: 'kubectl-npm/v1', kind: 'DriftList', items: nodes, failures: []}
  const lines = (isColored: boolean, isWide: boolean) => [...driftListLines(list, painter(isColored), isWide)]
  const legends = (of: readonly string[]) => of.filter(line => line.includes('- asked for and not there'))
  expect(legends(lines(true, true))).toEqual([
    '\u001b[31m- asked for and not there\u001b[39m, \u001b[32m+ there and not asked for\u001b[39m, ~ changed',
  ])
  expect(lines(true, true).some(line => line.startsWith('\u001b[31m          - '))).toBe(true)
  expect([...legends(lines(false, true)), ...legends(lines(true, false))]).toEqual([])
})
