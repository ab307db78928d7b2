import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import type {ClusterWatch} from '../../../agent/watch/cluster-watch.ts'
import {linux} from '../../../core/dataplanes.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {CompileOptions, Program} from '../../../core/policy/program.ts'
import {type FakeApiServer, line, paths, refuse} from '../../support/agent/fake-api-server.ts'
import {canonical, namespace, pod, policy, served, sorted} from '../../support/agent/made-objects.ts'
import {fill, openWatch, until} from '../../support/agent/open-watch.ts'

const npm: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const optionSets: readonly CompileOptions[] = [
  npm,
  {...npm, isOnNeed: true},
  {...npm, isLite: true, node: 'here'},
  {scheme: 'fnv32a', semantics: 'kubernetes'},
]

/** Policies that nobody refuses are in no order that means something; a compilation takes them as they are listed. */
function expectCompiled(program: Program, watch: ClusterWatch): void {
  expect(canonical(program as LinuxProgram)).toEqual(canonical(compile(watch.objects(), program.options)))
}

describe('a program', () => {
  plainTest('follows the cluster, whatever it was asked for before', async () => {
    await using opened = await openWatch()
    await opened.same()
    for (const options of optionSets) expectCompiled(opened.watch.programFor(linux, options), opened.watch)
    opened.server.put(paths.pods, served(pod('late', {ip: '10.5.5.5', labels: {app: 'late'}})))
    opened.server.put(paths.policies, served(policy('late', 'late')))
    await opened.same()
    for (const options of optionSets) expectCompiled(opened.watch.programFor(linux, options), opened.watch)
    expect([...opened.watch.programFor(linux, npm).sets.values()].map(({name}) => name)).toContain('podlabel-app:late')
  })

  plainTest('is the same one while nothing changes, and stays what it was when something does', async () => {
    await using opened = await openWatch()
    await opened.same()
    const first = opened.watch.programFor(linux, npm) as LinuxProgram
    const copy = canonical(first)
    expect(opened.watch.programFor(linux, {...npm, isLite: false})).toBe(first)
    opened.server.bookmark()
    opened.server.delete(paths.pods, pod('pod-1') as never)
    await opened.same()
    expect(opened.watch.programFor(linux, npm)).not.toBe(first)
    expect(canonical(first)).toEqual(copy)
  })

  plainTest('is forgotten when many others are asked for', async () => {
    await using opened = await openWatch()
    await opened.same()
    const first = opened.watch.programFor(linux, npm) as LinuxProgram
    for (const node of ['a', 'b', 'c', 'd']) opened.watch.programFor(linux, {...npm, isLite: true, node})
    const again = opened.watch.programFor(linux, npm) as LinuxProgram
    expect(again).not.toBe(first)
    expect(canonical(again)).toEqual(canonical(first))
  })
})

describe('Azure NPM of the node', () => {
  plainTest('is known by its pod, while it is upgraded and gone, too', async () => {
    const npm = (tag: string) => {
      const its = pod('azure-npm-1', {labels: {'k8s-app': 'azure-npm'}})
      return served({
        ...its,
        metadata: {...its.metadata, namespace: 'kube-system'},
        spec: {nodeName: 'here', containers: [{image: `registry/azure-npm:${tag}`}]},
        status: {containerStatuses: [{image: 'x', state: {running: {startedAt: '2026-11-20T08:00:00Z'}}}]},
      })
    }
    await using opened = await openWatch()
    await opened.same()
    expect(opened.watch.npm()).toBeUndefined()
    opened.server.put(paths.pods, npm('v1.5.5'))
    await until(() => expect(opened.watch.npm()).toEqual({release: 'v1.5.5', startedAt: '2026-11-20T08:00:00.000Z'}))
    opened.server.put(paths.pods, npm('v1.6.48'))
    await until(() => expect(opened.watch.npm()?.release).toBe('v1.6.48'))
    opened.server.delete(paths.pods, npm('v1.6.48'))
    await until(() => expect(opened.watch.npm()).toBeUndefined())
  })
})

describe('the document of the cluster', () => {
  plainTest('is read as what is known, and comes in pieces', async () => {
    await using opened = await openWatch({
      before: server => {
        fill(server)
        server.put(paths.namespaces, served(namespace('odd', {text: 'ü"\\\u2028'})))
        for (let index = 0; index < 2000; index++) server.put(paths.pods, served(pod(`many-${index}`)))
      },
    })
    await opened.same()
    const text = [...opened.watch.clusterJson()]
    expect(text.length).toBeGreaterThan(3)
    for (const piece of text) expect(piece.length).toBeLessThan(70_000)
    const {nodes, problems} = await readDump([{name: 'cluster.json', folder: 'here', text}])
    // The pods are so many that they share an address.
    const others = problems.filter(({code}) => code !== 'SHARED_ADDRESS')
    expect([others, nodes[0]?.problems.filter(({code}) => code === 'BAD_OBJECT')]).toEqual([[], []])
    // The kinds come on top.
    expect(nodes[0]?.cluster && sorted(nodes[0].cluster)).toMatchObject(sorted(opened.watch.objects()))
  })

  plainTest('of an empty cluster is a list, too', async () => {
    await using opened = await openWatch({before: server => server.delete(paths.namespaces, {metadata: {name: 'kube-system'}})})
    await opened.state('live')
    const text = [...opened.watch.clusterJson()].join('')
    expect(JSON.parse(text)).toMatchObject({apiVersion: 'v1', kind: 'List', items: []})
  })

  plainTest('is that of the moment it was asked for', async () => {
    await using opened = await openWatch()
    await opened.same()
    const pieces = opened.watch.clusterJson()
    const before = opened.watch.objects()
    opened.server.delete(paths.pods, pod('pod-1') as never)
    await until(() => expect(opened.watch.syncState().pods).toBe(6))
    const {items} = JSON.parse([...pieces].join('')) as {items: {kind: string}[]}
    expect(items.filter(({kind}) => kind === 'Pod')).toHaveLength(7)
    expect(before.pods).toHaveLength(7)
  })
})

describe('what is known', () => {
  plainTest('is live with the time of the last word, and says which kind failed and why', async () => {
    await using opened = await openWatch()
    await opened.same()
    const {asOf = '', ...rest} = opened.watch.syncState()
    expect(rest).toEqual({state: 'live', pods: 7, namespaces: 3, policies: 1})
    opened.server.bookmark()
    await until(() => expect(opened.watch.syncState().asOf).not.toBe(asOf))
    const refuseNext = () =>
      opened.server.next(
        asked => asked.path === paths.policies,
        response => {
          refuseNext()
          refuse(response, 403, 'networkpolicies is forbidden: User "x" cannot watch', 'Forbidden')
        },
      )
    refuseNext()
    opened.server.endWatches()
    const {failure} = await opened.state('stale')
    expect(failure).toContain('GET /apis/networking.k8s.io/v1/networkpolicies')
    expect(failure).toContain('was refused with 403: networkpolicies is forbidden: User "x" cannot watch')
  })

  plainTest('is not stale because a watch ended as agreed', async () => {
    await using opened = await openWatch()
    await opened.same()
    const states = new Set<string>()
    opened.watch.onChange(() => states.add(opened.watch.syncState().state))
    opened.server.bookmark()
    opened.server.endWatches()
    await until(() => expect(opened.server.watching()).toBe(0))
    await opened.same()
    opened.server.put(paths.pods, served(pod('last')))
    await until(() => expect(states.size).toBe(1))
    expect([...states]).toEqual(['live'])
  })

  plainTest('is told to who listens, once for what comes together, until they have heard enough', async () => {
    await using opened = await openWatch()
    await opened.same()
    let calls = 0
    const end = opened.watch.onChange(() => calls++)
    const lines = Array.from({length: 50}, (_, index) =>
      line('ADDED', {
        ...served(pod(`pod-a${index}`)),
        metadata: {name: `pod-a${index}`, namespace: 'red', resourceVersion: '5000'},
      }),
    )
    opened.server.say(paths.pods, lines.join(''))
    await until(() => expect(opened.watch.syncState().pods).toBe(57))
    await until(() => expect(calls).toBeGreaterThan(0))
    expect(calls).toBeLessThan(50)
    opened.server.bookmark()
    end()
    const before = calls
    opened.server.put(paths.pods, served(pod('another')))
    await until(() => expect(opened.watch.syncState().pods).toBe(58))
    await new Promise(setImmediate)
    expect(calls).toBe(before)
  })
})

const names = fc.constantFrom('p', 'q', 'r', 's')
const app = fc.constantFrom('web', 'db', 'cache')
const step: fc.Arbitrary<(server: FakeApiServer, watch: ClusterWatch) => void> = fc.oneof(
  fc
    .tuple(names, app, fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.3'), fc.constantFrom('Running', 'Running', 'Succeeded'))
    .map(([name, label, ip, phase]) => (server: FakeApiServer) => {
      server.put(paths.pods, served(pod(name, {labels: {app: label}, ip, phase})))
    }),
  names.map(name => (server: FakeApiServer) => server.delete(paths.pods, pod(name) as never)),
  fc.tuple(names, app).map(
    ([name, label]) =>
      (server: FakeApiServer) =>
        server.put(paths.policies, served(policy(name, label))),
  ),
  names.map(name => (server: FakeApiServer) => server.delete(paths.policies, policy(name) as never)),
  fc.tuple(fc.constantFrom('red', 'blue'), app).map(([name, team]) => (server: FakeApiServer) => {
    server.put(paths.namespaces, served(namespace(name, {team})))
  }),
  fc
    .constantFrom('red', 'blue')
    .map(name => (server: FakeApiServer) => server.delete(paths.namespaces, namespace(name) as never)),
  fc.constant((server: FakeApiServer) => server.compact()),
  fc.constant((server: FakeApiServer) => server.cut()),
  fc.constant((server: FakeApiServer) => server.cut('{"type":"DELETED","obj')),
  fc.constant((server: FakeApiServer) => server.endWatches()),
  fc.constant((server: FakeApiServer) => server.bookmark()),
  fc.constant((server: FakeApiServer) => server.say(paths.pods, line('ERROR', {code: 410}))),
  fc.constant((server: FakeApiServer) => server.say(paths.policies, 'nothing of sense\n')),
  fc.uuid().map(uid => (server: FakeApiServer) => server.newEtcd(1, uid)),
  fc.constantFrom(...optionSets).map(options => (_: FakeApiServer, watch: ClusterWatch) => void watch.programFor(linux, options)),
)

describe('any history', () => {
  // After each step the watch gets some turns or none, so that steps fall into lists, into watches and between them.
  test.prop([fc.array(fc.tuple(step, fc.nat(4)), {minLength: 1, maxLength: 25})], {numRuns: 60})(
    'gives the objects of the API server and the program of all of them',
    async steps => {
      await using opened = await openWatch()
      for (const [happen, turns] of steps) {
        happen(opened.server, opened.watch)
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setTimeout(resolve, 1))
      }
      await opened.same()
      for (const options of optionSets) expectCompiled(opened.watch.programFor(linux, options), opened.watch)
    },
  )
})
