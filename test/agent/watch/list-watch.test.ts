import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {type ApiServer, ApiServerError} from '../../../agent/kubernetes/api-server.ts'
import type {Clock} from '../../../agent/watch/clock.ts'
import {readClusterIdentityFrom} from '../../../agent/watch/cluster-identity.ts'
import {podsOf} from '../../../agent/watch/kinds.ts'
import {ListWatch, type ObjectChange} from '../../../agent/watch/list-watch.ts'
import type {Pod} from '../../../core/kubernetes/objects.ts'
import {type Asked, FakeApiServer, type Fault, line, paths, refuse} from '../../support/agent/fake-api-server.ts'
import {fastClock, notingClock, simulatedClock} from '../../support/agent/fake-clock.ts'
import {expectSame, node, pod, served} from '../../support/agent/made-objects.ts'
import {fill, openWatch, until} from '../../support/agent/open-watch.ts'

const isListOf = (path: string) => (asked: Asked) => asked.path === path && !asked.isWatch
const isWatchOf = (path: string) => (asked: Asked) => asked.path === path && asked.isWatch
const isPage = (asked: Asked) => isListOf(paths.pods)(asked) && asked.query.has('continue')

const manyPods = (server: FakeApiServer) => {
  fill(server)
  for (let index = 0; index < 1200; index++)
    server.put(paths.pods, served(pod(`many-${index}`, {ip: `10.2.${index >> 8}.${index & 255}`})))
}

/** Changes of all kinds, one of each type. */
function changeAll(server: FakeApiServer): void {
  server.put(paths.pods, served(pod('pod-new', {ip: '10.1.1.1'})))
  server.put(paths.pods, served(pod('pod-1', {ip: '10.1.1.2', labels: {app: 'db'}})))
  server.delete(paths.pods, pod('pod-2') as never)
  server.put(paths.pods, served(pod('pod-3', {phase: 'Succeeded'})))
  server.delete(paths.namespaces, {metadata: {name: 'green'}})
  server.delete(paths.policies, {metadata: {name: 'first', namespace: 'red'}})
  server.delete(paths.nodes, {metadata: {name: 'here'}})
}

describe('a watch of the cluster', () => {
  test('lists in pages and follows events', async () => {
    await using opened = await openWatch({before: manyPods})
    await opened.same()
    const lists = opened.server.asked.filter(isListOf(paths.pods))
    expect(lists.map(({query}) => [query.get('limit'), query.has('continue')])).toEqual([
      ['500', false],
      ['500', true],
      ['500', true],
    ])
    changeAll(opened.server)
    await opened.same()
    expect(opened.server.asked.filter(isListOf(paths.pods))).toHaveLength(3)
  })

  test('leaves finished pods to the server', async () => {
    await using opened = await openWatch()
    await opened.same()
    expect(opened.watch.syncState().pods).toBe(7)
    for (const {query} of opened.server.asked.filter(({path}) => path === paths.pods))
      expect(query.get('fieldSelector')).toBe('status.phase!=Succeeded,status.phase!=Failed')
    opened.server.put(paths.pods, served(pod('pod-0', {phase: 'Failed'})))
    await until(() => expect(opened.watch.syncState().pods).toBe(6))
  })

  test('of NPM Lite has pods of its own node only', async () => {
    await using opened = await openWatch({
      lite: true,
      before: server => {
        server.put(paths.pods, served(pod('mine')))
        server.put(paths.pods, served(pod('other', {node: 'there'})))
      },
    })
    await opened.state('live')
    opened.server.put(paths.pods, served(pod('late', {node: 'there'})))
    opened.server.put(paths.pods, served(pod('mine-too')))
    await until(() => expect(opened.watch.objects().pods.map(({metadata}) => metadata.name)).toEqual(['mine', 'mine-too']))
  })
})

describe('after', () => {
  test.each<{fault: string; happens: (server: FakeApiServer) => void}>([
    {
      fault: 'a version that is too old, as a status',
      happens: server => {
        server.next(isWatchOf(paths.pods), response => {
          changeAll(server)
          server.compact()
          refuse(response, 410, 'too old resource version: 1 (2)', 'Expired')
        })
        server.endWatches()
      },
    },
    {
      fault: 'a version that is too old, as an event',
      happens: server => {
        server.say(paths.pods, line('ERROR', {kind: 'Status', code: 410, reason: 'Expired', message: 'too old'}))
        changeAll(server)
      },
    },
    {
      fault: 'events that were missed and compacted while the connection was cut',
      happens: server => {
        server.cut()
        changeAll(server)
        server.compact()
      },
    },
    {
      fault: 'events that were missed while the connection was cut',
      happens: server => {
        server.cut()
        changeAll(server)
      },
    },
    {
      fault: 'a cut in the middle of a line',
      happens: server => {
        server.cut('{"type":"ADDED","object":{"kind":"Pod","metadata":{"na')
        changeAll(server)
      },
    },
    {
      fault: 'an end in the middle of a line, in order',
      happens: server => {
        for (const path of Object.values(paths)) server.say(path, '{"type":"ADDED","object":')
        server.endWatches()
        changeAll(server)
      },
    },
    {
      fault: 'an event of type ERROR that is not 410',
      happens: server => {
        server.say(paths.pods, line('ERROR', {kind: 'Status', code: 500, message: 'etcd event received with PrevKv=nil'}))
        changeAll(server)
      },
    },
    {
      fault: 'lines that are no events',
      happens: server => {
        for (const text of [
          '}\n',
          '\n',
          'null\n',
          '[]\n',
          '7\n',
          line('STRANGE', {}),
          line('ADDED', null),
          line('MODIFIED', {metadata: {}}),
        ]) {
          server.next(isWatchOf(paths.pods), (response, answer) => {
            answer()
            response.end(text)
          })
        }
        server.endWatches()
        changeAll(server)
      },
    },
    {
      fault: 'an event without a name',
      happens: server => {
        server.say(paths.pods, line('ADDED', {metadata: {resourceVersion: '5000'}}))
        changeAll(server)
      },
    },
    {
      fault: 'refusals of the watch',
      happens: server => {
        for (const code of [500, 503, 429, 504, 401, 403])
          server.next(isWatchOf(paths.pods), response => refuse(response, code, 'not now'))
        server.endWatches()
        changeAll(server)
      },
    },
    {
      fault: 'a refusal of the version',
      happens: server => {
        server.next(isWatchOf(paths.policies), response => refuse(response, 400, 'invalid resource version "x"', 'BadRequest'))
        server.endWatches()
        changeAll(server)
      },
    },
    {
      fault: 'events that come twice and in an old order',
      happens: server => {
        const [first] = server.stored(paths.pods)
        changeAll(server)
        server.say(paths.pods, line('ADDED', first) + line('ADDED', first))
        server.delete(paths.pods, first as never)
        server.say(paths.pods, line('DELETED', first))
      },
    },
    {
      fault: 'a silence that does not end',
      happens: server => {
        // The connection stays open and nothing ever comes, whatever happens at the server.
        for (const path of Object.values(paths)) server.next(isWatchOf(path), response => response.flushHeaders())
        server.endWatches()
        changeAll(server)
      },
    },
    {
      fault: 'watches that end at once',
      happens: server => {
        for (let index = 0; index < 5; index++) server.next(isWatchOf(paths.nodes), response => response.end())
        server.endWatches()
        changeAll(server)
      },
    },
    {fault: 'another etcd whose versions start over', happens: server => newCluster(server, 1)},
    {fault: 'another etcd that has overtaken our versions', happens: server => newCluster(server, 1_000_000)},
    {fault: 'the same cluster put back from a backup', happens: server => newCluster(server, 1, 'first-cluster')},
  ])('$fault, everything is known as it is', async ({happens}) => {
    await using opened = await openWatch()
    await opened.same()
    happens(opened.server)
    await opened.same()
    opened.server.put(paths.pods, served(pod('after-all', {ip: '10.9.9.9'})))
    await opened.same()
  })

  function newCluster(server: FakeApiServer, startAt: number, uid?: string): void {
    server.newEtcd(startAt, uid)
    server.put(paths.pods, served(pod('pod-1', {ip: '10.7.0.1'})))
    server.put(paths.pods, served(pod('another', {ip: '10.7.0.2'})))
  }

  // The API server itself was not seen to go: the watch is open, and its events are below the version it began at.
  test.each<{end: string; silence: Fault}>([
    {end: 'that never ends', silence: response => response.flushHeaders()},
    {
      end: 'that the server ends in time',
      silence: response => {
        response.flushHeaders()
        setTimeout(() => response.end(), 60)
      },
    },
  ])('a silent watch $end, from a version that the cluster never had, all is listed anew', async ({silence}) => {
    await using opened = await openWatch()
    await opened.same()
    opened.server.next(isWatchOf(paths.pods), silence)
    opened.server.endWatches()
    await until(() => expect(opened.server.faultsLeft).toBe(0))
    const restore = opened.server.stored(paths.pods)
    opened.server.newEtcd(1, 'first-cluster')
    for (const each of restore.slice(0, 3)) opened.server.put(paths.pods, each)
    await opened.same()
  })

  test.each<{fault: string; fail: Fault}>([
    {fault: 'it cannot read', fail: response => refuse(response, 400, 'invalid resource version', 'BadRequest')},
    {fault: 'after which it only says nonsense', fail: response => response.end('nonsense\n')},
  ])('a version that the server gave out and $fault, all is listed anew', async ({fail}) => {
    await using opened = await openWatch()
    await opened.same()
    const bad = opened.server.asked.findLast(isWatchOf(paths.pods))?.query.get('resourceVersion')
    const failNext = () =>
      opened.server.next(
        asked => isWatchOf(paths.pods)(asked) && asked.query.get('resourceVersion') === bad,
        (response, answer, asked) => {
          failNext()
          fail(response, answer, asked)
        },
      )
    failNext()
    opened.server.endWatches()
    opened.server.put(paths.nodes, served(node('moves-the-version')))
    opened.server.put(paths.pods, served(pod('after')))
    // One fault is left: that of the version which nobody asks for any more.
    await until(() => {
      expectSame(opened.watch.objects(), opened.server)
      expect(opened.watch.syncState().state).toBe('live')
      expect(opened.server.watching()).toBe(4)
    })
  })

  test('a version that is too old in the middle of a list, the list starts again', async () => {
    await using opened = await openWatch({
      before: server => {
        manyPods(server)
        server.next(isPage, (_, answer) => {
          server.delete(paths.pods, pod('many-3') as never)
          server.compact()
          answer()
        })
      },
    })
    await opened.same()
    expect(opened.server.asked.filter(isListOf(paths.pods))).toHaveLength(2 + 3)
  })

  test('a page that failed, only that page is asked for again', async () => {
    await using opened = await openWatch({
      before: server => {
        manyPods(server)
        server.next(isPage, response => refuse(response, 500, 'leader changed'))
        server.next(isPage, response => response.destroy())
      },
    })
    await opened.same()
    expect(opened.server.asked.filter(isListOf(paths.pods))).toHaveLength(3 + 2)
  })

  test('bookmarks alone, the next watch starts at the last one', async () => {
    await using opened = await openWatch()
    await opened.same()
    for (let index = 0; index < 50; index++) opened.server.put(paths.nodes, served(node('busy')))
    opened.server.bookmark()
    const last = opened.server.stored(paths.nodes).at(-1)?.metadata.resourceVersion
    await until(() => expect(opened.watch.objects().nodes).toHaveLength(2))
    const before = opened.server.asked.filter(isWatchOf(paths.policies)).length
    opened.server.endWatches()
    await opened.same()
    const watches = opened.server.asked.filter(isWatchOf(paths.policies))
    expect(watches).toHaveLength(before + 1)
    expect(watches.at(-1)?.query.get('resourceVersion')).toBe(last)
    for (const {query} of watches) expect(query.get('allowWatchBookmarks')).toBe('true')
  })

  test('an API server that is away at first, and then for long', async () => {
    await using opened = await openWatch()
    const back = await opened.server.goAway()
    const starting = opened.watch.syncState()
    expect(starting).toMatchObject({state: 'starting', pods: 0})
    await until(() => expect(opened.watch.syncState().failure).toContain('ECONNREFUSED'))
    await back()
    await opened.same()
    const {asOf} = opened.watch.syncState()
    const backAgain = await opened.server.goAway()
    const stale = await opened.state('stale')
    expect(stale).toMatchObject({pods: 7, namespaces: 3, policies: 1, failure: expect.stringContaining('127.0.0.1')})
    expect(Date.parse(stale.asOf ?? '')).toBeGreaterThanOrEqual(Date.parse(asOf ?? ''))
    expect(opened.watch.objects().pods).toHaveLength(7)
    changeAll(opened.server)
    await backAgain()
    await opened.same()
  })
})

/** Watches pods alone, and notes what is told. */
async function openPods(api: ApiServer, clock: Clock = fastClock(), spreadMs = 0) {
  const told: ObjectChange<Pod>[][] = []
  const end = new AbortController()
  const list = new ListWatch({
    api,
    kind: podsOf(),
    clock,
    readIdentity: readClusterIdentityFrom(api),
    spreadMs,
    onChanges: changes => told.push([...changes]),
    onState: () => undefined,
  })
  const run = list.run(end.signal)
  const stop = async () => {
    end.abort()
    await run
  }
  return {list, told, stop}
}

describe('who follows the changes', () => {
  test('is told only what is different after a new list', async () => {
    await using server = await FakeApiServer.start()
    fill(server)
    const {told, stop} = await openPods(await server.api())
    await until(() => expect(server.watching()).toBe(1))
    expect(told.map(changes => changes.map(({type}) => type))).toEqual([Array.from({length: 7}, () => 'added')])
    told.length = 0
    server.cut()
    changeAll(server)
    server.compact()
    await until(() => expect(told.flat()).toHaveLength(4))
    expect(told).toHaveLength(1)
    expect(
      told
        .flat()
        .map(({type, object}) => `${type} ${object.metadata.name}`)
        .toSorted(),
    ).toEqual(['added pod-new', 'deleted pod-2', 'deleted pod-3', 'modified pod-1'])
    await stop()
  })

  test('is not told of what nobody needs', async () => {
    await using server = await FakeApiServer.start()
    fill(server)
    const {told, stop} = await openPods(await server.api())
    await until(() => expect(server.watching()).toBe(1))
    told.length = 0
    for (let turn = 1; turn < 20; turn++) server.put(paths.pods, served(pod('pod-0', {ip: '10.1.0.1'}), turn))
    server.put(paths.pods, served(pod('last')))
    await until(() => expect(told.flat().map(({object}) => object.metadata.name)).toContain('last'))
    expect(told.flat()).toHaveLength(1)
    await stop()
  })
})

describe('an API server that goes on refusing', () => {
  const refusing =
    (code: number): Fault =>
    response =>
      refuse(response, code, 'no')

  test.each<{what: string; isFailed: (asked: Asked) => boolean; fail: Fault; longestMs?: number}>([
    {what: 'everything', isFailed: () => true, fail: refusing(403)},
    {what: 'everything, as it is not ready', isFailed: () => true, fail: refusing(503), longestMs: 3750},
    {what: 'everything, by closing', isFailed: () => true, fail: response => response.destroy(), longestMs: 3750},
    {what: 'everything, as there is too much to do', isFailed: () => true, fail: refusing(429)},
    {what: 'watches', isFailed: ({isWatch}) => isWatch, fail: refusing(403)},
    {what: 'every version that it gave out itself', isFailed: ({isWatch}) => isWatch, fail: refusing(410)},
    {what: 'the second page of every list', isFailed: isPage, fail: refusing(410)},
    {what: 'watches, by ending them at once', isFailed: ({isWatch}) => isWatch, fail: response => response.end()},
    {what: 'watches, by nonsense', isFailed: ({isWatch}) => isWatch, fail: response => response.end('nonsense\n')},
  ])('$what is asked less and less often', async ({isFailed, fail, longestMs = 22_500}) => {
    await using server = await FakeApiServer.start()
    manyPods(server)
    const failNext = () =>
      server.next(isFailed, (response, answer, asked) => {
        failNext()
        fail(response, answer, asked)
      })
    failNext()
    const clock = notingClock()
    const {stop} = await openPods(await server.api(), clock)
    // The longest is 30 s, or 5 s while nobody answers, of which half is left to chance. In between are others, as for a page that is tried again.
    await until(() => expect(clock.delays.filter(delay => delay === longestMs).length).toBeGreaterThan(4))
    await stop()
    expect(Math.max(...clock.delays)).toBe(longestMs)
  })

  test('large answers is asked for smaller ones', async () => {
    const limits: number[] = []
    const api: ApiServer = {
      async get(path) {
        const url = new URL(path, 'http://fake')
        const limit = Number(url.searchParams.get('limit'))
        if (url.pathname !== paths.pods) return {metadata: {resourceVersion: '5'}, items: []}
        limits.push(limit)
        if (limit > 100) throw new ApiServerError(0, 'the answer is larger than 67108864 bytes', 'TOO_LARGE')
        return {metadata: {resourceVersion: '5'}, items: [served(pod('a'))]}
      },
      post: () => Promise.reject(new Error('not asked for')),
      async *lines(_, signal) {
        await new Promise((_resolve, reject) => signal.addEventListener('abort', reject))
        yield ''
      },
    }
    const {list, stop} = await openPods(api)
    await until(() => expect(list.size).toBe(1))
    expect(limits).toEqual([500, 250, 125, 62])
    await stop()
  })
})

/** An API server that is away for a while, and then has forgotten all versions from before. */
function openOutage(clock: Clock, away: {fromMs: number; toMs: number}, while_: () => ApiServerError) {
  const isAway = () => clock.now() >= away.fromMs && clock.now() < away.toMs
  const version = () => String(1000 + Math.floor(clock.now()))
  let asked = 0
  const answer = () => {
    asked++
    if (isAway()) throw while_()
  }
  const api: ApiServer = {
    async get() {
      answer()
      return {metadata: {resourceVersion: version()}, items: [{metadata: {uid: 'one', name: 'kube-system', namespace: 'red'}}]}
    },
    post: () => Promise.reject(new Error('not asked for')),
    async *lines(path, signal, onOpen) {
      answer()
      onOpen?.()
      const {searchParams} = new URL(path, 'http://fake')
      const from = Number(searchParams.get('resourceVersion')) - 1000
      if (from < away.toMs && clock.now() >= away.toMs) yield line('ERROR', {kind: 'Status', code: 410, reason: 'Expired'}).trim()
      const {promise, resolve, reject} = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve(), {once: true})
      clock.after(Math.max(away.fromMs - clock.now(), 0), () => {
        if (isAway()) reject(while_())
      })
      clock.after(Number(searchParams.get('timeoutSeconds')) * 1000, resolve)
      await promise
      signal.throwIfAborted()
      yield line('BOOKMARK', {metadata: {resourceVersion: version()}})
    },
  }
  return {api, asked: () => asked}
}

describe('after an outage of any length', () => {
  test.prop([
    fc.integer({min: 0, max: 600}),
    fc.integer({min: 1, max: 900}),
    fc.infiniteStream(fc.double({min: 0, max: 0.999, noNaN: true})),
    fc.constantFrom(
      () => new ApiServerError(0, 'connect ECONNREFUSED', 'ECONNREFUSED'),
      () => new ApiServerError(503, 'not ready'),
    ),
  ])('what is known is current some seconds later, and nobody was asked without a pause', async (before, length, chance, why) => {
    const clock = simulatedClock(() => chance.next().value as number)
    const away = {fromMs: (before + 5) * 1000, toMs: (before + 5 + length) * 1000}
    const {api, asked} = openOutage(clock, away, why)
    const {list, stop} = await openPods(api, clock, 3000)
    await clock.runTo(away.fromMs - 1)
    expect(list.state).toMatchObject({isListed: true})
    const askedBefore = asked()
    await clock.runTo(away.toMs - 1)
    expect(list.state.failure).toBeDefined()
    expect(asked() - askedBefore).toBeLessThanOrEqual(6 + length / 2.5)
    // The pause while it was away, and one before a list.
    await clock.runTo(away.toMs + 9000)
    expect(list.state.failure).toBeUndefined()
    expect(list.state.asOf).toBeGreaterThan(away.toMs)
    expect(asked() - askedBefore).toBeLessThanOrEqual(16 + length / 2.5)
    await stop()
  })
})

describe('an end', () => {
  test.each<{when: string; reach: (server: FakeApiServer) => Promise<void>}>([
    {when: 'while watches are open', reach: server => until(() => expect(server.watching()).toBe(4))},
    {
      when: 'while a list is under way',
      reach: async server => {
        let isAsked = false
        server.next(isListOf(paths.pods), () => (isAsked = true))
        await until(() => expect(isAsked).toBe(true))
      },
    },
    {
      when: 'while a watch is being opened',
      reach: async server => {
        let isAsked = false
        server.next(isWatchOf(paths.pods), () => (isAsked = true))
        await until(() => expect(isAsked).toBe(true))
      },
    },
  ])('$when leaves nothing running', async ({reach}) => {
    await using opened = await openWatch()
    await reach(opened.server)
    await opened.watch.stop()
    await until(() => expect(opened.server.watching()).toBe(0))
    const asked = opened.server.asked.length
    opened.server.put(paths.pods, served(pod('too-late')))
    expect(opened.watch.syncState().state).toBe('off')
    expect(opened.watch.objects().pods.map(({metadata}) => metadata.name)).not.toContain('too-late')
    expect(opened.server.asked).toHaveLength(asked)
  })

  test('while it waits for an API server that is away comes at once', async () => {
    const opened = await openWatch({clock: {...fastClock(), after: () => () => undefined}})
    await opened.server.goAway()
    await opened.watch.stop()
    expect(opened.watch.syncState().state).toBe('off')
  })
})
