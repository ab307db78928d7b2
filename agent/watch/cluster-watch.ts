import {getHeapStatistics} from 'node:v8'
import type {SyncState} from '../../core/contract/agent.ts'
import type {DataPlane} from '../../core/dataplane/dataplane.ts'
import {npmOnNode, type RunningNpm} from '../../core/kubernetes/npm-pod.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {ObjectEvent} from '../../core/policy/incremental.ts'
import type {CompileOptions, Program} from '../../core/policy/program.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import type {Log} from '../log.ts'
import {type Clock, systemClock} from './clock.ts'
import {readClusterIdentityFrom} from './cluster-identity.ts'
import {clusterJson} from './cluster-json.ts'
import {type Kinds, namespaces, networkPolicies, nodes, podsOf, type WatchedKind} from './kinds.ts'
import {ListWatch, type ObjectChange, type WatchState} from './list-watch.ts'
import {Programs, rulesForHeap} from './programs.ts'

/** The agent's copy of the cluster's objects. It is kept while the API server cannot be reached. */
export interface ClusterWatch {
  /** How current it is. */
  syncState(): SyncState
  /** The objects as they are now, with only the fields that network policy depends on. A returned value does not change later. */
  objects(): ClusterObjects
  /**
   * The program that the objects ask for on a node of this data plane. The first call for a set of options takes as long as
   * a compilation, later ones are as fast as the changes since are few.
   */
  programFor(dataPlane: DataPlane, options: CompileOptions): Program
  /** The Azure NPM of this node, as far as its pod is known. */
  npm(): RunningNpm | undefined
  /** The objects as they are at the call, as JSON of a Kubernetes List, in pieces. */
  clusterJson(): Iterable<string>
  /**
   * Calls the listener after objects, state or failure changed; changes that come together are one call. A newer `asOf`
   * alone is none.
   *
   * @returns removes the listener
   */
  onChange(listener: () => void): () => void
  stop(): Promise<void>
}

export interface WatchClusterOptions {
  readonly api: ApiServer
  readonly node: string
  /** NPM Lite: only the pods of `node` are read. */
  readonly lite?: boolean
  readonly log: Log
  readonly clock?: Clock
  /** The first list begins after a random delay of up to so many milliseconds. */
  readonly spreadMs?: number
}

const SPREAD_MS = 3000

/** Starts to watch pods, namespaces, network policies and nodes. Failures of the API server do not end it, only `stop` does. */
export function watchCluster(options: WatchClusterOptions): ClusterWatch {
  return new FollowedCluster(options)
}

class FollowedCluster implements ClusterWatch {
  private readonly log: Log
  private readonly node: string
  private readonly watches: {readonly [Kind in keyof Kinds]: ListWatch<Kind>}
  private readonly programs = new Programs(() => this.objects(), rulesForHeap(getHeapStatistics().heap_size_limit))
  private readonly listeners = new Set<() => void>()
  private readonly end = new AbortController()
  private readonly runs: Promise<unknown>
  private isTelling = false
  /** Found in all pods when it is asked for, and not again while they stay the same. */
  private foundNpm: {readonly npm: RunningNpm | undefined} | undefined

  constructor({api, node, lite, log, clock = systemClock, spreadMs = SPREAD_MS}: WatchClusterOptions) {
    this.log = log
    this.node = node
    const readIdentity = readClusterIdentityFrom(api)
    const watch = <Kind extends keyof Kinds>(kind: WatchedKind<Kind>): ListWatch<Kind> =>
      new ListWatch({
        api,
        kind,
        clock,
        readIdentity,
        spreadMs,
        onChanges: changes => this.changed(kind.kind, changes),
        onState: (state, before) => this.stands(kind.plural, state, before),
      })
    this.watches = {
      Pod: watch(podsOf(lite ? node : undefined)),
      Namespace: watch(namespaces),
      NetworkPolicy: watch(networkPolicies),
      Node: watch(nodes),
    }
    this.runs = Promise.all(Object.values(this.watches).map(each => each.run(this.end.signal)))
  }

  syncState(): SyncState {
    const {Pod, Namespace, NetworkPolicy} = this.watches
    const states = Object.values(this.watches).map(each => each.state)
    const failure = states.find(each => each.failure !== undefined)?.failure
    const isListed = states.every(each => each.isListed)
    const state = this.end.signal.aborted ? 'off' : !isListed ? 'starting' : failure === undefined ? 'live' : 'stale'
    const asOf = Math.min(...states.map(each => each.asOf ?? Number.POSITIVE_INFINITY))
    return {
      state,
      ...(isListed && {asOf: new Date(asOf).toISOString()}),
      ...(failure !== undefined && {failure}),
      pods: Pod.size,
      namespaces: Namespace.size,
      policies: NetworkPolicy.size,
    }
  }

  objects(): ClusterObjects {
    const {Pod, Namespace, NetworkPolicy, Node} = this.watches
    return {pods: Pod.objects(), namespaces: Namespace.objects(), policies: NetworkPolicy.objects(), nodes: Node.objects()}
  }

  programFor(dataPlane: DataPlane, options: CompileOptions): Program {
    return this.programs.programFor(dataPlane, options)
  }

  npm(): RunningNpm | undefined {
    this.foundNpm ??= {npm: npmOnNode(this.watches.Pod.objects(), this.node)}
    return this.foundNpm.npm
  }

  clusterJson(): Iterable<string> {
    return clusterJson(this.objects())
  }

  onChange(listener: () => void): () => void {
    // A new function, so that a listener that is added twice is called twice.
    const own = () => listener()
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  async stop(): Promise<void> {
    this.end.abort()
    await this.runs
    this.listeners.clear()
  }

  private changed<Kind extends keyof Kinds>(kind: Kind, changes: readonly ObjectChange<Kinds[Kind]>[]): void {
    if (kind === 'Pod') this.foundNpm = undefined
    // The compiler cannot see that the kind and the object belong together.
    this.programs.apply(changes.map(change => ({kind, ...change}) as ObjectEvent))
    this.tell()
  }

  private stands(plural: string, state: WatchState, before: WatchState): void {
    if (state.failure === before.failure && state.isListed === before.isListed) return
    if (state.failure !== undefined) this.log.warn({kind: plural, failure: state.failure}, 'The cluster is not watched')
    else this.log.info({kind: plural}, 'The cluster is watched')
    this.tell()
  }

  /** Calls the listeners once for all changes of one turn of the event loop. */
  private tell(): void {
    if (this.isTelling) return
    this.isTelling = true
    setImmediate(() => {
      this.isTelling = false
      for (const listener of this.listeners) listener()
    })
  }
}
