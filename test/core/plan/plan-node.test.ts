import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects, Pod} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {PlanNodeOptions, Wanted} from '../../../core/plan/wanted.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {nodeAfter, planFor} from '../../support/plan/plan.ts'
import {shopNodes, shop as unlabelled} from '../../support/shop-nodes.ts'

/** As the API server has it: every namespace has its name as a label. */
const shop: ClusterObjects = {
  ...unlabelled,
  namespaces: unlabelled.namespaces.map(({metadata}) => ({
    metadata: {...metadata, labels: {'kubernetes.io/metadata.name': metadata.name}},
  })),
}
const shopLines = linesOf(compile(shop, {scheme: 'sha256', semantics: 'npm'}))

const policies: Wanted = {kind: 'policies'}
const nothing: Wanted = {kind: 'nothing'}
/** Nothing of Azure NPM runs there. */
const still = {hasNpmPages: false, hasNpmProcess: false} as const
const set = (name: string): string => setKernelName(name, 'sha256')
const web = set('podlabel-app:web')

const nodeWith = async (lines: Partial<NodeLines>, cluster: ClusterObjects = shop): Promise<NodeState> => {
  const [node] = await shopNodes({n2: {...shopLines, ...lines}}, cluster)
  return node as NodeState
}
const without = (lines: readonly string[], ...texts: readonly string[]) =>
  lines.filter(line => !texts.some(text => line.includes(text)))
const lacksMember = () => nodeWith({sets: without(shopLines.sets, `add ${web} 10.0.1.1`)})
const hostPod = (name: string, labels: Record<string, string>, phase = 'Running'): Pod => ({
  metadata: {namespace: 'kube-system', name, labels},
  spec: {nodeName: 'n2', hostNetwork: true},
  status: {phase, podIP: '10.9.0.2'},
})
const withPod = (pod: Pod): ClusterObjects => ({...shop, pods: [...shop.pods, pod]})
const npmPod = (phase?: string) => withPod(hostPod('azure-npm-x2x4z', {'k8s-app': 'azure-npm'}, phase))
const lines = (plan: {readonly operations: readonly {readonly line: string}[]}) => plan.operations.map(({line}) => line)
const refusal = async (node: NodeState, wanted: Wanted, options: Partial<PlanNodeOptions> = {}): Promise<string> => {
  const error: unknown = await planFor(node, wanted, options).catch((reason: unknown) => reason)
  if (!(error instanceof InputError)) throw new Error('nothing was refused')
  return `${error.message}. ${error.next}`
}

test('a missing member costs one line, and the plan shows what it opens', async () => {
  const plan = await planFor(await lacksMember(), policies)
  expect(lines(plan)).toEqual([`add ${web} 10.0.1.1`])
  expect(plan.steps).toMatchObject([
    {tool: 'ipset', effect: 'opens', closes: [], opens: [{packet: '10.0.1.1 -> 10.0.2.1 tcp/5432', source: 'shop/web'}]},
  ])
  expect(plan).toMatchObject({node: 'n2', backend: 'nft', semantics: 'npm', summary: {operations: 1, opens: 1, closes: 0}})
})

test('a rule that is too much goes, and the plan shows what that closes', async () => {
  const first = shopLines.rules.findIndex(line => line.startsWith('-A AZURE-NPM-INGRESS '))
  const extra = shopLines.rules.toSpliced(first, 0, '-A AZURE-NPM-INGRESS -s 10.0.1.9/32 -j ACCEPT')
  const plan = await planFor(await nodeWith({rules: extra}), policies)
  expect(lines(plan)).toEqual(['-D AZURE-NPM-INGRESS -s 10.0.1.9/32 -j ACCEPT'])
  expect(plan.steps.map(({effect}) => effect)).toEqual(['closes'])
  expect(plan.steps[0]?.closes[0]?.packet).toContain('10.0.1.9 -> 10.0.2.1')
})

test('where nothing differs, nothing is planned', async () => {
  const plan = await planFor(await nodeWith({}), policies)
  expect(plan).toMatchObject({steps: [], operations: [], notes: [], incomplete: []})
  expect(plan.nodeDigest).toBe(plan.wantedDigest)
})

test('of half an input nothing is planned', async () => {
  const noSets = (await shopNodes({n2: {rules: shopLines.rules}}))[0] as NodeState
  const noObjects = await nodeWith({}, {...shop, given: {kinds: ['pods', 'namespaces'], gaps: []}, policies: []})
  for (const node of [noSets, noObjects]) {
    const plan = await planFor(node, policies)
    expect(plan.operations).toEqual([])
    expect(plan.incomplete.length).toBeGreaterThan(0)
  }
  expect(await refusal((await shopNodes({n2: shopLines}, null))[0] as NodeState, policies)).toContain('no cluster objects')
})

test('a digest is of the node and of all that is done', async () => {
  const [one, other] = [await planFor(await lacksMember(), policies), await planFor(await nodeWith({}), policies)]
  expect(one.wantedDigest).toBe(other.nodeDigest)
  expect(one.digest).not.toBe(other.digest)
  expect(one.nodeDigest).toMatch(/^[0-9a-f]{64}$/)
})

describe('a plan is narrowed', () => {
  const broken = () =>
    nodeWith({
      sets: without(shopLines.sets, `add ${web} 10.0.1.1`),
      rules: without(shopLines.rules, 'ALLOW-FROM-podlabel-app:web'),
    })
  const narrowed = async (narrowedTo: PlanNodeOptions['narrowedTo'] & {}) => planFor(await broken(), policies, {narrowedTo})

  test.each<[string, PlanNodeOptions['narrowedTo'] & {}]>([
    ['a policy', {policies: ['shop/db-from-web']}],
    ['the number of a cause', {causes: ['2']}],
    ['the kind of a cause', {causes: ['policyChanged']}],
    ['a part of its sentence', {causes: ['SHOP/DB-FROM-WEB']}],
  ])('to %s', async (_, narrowedTo) => {
    const plan = await narrowed(narrowedTo)
    expect(lines(plan).map(line => line.split(' ')[0])).toEqual(['-I'])
    expect(plan.narrowedTo?.join()).toContain('shop/db-from-web')
  })

  test.each(['podlabel-app:web', web])('to a set, by its name %s', async name => {
    expect(lines(await narrowed({sets: [name]}))).toEqual([`add ${web} 10.0.1.1`])
  })

  test('and repairs nothing where what is named is as it should be', async () => {
    const plan = await narrowed({policies: ['shop/web-to-db'], sets: ['ns-shop']})
    expect(plan.operations).toEqual([])
    expect(plan.notes).toEqual(['policy shop/web-to-db is as it should be', 'set ns-shop is as it should be'])
  })

  test('with the sets that a rule needs, and says so', async () => {
    const gone = await nodeWith({
      rules: without(shopLines.rules, 'shop/db-from-web', 'ALLOW-FROM-podlabel-app:web').filter(
        line => !line.includes('web-to-db'),
      ),
      sets: shopLines.sets.filter(line => !line.startsWith(`create ${web}`) && !line.startsWith(`add ${web}`)),
    })
    const plan = await planFor(gone, policies, {narrowedTo: {policies: ['shop/db-from-web']}})
    expect(lines(plan).join('\n')).toContain(`create ${web}`)
  })

  test.each<[PlanNodeOptions['narrowedTo'] & {}, string]>([
    [{policies: ['shop/unheard']}, 'no policy shop/unheard. Policies that differ: shop/db-from-web.'],
    [{sets: ['podlabel-app:nobody']}, 'no set podlabel-app:nobody. Sets that differ: podlabel-app:web.'],
    [{causes: ['9']}, 'no cause 9: diff finds 2 things wrong. There are:   1. pod shop/web (10.0.1.1) is missing'],
    [{causes: ['weather']}, 'no cause has the text "weather". There are:   1. '],
    [{causes: ['is']}, '2 causes have the text "is"'],
  ])('not to what nobody knows: %j', async (narrowedTo, message) => {
    expect(await refusal(await broken(), policies, {narrowedTo})).toContain(message)
  })

  test('not to a rule of another program', async () => {
    const foreign = shopLines.rules.flatMap(line => (line.startsWith('-A FORWARD') ? [line] : [line]))
    const mangle = ['*mangle', ':FORWARD ACCEPT [0:0]', '-A FORWARD -d 10.0.2.1/32 -j DROP', 'COMMIT', ...foreign]
    const message = await refusal(await nodeWith({rules: mangle}), policies, {narrowedTo: {causes: ['1']}})
    expect(message).toContain('apply cannot mend cause 1: rule 1 of FORWARD of table mangle')
    expect(message).toContain('the program that wrote it')
  })
})

describe('the old version of a policy that Azure NPM refuses', () => {
  const refused: ClusterObjects = {
    ...shop,
    policies: shop.policies.map(policy =>
      policy.metadata.name === 'db-from-web'
        ? {...policy, spec: {...policy.spec, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]}}
        : policy,
    ),
  }

  test('stays in force, and the plan says so', async () => {
    const plan = await planFor(await nodeWith({}, refused), policies)
    expect(plan.operations).toEqual([])
    expect(plan.untouched).toMatchObject([{name: 'policy shop/db-from-web', next: expect.stringContaining('lint')}])
  })

  const withRefused: ClusterObjects = {
    ...shop,
    policies: [
      ...shop.policies,
      {
        metadata: {namespace: 'shop', name: 'refused'},
        spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]},
      },
    ],
  }

  test('and one of which nothing was ever in force is named, too, when it is meant', async () => {
    const node = await nodeWith({}, withRefused)
    const untouched = async (narrowedTo?: PlanNodeOptions['narrowedTo']) =>
      (await planFor(node, policies, narrowedTo ? {narrowedTo} : {})).untouched
    const said = [
      {
        name: 'policy shop/refused',
        reason: expect.stringMatching(/^nothing of it is put in force: .*2001:db8::\/32.*; Azure NPM programs nothing/),
        next: 'Change the policy, see kubectl npm lint.',
      },
    ]
    expect(await untouched()).toEqual(said)
    expect(await untouched({policies: ['shop/refused']})).toEqual(said)
    expect(await untouched({sets: ['podlabel-app:web']})).toEqual([])
  })

  test('is no cause that could be asked for', async () => {
    const message = await refusal(await nodeWith({}, refused), policies, {narrowedTo: {causes: ['1']}})
    expect(message).toContain('change policy shop/db-from-web')
  })
})

describe('beside Azure NPM', () => {
  test.each<[string, ClusterObjects, PlanNodeOptions['surroundings'] & {}, string | undefined]>([
    ['runs by its pages', shop, {hasNpmPages: true}, 'Azure NPM runs: its pages answer'],
    ['runs by its pod', npmPod(), {}, 'Azure NPM runs: its pod kube-system/azure-npm-x2x4z'],
    ['does not answer', npmPod(), still, 'Azure NPM may start again: its pod azure-npm-x2x4z is there'],
    ['is not looked for', shop, {}, 'Azure NPM may be running: no pod of it is on the node, and whether a process'],
    ['has no pod, and a DaemonSet', shop, {engines: ['Azure NPM']}, 'Azure NPM may be running: no pod of it is on the node'],
    ['has neither pod nor DaemonSet', shop, {engines: []}, undefined],
    ['is gone', shop, still, undefined],
    ['is not in the cluster', shop, {engines: []}, undefined],
    [
      'is in the cluster, and not here',
      shop,
      {...still, engines: ['Azure NPM']},
      'the cluster runs it, though nothing of it answers',
    ],
  ])('that %s, it is said what becomes of the change', async (_, cluster, surroundings, note) => {
    const node = await nodeWith({sets: without(shopLines.sets, `add ${web} 10.0.1.1`)}, cluster)
    const {notes} = await planFor(node, policies, {surroundings})
    if (note === undefined) expect(notes).toEqual([])
    else expect(notes.join()).toContain(note)
  })

  test('what the API means is programmed only where Azure NPM is gone, or by order', async () => {
    const node = await lacksMember()
    const kubernetes: Wanted = {kind: 'policies', semantics: 'kubernetes'}
    expect(await refusal(node, kubernetes)).toContain('--even-if-npm-runs')
    expect((await planFor(node, kubernetes, {isEvenIfNpmRuns: true})).notes.join()).toContain('undoes parts of it')
    expect((await planFor(node, kubernetes, {surroundings: still})).semantics).toBe('kubernetes')
  })

  test('its rules are not taken away while it runs, or only emptied by order', async () => {
    const node = await nodeWith({}, npmPod())
    expect(await refusal(node, nothing)).toContain('Stop it first')
    const plan = await planFor(node, nothing, {isEvenIfNpmRuns: true})
    expect(lines(plan).some(line => /^(?:-X|destroy)/.test(line))).toBe(false)
    expect(plan.notes.join()).toContain('emptied and stay')
  })
})

describe('all of Azure NPM goes', () => {
  test.each([{surroundings: {hasNpmProcess: false}}, {surroundings: {engines: []}}])(
    'with its chains and sets, where it is known to be gone: $surroundings',
    async ({surroundings}) => {
      const done = lines(await planFor(await nodeWith({}), nothing, {surroundings}))
      expect(done).toContain('-X AZURE-NPM')
      expect(done).toContain(`destroy ${web}`)
    },
  )

  test('where it runs no more, and the plan says what that opens', async () => {
    const node = await nodeWith({})
    const plan = await planFor(node, nothing, {surroundings: still})
    expect(plan.summary.opens).toBeGreaterThan(0)
    expect(plan.summary.closes).toBe(0)
    const after = await nodeAfter(node, plan)
    expect([...(after.sets?.keys() ?? [])]).toEqual([])
    expect((await planFor(after, nothing, {surroundings: still})).operations).toEqual([])
  })
})

describe('where another engine enforces policies', () => {
  const calico = () => nodeWith({rules: shopLines.rules.toSpliced(2, 0, ':cali-FORWARD - [0:0]')})

  test('nothing is programmed, and the reason is said', async () => {
    expect(await refusal(await calico(), policies)).toContain('Calico enforces policies on node n2: its chain cali-FORWARD')
    expect(await refusal(await nodeWith({}), policies, {surroundings: {engines: ['Cilium']}})).toContain(
      'Cilium enforces policies',
    )
    const byPod = await nodeWith({}, withPod(hostPod('cilium-9', {'k8s-app': 'cilium'})))
    expect(await refusal(byPod, policies, {surroundings: {engines: ['Azure NPM', 'Cilium']}})).toContain('its pod cilium-9')
  })

  test('what Azure NPM left goes, and what that platform does is said', async () => {
    const plan = await planFor(await nodeWith({}), nothing, {surroundings: {...still, engines: ['Cilium']}})
    expect(plan.operations.length).toBeGreaterThan(0)
    expect(plan.notes.join()).toContain('UnexpectedIPTablesRules')
    expect(plan.notes.join()).toContain('BlockedIPTablesRule')
  })

  test('what it left itself is only said', async () => {
    const plan = await planFor(await lacksMember(), policies)
    expect(plan.operations.length).toBe(1)
    const node = await nodeWith({
      rules: shopLines.rules.toSpliced(2, 0, ':CILIUM_FORWARD - [0:0]'),
      sets: without(shopLines.sets, `add ${web} 10.0.1.1`),
    })
    const beside = await planFor(node, policies, {surroundings: {engines: ['Azure NPM']}})
    expect(beside.notes.join()).toContain('Cilium: its chain CILIUM_FORWARD is on the node')
  })
})

describe('what another reading of the node had comes back', () => {
  test('whole', async () => {
    const [now, then] = [await lacksMember(), await nodeWith({})]
    const plan = await planFor(now, {kind: 'dump', node: then})
    expect(lines(plan)).toEqual([`add ${web} 10.0.1.1`])
    expect(plan).toMatchObject({wanted: 'dump', wantedDigest: (await planFor(then, policies)).nodeDigest})
    expect(plan.semantics).toBeUndefined()
  })

  test('from a dump of the table filter alone, in which all of Azure NPM is', async () => {
    const kube = shopLines.rules.toSpliced(2, 0, ':KUBE-PROXY-FIREWALL - [0:0]')
    const [read] = (
      await readDump(
        Object.entries({rules: kube, sets: shopLines.sets}).map(([name, text]) => ({
          name: `kept/${name}.txt`,
          folder: 'kept',
          text: [`${text.join('\n')}\n`],
        })),
      )
    ).nodes
    const kept = (read as NodeState).with({cluster: shop})
    expect((await planFor(kept, policies)).incomplete).toMatchObject([{part: 'table nat'}])
    expect(lines(await planFor(await lacksMember(), {kind: 'dump', node: kept}))).toEqual([`add ${web} 10.0.1.1`])
  })

  test('of some sets only, by either of their names', async () => {
    const api = set('podlabel-app:api')
    const now = await nodeWith({sets: without(shopLines.sets, `add ${web} 10.0.1.1`, `add ${api} `)})
    const then = await nodeWith({})
    for (const name of ['podlabel-app:web', web]) {
      const plan = await planFor(now, {kind: 'dump', node: then}, {narrowedTo: {sets: [name]}})
      expect(lines(plan)).toEqual([`add ${web} 10.0.1.1`])
      expect(plan.narrowedTo).toEqual([`set ${name}`])
    }
    expect(lines(await planFor(then, {kind: 'dump', node: then}, {narrowedTo: {sets: [web]}}))).toEqual([])
  })

  test('not of a set that it does not have, or with less than a list needs', async () => {
    const then = await nodeWith({})
    const ask = (node: NodeState, narrowedTo: PlanNodeOptions['narrowedTo']) =>
      refusal(node, {kind: 'dump', node: then}, narrowedTo ? {narrowedTo} : {})
    expect(await ask(then, {sets: ['podlabel-app:none']})).toContain('it has no set podlabel-app:none')
    const list = shopLines.sets.find(line => line.startsWith('add ') && /azure-npm-\S+ azure-npm-/.test(line))
    const [, outer = '', inner = ''] = /^add (\S+) (\S+)$/.exec(list ?? '') ?? []
    const nothingLeft = await nodeWith({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []})
    expect(await ask(nothingLeft, {sets: [outer]})).toContain(
      `its set ${outer} holds the set ${inner}, which the node does not have`,
    )
  })

  test('not what another node had, and not half of it', async () => {
    const [other] = await shopNodes({n1: shopLines})
    expect(await refusal(await nodeWith({}), {kind: 'dump', node: other as NodeState})).toContain('the dump is of node n1')
    const [half] = await shopNodes({n2: {rules: shopLines.rules}})
    expect(
      (await planFor(await nodeWith({}), {kind: 'restorePoint', node: half as NodeState})).incomplete.length,
    ).toBeGreaterThan(0)
  })
})
