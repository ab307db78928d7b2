import {expect, vi} from 'vitest'
import {silentLog} from '../../../agent/log.ts'
import type {Clock} from '../../../agent/watch/clock.ts'
import {type ClusterWatch, watchCluster} from '../../../agent/watch/cluster-watch.ts'
import type {SyncState} from '../../../core/contract/agent.ts'
import {FakeApiServer, paths} from './fake-api-server.ts'
import {fastClock} from './fake-clock.ts'
import {expectSame, namespace, node, pod, policy, served} from './made-objects.ts'

/** A watch of a fake API server; both end with the test. */
export interface Opened extends AsyncDisposable {
  readonly server: FakeApiServer
  readonly watch: ClusterWatch
  /** Waits until both know the same, and all watches are open. */
  same(): Promise<void>
  state(state: SyncState['state']): Promise<SyncState>
}

export interface OpenOptions {
  readonly before?: (server: FakeApiServer) => void
  readonly lite?: boolean
  readonly clock?: Clock
}

/** Some objects of each kind. */
export function fill(server: FakeApiServer): void {
  server.put(paths.namespaces, served(namespace('red', {team: 'red'})))
  server.put(paths.namespaces, served(namespace('green')))
  server.put(paths.nodes, served(node('here')))
  server.put(paths.policies, served(policy('first')))
  for (let index = 0; index < 7; index++) server.put(paths.pods, served(pod(`pod-${index}`, {ip: `10.1.0.${index + 1}`})))
}

export async function openWatch({before = fill, lite = false, clock = fastClock()}: OpenOptions = {}): Promise<Opened> {
  const server = await FakeApiServer.start()
  before(server)
  const watch = watchCluster({api: await server.api(), node: 'here', lite, log: silentLog, clock})
  return {
    server,
    watch,
    same: () =>
      until(() => {
        expect(server.faultsLeft).toBe(0)
        expect(server.watching()).toBe(4)
        expectSame(watch.objects(), server)
        expect(watch.syncState().state).toBe('live')
      }),
    async state(state) {
      await until(() => expect(watch.syncState().state).toBe(state))
      return watch.syncState()
    },
    async [Symbol.asyncDispose]() {
      await watch.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Waits for what is expected. The time limit is only there so that a failing test ends. */
export const until = (expected: () => void): Promise<void> => vi.waitFor(expected, {timeout: 60_000, interval: 5})
