import {describe, expect, test} from 'vitest'
import {type InstallEvents, type InstallQuestion, installAgents} from '../../../plugin/install/install-agents.ts'
import type {KubernetesObject} from '../../../plugin/install/objects.ts'
import type {ApiResponse, ClusterApi, RequestOptions} from '../../../plugin/kubernetes/api.ts'
import {apiErrorOf} from '../../../plugin/kubernetes/api-error.ts'

const NAMESPACE = 'kubectl-npm'
const objects: KubernetesObject[] = [
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: NAMESPACE, labels: {'app.kubernetes.io/part-of': 'kubectl-npm'}}},
  {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'npm-agent', namespace: NAMESPACE}},
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {name: 'npm-agent', namespace: NAMESPACE},
    spec: {template: {metadata: {labels: {}}, spec: {containers: [{name: 'agent', image: 'agent:1'}]}}},
  },
]

interface Asked {
  readonly method: string
  readonly path: string
  readonly isDry: boolean
}

/** An API server in memory: stores what is applied, and answers the rest from a table of paths. */
class FakeApi implements ClusterApi {
  readonly agentNamespace = NAMESPACE
  readonly kubectlArguments: readonly string[] = []
  readonly asked: Asked[] = []
  private readonly stored = new Map<string, KubernetesObject>()
  private readonly answers: Readonly<Record<string, unknown>>

  constructor(answers: Readonly<Record<string, unknown>>) {
    this.answers = answers
  }

  get written(): string[] {
    return this.asked.filter(({method, isDry}) => method !== 'GET' && !isDry).map(({method, path}) => `${method} ${path}`)
  }

  async request(method: string, url: string, {body}: RequestOptions = {}): Promise<ApiResponse> {
    const [path = '', query = ''] = url.split('?')
    const isDry = query.includes('dryRun')
    this.asked.push({method, path, isDry})
    const answer = (status: number, value: unknown): ApiResponse => ({status, warnings: [], body: JSON.stringify(value)})
    if (method === 'PATCH') {
      const isNew = !this.stored.has(path)
      if (!isDry) this.stored.set(path, body as KubernetesObject)
      return answer(isNew ? 201 : 200, body)
    }
    if (method === 'POST') {
      const pod = body as KubernetesObject
      return answer(201, {...pod, metadata: {...pod.metadata, name: `${pod.metadata.generateName}x1`}})
    }
    const found = this.answers[path] ?? this.stored.get(path)
    return found === undefined ? answer(404, {message: 'not found', reason: 'NotFound'}) : answer(200, found)
  }

  async call<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    const {status, body} = await this.request(method, path, options)
    if (status >= 400) throw apiErrorOf(status, body, {method, path, agentNamespace: NAMESPACE})
    return JSON.parse(body) as T
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path)
  }

  upgrade(): never {
    throw new Error('nothing is forwarded')
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const DAEMON_SET = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/npm-agent`
const rollout = (desired: number, ready: number) => ({
  kind: 'DaemonSet',
  metadata: {name: 'npm-agent', namespace: NAMESPACE, generation: 1},
  status: {observedGeneration: 1, desiredNumberScheduled: desired, updatedNumberScheduled: ready, numberReady: ready},
})
const readyPod = {
  metadata: {name: 'npm-agent-ephemeral-x1', namespace: NAMESPACE},
  spec: {nodeName: 'n1'},
  status: {phase: 'Running', conditions: [{type: 'Ready', status: 'True'}]},
}

async function run(answers: Readonly<Record<string, unknown>>, change: Partial<InstallQuestion> = {}) {
  const api = new FakeApi(answers)
  const steps: string[] = []
  const told: string[] = []
  const events: InstallEvents = {
    onStep: ({object: {kind}, change: what}) => steps.push(`${kind} ${what}`),
    onWarning: text => told.push(text),
    onRollout: ({ready, desired}) => told.push(`${ready} of ${desired}`),
    onTrouble: text => told.push(text),
  }
  const question: InstallQuestion = {
    objects,
    node: undefined,
    dryRun: false,
    force: false,
    timeoutMs: 0,
    lifetimeMs: 600_000,
    signal: new AbortController().signal,
    ...change,
  }
  const installation = await installAgents(api, question, events).catch((error: Error) => ({kind: 'error', error}))
  return {api, steps, told, installation}
}

describe('installing agents', () => {
  test('on all nodes applies every object, and waits until they are ready', async () => {
    const {steps, told, installation} = await run({[DAEMON_SET]: rollout(2, 2), [PODS]: {items: []}})
    expect(installation).toEqual({kind: 'all nodes', nodes: 2})
    expect(steps).toEqual(['Namespace created', 'ServiceAccount created', 'DaemonSet created'])
    expect(told).toEqual(['2 of 2'])
  })

  test('fails when they are not ready in time, and says how many are', async () => {
    const {installation} = await run({[DAEMON_SET]: rollout(2, 1), [PODS]: {items: []}})
    expect(installation).toMatchObject({kind: 'error', error: {message: expect.stringContaining('1 of 2 agents are ready')}})
  })

  test('in a dry run stores nothing, and gives what would be applied', async () => {
    const {api, steps, installation} = await run({}, {dryRun: true})
    expect(api.written).toEqual([])
    expect(installation).toEqual({kind: 'checked', objects})
    expect(steps).toHaveLength(objects.length)
  })

  test('on one node makes a pod there in place of the DaemonSet', async () => {
    const {api, installation} = await run(
      {'/api/v1/nodes/n1': {metadata: {name: 'n1'}}, [PODS]: {items: []}, [`${PODS}/npm-agent-ephemeral-x1`]: readyPod},
      {node: 'n1'},
    )
    expect(installation).toEqual({kind: 'one node', node: 'n1', pod: 'npm-agent-ephemeral-x1', idleSeconds: 60})
    expect(api.written.filter(each => each.includes('daemonsets'))).toEqual([])
    expect(api.written.at(-1)).toBe(`POST ${PODS}`)
  })

  test('changes nothing on a node that has one', async () => {
    const {api, installation} = await run(
      {'/api/v1/nodes/n1': {metadata: {name: 'n1'}}, [PODS]: {items: [readyPod]}},
      {node: 'n1'},
    )
    expect(installation).toMatchObject({kind: 'present', sentence: expect.stringContaining('node n1 has an agent already')})
    expect(api.written).toEqual([])
  })

  test('asks for a node that is there', async () => {
    const {installation} = await run({}, {node: 'n9'})
    expect(installation).toMatchObject({kind: 'error', error: {message: 'there is no node n9'}})
  })
})
