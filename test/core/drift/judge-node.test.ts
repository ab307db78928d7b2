import {describe, expect, test} from 'vitest'
import {compareNode, openComparison} from '../../../core/drift/compare-node.ts'
import {judgeNode} from '../../../core/drift/judge-node.ts'
import type {ClusterObjects, NetworkPolicy, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {linesOf} from '../../support/node-of.ts'
import {dumpOf} from '../../support/read-capture.ts'

/** A cluster with far more kinds of addresses than can all be tried, and more policies than a packet can meet. */
const PODS = 200
const TEAMS = 40

const pod = (index: number): Pod => ({
  metadata: {
    name: `pod-${index}`,
    namespace: `team-${index % TEAMS}`,
    labels: {app: Math.floor(index / TEAMS) % 2 === 0 ? 'web' : 'db', id: `n${index}`},
  },
  spec: {containers: [{ports: [{name: 'sql', containerPort: 5432 + (index % 3)}]}]},
  status: {phase: 'Running', podIP: `10.0.${index >> 8}.${index & 255}`},
})

const policy = (team: number): NetworkPolicy => ({
  metadata: {name: 'db', namespace: `team-${team}`},
  spec: {
    podSelector: {matchLabels: {app: 'db'}},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [{namespaceSelector: {matchLabels: {team: `t${(team + 1) % TEAMS}`}}, podSelector: {matchLabels: {app: 'web'}}}],
        ports: [{port: 'sql'}],
      },
      {from: [{ipBlock: {cidr: '192.0.2.0/24', except: ['192.0.2.128/25']}}], ports: [{port: 443}]},
    ],
    egress: [{to: [{podSelector: {}}]}],
  },
})

/** Selected by no policy, and allowed by none. */
const bystander: Pod = {
  metadata: {name: 'bystander', namespace: 'team-8', labels: {app: 'other'}},
  status: {phase: 'Running', podIP: '10.0.9.9'},
}

const cluster: ClusterObjects = {
  namespaces: Array.from({length: TEAMS}, (_, team) => ({metadata: {name: `team-${team}`, labels: {team: `t${team}`}}})),
  pods: [...Array.from({length: PODS}, (_, index) => pod(index)), bystander],
  policies: Array.from({length: TEAMS}, (_, team) => policy(team)),
  nodes: [],
}
const program = compile(cluster, {scheme: 'sha256', semantics: 'npm'})
const {rules, sets} = linesOf(program)
const set = (name: string): string => setKernelName(name, 'sha256')
const chains = (team: number) => program.policies.find(each => each.policy === `team-${team}/db`)?.chains ?? []
const chain = (team: number, direction: 'Ingress' | 'Egress'): string =>
  chains(team).find(each => each.direction === direction)?.chain ?? ''

interface Change {
  readonly what: string
  /** The line to leave out, or to put in behind another. */
  readonly without?: string | RegExp
  readonly line?: string
  readonly behind?: string | RegExp
  readonly effect: 'open' | 'closed' | 'none'
}

const isLine = (line: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? line === wanted : wanted.test(line)

function changed(lines: readonly string[], {without, line, behind}: Change): string {
  const left = without === undefined ? lines : lines.filter(each => !isLine(each, without))
  const all = left.flatMap(each => (line !== undefined && behind !== undefined && isLine(each, behind) ? [each, line] : [each]))
  return `${all.join('\n')}\n`
}

describe('what a difference does on a large node', () => {
  test.each<Change>([
    {
      what: 'a pod that is selected is missing from its label',
      without: `add ${set('podlabel-app:db')} 10.0.0.47`,
      effect: 'open',
    },
    {
      what: 'a pod that may connect is missing from its label',
      without: `add ${set('podlabel-app:web')} 10.0.0.8`,
      effect: 'closed',
    },
    {
      what: 'a pod is missing from a label that no policy names',
      without: `add ${set('podlabel-id:n7')} 10.0.0.7`,
      effect: 'none',
    },
    {
      what: 'a stranger has the label that may connect',
      line: `add ${set('podlabel-app:web')} 10.0.9.9`,
      behind: new RegExp(`^create ${set('podlabel-app:web')} `),
      effect: 'open',
    },
    {what: 'a named port is missing', without: `add ${set('namedport:sql')} 10.0.0.47,tcp:5434`, effect: 'closed'},
    {
      what: 'a named port too many',
      line: `add ${set('namedport:sql')} 10.0.0.47,tcp:22`,
      behind: new RegExp(`^create ${set('namedport:sql')} `),
      effect: 'open',
    },
    {what: 'an exception is missing', without: `add ${set('cidr-db:in-ns:team-5-1-0IN')} 192.0.2.128/25 nomatch`, effect: 'open'},
    {what: 'a block is missing', without: `add ${set('cidr-db:in-ns:team-5-1-0IN')} 192.0.2.0/24`, effect: 'closed'},
    {what: 'a namespace is missing from a list', without: `add ${set('nslabel-team:t6')} ${set('ns-team-6')}`, effect: 'closed'},
    {
      what: 'a namespace too many in a list',
      line: `add ${set('nslabel-team:t6')} ${set('ns-team-8')}`,
      behind: `add ${set('nslabel-team:t6')} ${set('ns-team-6')}`,
      effect: 'open',
    },
    {what: 'an allow is missing', without: new RegExp(`^-A ${chain(5, 'Ingress')} .*443`), effect: 'closed'},
    {what: 'a default drop is missing', without: new RegExp(`^-A ${chain(5, 'Egress')} .*DROP-ALL`), effect: 'open'},
    {what: 'a jump is missing', without: new RegExp(`-j ${chain(5, 'Ingress')}$`), effect: 'open'},
    {what: 'the jump from FORWARD is missing', without: /^-A FORWARD/, effect: 'open'},
    {what: 'ingress marks are not looked at', without: /^-A AZURE-NPM-INGRESS .*DROP-ON-INGRESS/, effect: 'open'},
    {
      what: 'a hole for one address',
      line: '-A AZURE-NPM -s 203.0.113.9/32 -j ACCEPT',
      behind: ':FORWARD ACCEPT [0:0]',
      effect: 'open',
    },
    {
      what: 'a wall for one port',
      line: '-A AZURE-NPM -p udp -m udp --dport 53 -j DROP',
      behind: ':FORWARD ACCEPT [0:0]',
      effect: 'closed',
    },
  ])('$what: $effect', async change => {
    const dump = await dumpOf(changed(rules, change), changed(sets, change))
    const {items} = compareNode(cluster, dump)
    expect(items.map(({effect}) => effect)).toEqual([change.effect])
  })
})

/** A set of another program, which shows that the one before it is whole. */
const BEHIND = 'create other list:set size 8\n'

const withoutMembers = () =>
  dumpOf(`${rules.join('\n')}\n`, `${sets.filter(line => !line.startsWith('add ')).join('\n')}\n${BEHIND}`)

test('what more differences do than can be looked at is unknown, and is said to be', async () => {
  const {items, causes, notes, judged} = compareNode(cluster, await withoutMembers(), {mostLooks: 500})
  expect(items).toHaveLength(sets.filter(line => line.startsWith('add ')).length)
  expect(new Set(items.map(({effect}) => effect))).toContain('unknown')
  expect(causes.some(({isUncertain}) => isUncertain)).toBe(true)
  expect(judged).toBe('some')
  expect(notes).toEqual([expect.stringMatching(/^there are so many differences/)])
  expect(compareNode(cluster, await withoutMembers()).notes).toEqual([])
})

test('no more rules are walked than may be looked at', async () => {
  const mostLooks = 500
  const node = await withoutMembers()
  const comparison = openComparison(cluster, node)
  judgeNode({...comparison, node, cluster, isProgramOnly: false, mostLooks})
  // The last packet is walked on the node as it is, repaired, and repaired in part.
  const mostOfOnePacket = 4 * rules.length
  expect(comparison.simulated.looks).toBeGreaterThanOrEqual(mostLooks)
  expect(comparison.simulated.looks).toBeLessThan(mostLooks + mostOfOnePacket)
})

/** Pods that are all alike, on two nodes, and one policy. */
function alikePods(count: number): ClusterObjects {
  const pods = Array.from(
    {length: count},
    (_, index): Pod => ({
      metadata: {name: `duck-${index}`, namespace: 'pond', labels: {app: 'duck'}},
      spec: {nodeName: `node-${index % 2}`, containers: []},
      status: {phase: 'Running', podIP: `10.1.${index >> 8}.${index & 255}`},
    }),
  )
  const policies: NetworkPolicy[] = [
    {metadata: {name: 'ducks', namespace: 'pond'}, spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}},
  ]
  return {namespaces: [{metadata: {name: 'pond', labels: {}}}], pods, policies, nodes: []}
}

test.each<{pods: number; node: string; judged: string}>([
  {pods: 1000, node: 'elsewhere', judged: 'all'},
  {pods: 1001, node: 'elsewhere', judged: 'some'},
  {pods: 2000, node: 'node-1', judged: 'all'},
  {pods: 2001, node: 'node-1', judged: 'some'},
])('of $pods pods, $judged packets are judged on $node', async ({pods, node, judged}) => {
  const ducks = alikePods(pods)
  const lines = linesOf(compile(ducks, {scheme: 'sha256', semantics: 'npm'}))
  const dump = await dumpOf(`${lines.rules.join('\n')}\n`, `${lines.sets.join('\n')}\n${BEHIND}`)
  const drift = compareNode(ducks, dump.with({node}), {mostAddresses: 1})
  expect(drift.clean).toBe(true)
  expect(drift.judged).toBe(judged)
})
