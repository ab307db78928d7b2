import type {DumpFailure} from '../../core/contract/dump.ts'
import {podLogs} from '../../core/contract/node-documents.ts'
import {NPM_POD_LABEL} from '../../core/kubernetes/npm-pod.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {Packed} from '../bytes/packed.ts'
import {podsShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError, apiErrorOf} from '../kubernetes/api-error.ts'
import type {CollectedFile} from './collection-log.ts'

const PODS = '/api/v1/namespaces/kube-system/pods'
const NPM = NPM_POD_LABEL.join('=')
const CONTAINER = 'azure-npm'
/** A pod that fails writes the same lines for weeks. */
const LAST_LINES = 10_000
const LARGEST_BYTES = 16 * 1024 * 1024

interface NpmPod {
  readonly name: string
  readonly container: string | undefined
}

/** What Azure NPM's pods have logged, from the API server and with the person's own rights. */
export class NpmLogs {
  /** What holds for all nodes: without the right there is no log at all. */
  readonly failures: DumpFailure[] = []
  private readonly api: ClusterApi
  private readonly pods = new Map<string, NpmPod>()
  private isForbidden = false

  private constructor(api: ClusterApi) {
    this.api = api
  }

  /** Finds the pods. That the person may not is no error: it is told in `failures`. */
  static async find(api: ClusterApi, signal: AbortSignal): Promise<NpmLogs> {
    const logs = new NpmLogs(api)
    try {
      const {items} = await api.get(`${PODS}?labelSelector=${encodeURIComponent(NPM)}`, podsShape, {
        signal,
      })
      for (const {metadata, spec} of items) {
        const names = (spec.containers ?? []).map(({name}) => name)
        const container = names.includes(CONTAINER) ? CONTAINER : names[0]
        if (spec.nodeName !== undefined) logs.pods.set(spec.nodeName, {name: metadata.name, container})
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof InputError)) throw error
      logs.forbid(error)
    }
    return logs
  }

  /** What the pod on a node has logged since its start, and before its last restart. */
  async read(node: string, signal: AbortSignal): Promise<CollectedFile[]> {
    const pod = this.pods.get(node)
    const files: CollectedFile[] = []
    for (const [log, file] of Object.entries(podLogs)) {
      const collected = pod && !this.isForbidden && (await this.readOne(pod, file, log === 'previous', signal))
      if (collected) files.push(collected)
    }
    return files
  }

  /** @returns undefined when there is no such log, and when it is nobody's fault but the missing right's */
  private async readOne(pod: NpmPod, file: string, isPrevious: boolean, signal: AbortSignal): Promise<CollectedFile | undefined> {
    const path = `${PODS}/${encodeURIComponent(pod.name)}/log`
    const query = new URLSearchParams({
      tailLines: String(LAST_LINES),
      limitBytes: String(LARGEST_BYTES),
      ...(pod.container !== undefined && {container: pod.container}),
      ...(isPrevious && {previous: 'true'}),
    })
    const startedAt = performance.now()
    const asked = `${path}?${query.toString()}`
    const entry = {file, command: `GET ${asked}`}
    try {
      const {status, body} = await this.api.request('GET', asked, {signal})
      const durationMs = performance.now() - startedAt
      if (status === 200) return {packed: await Packed.of([body]), entry: {...entry, durationMs, problems: []}, failures: []}
      // A pod that has never been restarted has no earlier log.
      if (isPrevious && status === 400) return undefined
      throw apiErrorOf(status, body, {method: 'GET', path, agentNamespace: this.api.agentNamespace})
    } catch (error) {
      if (signal.aborted || !(error instanceof InputError)) throw error
      if (error instanceof ApiError && error.status === 403) {
        this.forbid(error)
        return undefined
      }
      const {message, next} = error
      return {entry: {...entry, durationMs: performance.now() - startedAt, problems: [message]}, failures: [{message, next}]}
    }
  }

  /** The same for all nodes, and so told once. */
  private forbid({message, next}: InputError): void {
    if (this.isForbidden) return
    this.isForbidden = true
    this.failures.push({document: podLogs.current, message: `Azure NPM's logs are not in the dump: ${message}`, next})
  }
}
