import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {type PolicyList, policyChangeSchema} from '../../../core/contract/policies.ts'
import type {ClusterObjects, Pod} from '../../../core/kubernetes/objects.ts'
import {printObjects} from '../../../core/kubernetes/print-objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {openPacketNode, type PacketNode} from '../../support/kernel/packets/packet-node.ts'
import {backends} from '../../support/kernel/tools.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

describe('policies of dumps', () => {
  const run = async (...args: string[]) => {
    const result = await runCli(['policies', ...args])
    return {...result, list: () => JSON.parse(result.stdout) as PolicyList}
  }

  test('exit with 0 when all are in force, and 1 when one is not', async () => {
    expect((await run('--from', fixture('real-npm/clinic-fnv'))).exitCode).toBe(0)
    expect((await run('--from', fixture('two-nodes'))).exitCode).toBe(1)
  })

  test('exit with 2 when the input does not tell, and where a node of a dump could not be read', async () => {
    const rules = await run('--from', fixture('captures/v2-base36-nft/iptables-save.txt'), '-o', 'json')
    expect(rules.exitCode).toBe(2)
    expect(new Set(rules.list().items.flatMap(({states}) => states.map(({state}) => state)))).toEqual(new Set(['unknown']))
  })

  test('are those of a namespace or with labels, sorted by a column, without headers or by name', async () => {
    const two = ['--from', fixture('two-nodes')]
    const named = await run(...two, '-n', 'bakery', '-o', 'name')
    expect(named.stdout.split('\n').slice(0, 2)).toEqual([
      'networkpolicy.networking.k8s.io/bakery/closed',
      'networkpolicy.networking.k8s.io/bakery/ledger-in-ns-books',
    ])
    const byState = (await run(...two, '--sort-by', 'state', '-o', 'json')).list().items
    expect(byState.slice(0, 3).map(({states: [worst]}) => worst?.state)).toEqual(['differs', 'differs', 'means something else'])
    const byPods = (await run(...two, '--sort-by', 'pods', '-o', 'json')).list().items.map(({pods}) => pods ?? -1)
    expect(byPods).toEqual(byPods.toSorted((a, b) => b - a))
    expect((await run(...two, '--no-headers')).stdout).not.toContain('NAMESPACE')
    expect((await run(...two, '-l', 'no=such')).stdout).toContain('no policies')
    const watched = await run(...two, '--watch')
    expect(watched).toMatchObject({exitCode: 2, stdout: ''})
    expect(watched.stderr).toContain('what is in a file does not change')
    const wrong = await run(...two, '-l', 'a b')
    expect(wrong).toMatchObject({exitCode: 2, stdout: ''})
    expect(wrong.stderr).toContain('this is no label selector')
  })
})

const address = {web: '10.60.0.1', db: '10.60.0.2', other: '10.60.0.3'} as const
const pod = (name: keyof typeof address): Pod => ({
  metadata: {namespace: 'shop', name, labels: {app: name}},
  spec: {},
  status: {phase: 'Running', podIP: address[name]},
})
const shop: ClusterObjects = {
  namespaces: [{metadata: {name: 'shop', labels: {'kubernetes.io/metadata.name': 'shop'}}}],
  nodes: [],
  pods: [pod('web'), pod('db'), pod('other')],
  policies: [
    {
      metadata: {namespace: 'shop', name: 'db-from-web', creationTimestamp: '2026-11-01T00:00:00Z'},
      spec: {
        podSelector: {matchLabels: {app: 'db'}},
        policyTypes: ['Ingress'],
        ingress: [{from: [{podSelector: {matchLabels: {app: 'web'}}}]}],
      },
    },
    {metadata: {namespace: 'shop', name: 'quiet'}, spec: {podSelector: {matchLabels: {app: 'other'}}, policyTypes: ['Ingress']}},
  ],
}
const ALLOWED = 7
const DENIED = 3

/** Follows the policies of a node while something sends to it: each connection is counted once, in the total and in a rate. */
async function expectWatched({node}: PacketNode, objects: string, send: () => Promise<unknown>): Promise<void> {
  const args = ['netns', 'exec', node.name, process.execPath, kubectlNpm]
  const watching = execa('ip', [...args, 'policies', '--local', '--from', objects, '--watch', '-o', 'json'], {
    reject: false,
    lines: true,
    env: {NO_COLOR: '1'},
    timeout: 60_000,
  })
  let perSecond = 0
  let counted = ALLOWED
  for await (const line of watching) {
    const {kind, item} = policyChangeSchema.parse(JSON.parse(line))
    expect(kind).toBe('PolicyChange')
    if (item.name !== 'db-from-web' || !item.rates || item.rates.newConnections === null) continue
    perSecond = Math.max(perSecond, item.rates.newConnections)
    expect(item.newConnections).toBeLessThanOrEqual(counted)
    if (item.newConnections !== counted) continue
    if (perSecond > 0) watching.kill('SIGINT')
    else {
      // The first rate is there: counting has begun. On a busy machine a later one, of 0, may have taken the place of the one that is looked for.
      await send()
      counted += ALLOWED
    }
  }
  await watching
  expect(perSecond).toBeGreaterThan(0)
}

describeKernel('policies --local on the real kernel', () => {
  test.each(backends)('counts exactly the connections that were tried, in %s', async backend => {
    await using lab = await openPacketNode({
      pods: Object.entries(address).map(([name, ip]) => ({name, ip})),
      externals: ['203.0.113.9'],
      backend,
    })
    const program = compile(shop, {scheme: backend === 'nft' ? 'sha256' : 'fnv32a', semantics: 'npm'})
    const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
    await lab.load(text(printIpsetRestore(program)), text(printIptablesRestore(program, {forwardIndex: 4})))
    const tries = (source: string, count: number) =>
      Array.from({length: count}, () => ({source, destination: address.db, protocol: 'tcp' as const, port: 5432}))
    const verdicts = await lab.probe([...tries(address.web, ALLOWED), ...tries(address.other, DENIED)])
    expect(verdicts.filter(verdict => verdict === 'accept')).toHaveLength(ALLOWED)
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-policies-'))
    try {
      const objects = join(folder, 'cluster.json')
      writeFileSync(
        objects,
        [...printObjects({...shop, given: {kinds: ['pods', 'namespaces', 'policies', 'nodes'], gaps: []}})].join(''),
      )
      const {stdout} = await lab.node.run(process.execPath, [kubectlNpm, 'policies', '--local', '--from', objects, '-o', 'json'])
      const {items} = JSON.parse(stdout) as PolicyList
      await expectWatched(lab, objects, () => lab.probe(tries(address.web, ALLOWED)))
      expect(items.map(({name, newConnections, drops, pods}) => ({name, newConnections, drops, pods}))).toEqual([
        {name: 'db-from-web', newConnections: ALLOWED, drops: DENIED, pods: 1},
        {name: 'quiet', newConnections: 0, drops: 0, pods: 1},
      ])
      expect(items.map(({states}) => states.map(({state}) => state))).toEqual([['in force'], ['in force']])
      expect(items[0]).toMatchObject({nodes: {programmed: 1, all: 1}, createdAt: '2026-11-01T00:00:00Z'})
    } finally {
      rmSync(folder, {recursive: true})
    }
  })
})
