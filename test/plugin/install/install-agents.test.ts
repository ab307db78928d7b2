import {describe, expect, test} from 'vitest'
import type {ZodType} from 'zod'
import {requireSameInstallation} from '../../../plugin/install/existing-objects.ts'
import {type InstallEvents, type InstallQuestion, installAgents} from '../../../plugin/install/install-agents.ts'
import {installNamespaces, type KubernetesObject, objectName, objectPath} from '../../../plugin/install/objects.ts'
import {readAnswer} from '../../../plugin/kubernetes/answer-shapes.ts'
import type {ApiResponse, ClusterApi, RequestOptions} from '../../../plugin/kubernetes/api.ts'
import {apiErrorOf} from '../../../plugin/kubernetes/api-error.ts'

const NAMESPACE = 'kubectl-npm'
const NODE_NAMESPACE = 'kubectl-npm-node'
const labels = {'app.kubernetes.io/part-of': 'kubectl-npm'}
const daemonSet = (name: string, namespace: string): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: {name, namespace, labels},
  spec: {template: {metadata: {labels: {}}, spec: {containers: [{name: 'main', image: 'agent:1'}]}}},
})
const account = (name: string, namespace: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {name, namespace, labels},
})
const binding = (namespace: string): KubernetesObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: {name: 'kubectl-npm-agent', labels},
  subjects: [{kind: 'ServiceAccount', name: 'npm-agent', namespace}],
})
const objects: KubernetesObject[] = [
  ...[NAMESPACE, NODE_NAMESPACE].map(name => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels}})),
  account('npm-agent', NODE_NAMESPACE),
  account('npm-relay', NAMESPACE),
  binding(NODE_NAMESPACE),
  daemonSet('npm-agent', NODE_NAMESPACE),
  daemonSet('npm-relay', NAMESPACE),
]

interface Asked {
  readonly method: string
  readonly path: string
  readonly isDry: boolean
}

/** An API server in memory: stores what is applied, forgets what is deleted, and answers the rest from a table of paths. */
class FakeApi implements ClusterApi {
  readonly agentNamespace: string
  readonly asked: Asked[] = []
  private readonly stored = new Map<string, KubernetesObject>()
  private readonly removed = new Set<string>()
  private readonly answers: Readonly<Record<string, unknown>>

  constructor(answers: Readonly<Record<string, unknown>>, agentNamespace = NAMESPACE) {
    this.answers = answers
    this.agentNamespace = agentNamespace
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
      return answer(201, {...pod, metadata: {...pod.metadata, name: `${pod.metadata.generateName}x1`, uid: '1'}})
    }
    if (method === 'DELETE') {
      this.removed.add(path)
      return answer(200, {})
    }
    if (this.removed.has(path)) return answer(404, {message: 'not found', reason: 'NotFound'})
    const table = this.answers[path]
    const found = (typeof table === 'function' ? table(this.removed) : table) ?? this.stored.get(path)
    return found === undefined ? answer(404, {message: 'not found', reason: 'NotFound'}) : answer(200, found)
  }

  async call<T>(method: string, path: string, shape: ZodType<T>, options?: RequestOptions): Promise<T> {
    const {status, body} = await this.request(method, path, options)
    if (status >= 400) throw apiErrorOf(status, body, {method, path, agentNamespace: NAMESPACE})
    return readAnswer(`${method} ${path}`, body, shape)
  }

  get<T>(path: string, shape: ZodType<T>): Promise<T> {
    return this.call('GET', path, shape)
  }

  deleteLater(): never {
    throw new Error('not in these tests')
  }

  upgrade(): never {
    throw new Error('nothing is forwarded')
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const podsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`
const PODS = podsIn(NAMESPACE)
const NODE_PODS = podsIn(NODE_NAMESPACE)
const noPods = {[PODS]: {items: []}, [NODE_PODS]: {items: []}}
const pathOf = (name: string, namespace: string) => `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}`
const rollout = (name: string, namespace: string, desired: number, ready: number) => ({
  kind: 'DaemonSet',
  metadata: {name, namespace, generation: 1, labels},
  status: {observedGeneration: 1, desiredNumberScheduled: desired, updatedNumberScheduled: ready, numberReady: ready},
})
/** What the cluster says of a rollout; with the objects that are there already, because installing looks at these first. */
const rollouts = (agents: number, relays: number) => ({
  ...noPods,
  [pathOf('npm-agent', NODE_NAMESPACE)]: rollout('npm-agent', NODE_NAMESPACE, 2, agents),
  [pathOf('npm-relay', NAMESPACE)]: rollout('npm-relay', NAMESPACE, 2, relays),
})
const pod = (name: string, namespace: string, isReady = true) => ({
  metadata: {name, namespace, uid: '1', labels},
  spec: {nodeName: 'n1'},
  status: {phase: 'Running', conditions: [{type: 'Ready', status: isReady ? 'True' : 'False'}]},
})
const agentPod = pod('npm-agent-ephemeral-x1', NODE_NAMESPACE)
const relayPod = pod('npm-relay-ephemeral-x1', NAMESPACE)
const node = {'/api/v1/nodes/n1': {metadata: {name: 'n1'}}}

async function run(answers: Readonly<Record<string, unknown>>, change: Partial<InstallQuestion> = {}) {
  const api = new FakeApi(answers)
  const steps: string[] = []
  const told: string[] = []
  const events: InstallEvents = {
    onStep: ({object, change: what}) => steps.push(`${objectName(object)} ${what}`),
    onWarning: text => told.push(`warning: ${text}`),
    onWait: text => told.push(`waiting: ${text}`),
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
  test('on all nodes applies every object, and waits until agents and relays are ready', async () => {
    const {steps, told, installation} = await run(rollouts(2, 2))
    expect(installation).toEqual({kind: 'all nodes', nodes: 2})
    expect(steps.map(step => step.split(' ').slice(0, 2).join(' '))).toEqual(objects.map(objectName))
    expect(told).toEqual(['2 of 2'])
  })

  test.each([
    {agents: 1, relays: 1},
    {agents: 2, relays: 1},
  ])(
    'fails when $agents agents and $relays relays are ready in time, and says how many can be asked',
    async ({agents, relays}) => {
      const {installation} = await run(rollouts(agents, relays))
      expect(installation).toMatchObject({kind: 'error', error: {message: expect.stringContaining('1 of 2 agents are ready')}})
    },
  )

  test('in a dry run stores nothing, and gives what would be applied', async () => {
    const {api, steps, installation} = await run(noPods, {dryRun: true})
    expect(api.written).toEqual([])
    expect(installation).toEqual({kind: 'checked', objects})
    expect(steps).toHaveLength(objects.length)
  })

  test('without some objects removes those that an earlier installation made, before its agents start, and none of others', async () => {
    const without = [account('npm-operator', NAMESPACE), account('of-others', NAMESPACE), account('not-there', NAMESPACE)]
    const answers = {
      ...rollouts(2, 2),
      [objectPath(without[0] as KubernetesObject)]: {metadata: {name: 'npm-operator', namespace: NAMESPACE, uid: 'u1', labels}},
      [objectPath(without[1] as KubernetesObject)]: {metadata: {name: 'of-others', namespace: NAMESPACE, uid: 'u2'}},
    }
    const dry = await run(answers, {without, dryRun: true})
    expect(dry.steps.filter(step => step.endsWith('removed'))).toEqual([`ServiceAccount ${NAMESPACE}/npm-operator removed`])
    expect(dry.api.written).toEqual([])
    const {api, steps} = await run(answers, {without})
    expect(api.written.filter(each => each.startsWith('DELETE'))).toEqual([
      `DELETE ${objectPath(without[0] as KubernetesObject)}`,
    ])
    const names = steps.map(step => step.split(' ').slice(0, 2).join(' '))
    expect(names.indexOf(`ServiceAccount ${NAMESPACE}/npm-operator`)).toBeLessThan(
      names.indexOf(`DaemonSet ${NODE_NAMESPACE}/npm-agent`),
    )
  })

  test('on one node makes two pods there in place of the DaemonSets', async () => {
    const {api, installation} = await run(
      {...node, ...noPods, [`${NODE_PODS}/${agentPod.metadata.name}`]: agentPod, [`${PODS}/${relayPod.metadata.name}`]: relayPod},
      {node: 'n1'},
    )
    expect(installation).toEqual({kind: 'one node', node: 'n1', pod: 'npm-agent-ephemeral-x1', idleSeconds: 60})
    expect(api.written.filter(each => each.includes('daemonsets'))).toEqual([])
    expect(api.written.slice(-2)).toEqual([`POST ${NODE_PODS}`, `POST ${PODS}`])
  })

  test('on a Windows node makes nothing', async () => {
    const windows = {'/api/v1/nodes/n1': {metadata: {name: 'n1', labels: {'kubernetes.io/os': 'windows'}}}}
    const {api, installation} = await run({...windows, ...noPods}, {node: 'n1'})
    expect(installation).toMatchObject({kind: 'error', error: {message: expect.stringContaining('node n1 runs Windows')}})
    expect(api.written.filter(each => each.startsWith('POST'))).toEqual([])
  })

  test('on one node removes both pods again when one of them is not ready in time', async () => {
    const unready = pod(relayPod.metadata.name, NAMESPACE, false)
    const {api, installation} = await run(
      {...node, ...noPods, [`${NODE_PODS}/${agentPod.metadata.name}`]: agentPod, [`${PODS}/${unready.metadata.name}`]: unready},
      {node: 'n1'},
    )
    expect(installation).toMatchObject({kind: 'error', error: {message: expect.stringContaining('the agent is not ready')}})
    expect(api.written.slice(-2)).toEqual([
      `DELETE ${NODE_PODS}/${agentPod.metadata.name}`,
      `DELETE ${PODS}/${relayPod.metadata.name}`,
    ])
  })

  test('changes nothing on a node that has one', async () => {
    const {api, installation} = await run({...node, ...noPods, [NODE_PODS]: {items: [agentPod]}}, {node: 'n1'})
    expect(installation).toMatchObject({kind: 'present', sentence: expect.stringContaining('node n1 has an agent already')})
    expect(api.written).toEqual([])
  })

  test('asks for a node that is there', async () => {
    const {installation} = await run({}, {node: 'n9'})
    expect(installation).toMatchObject({kind: 'error', error: {message: 'there is no node n9'}})
  })
})

describe('objects of others', () => {
  const theirs: readonly (readonly [path: string, object: KubernetesObject])[] = objects
    .filter(({kind}) => kind !== 'Namespace')
    .map(object => [objectPath(object), {...object, metadata: {...object.metadata, labels: {team: 'blue'}}}])

  test.each(theirs)('%s is not taken over, forced or not, and nothing is written', async (path, object) => {
    const namespaces = [NAMESPACE, NODE_NAMESPACE].map(name => [`/api/v1/namespaces/${name}`, {metadata: {name}}])
    for (const force of [false, true]) {
      const {api, installation} = await run({...rollouts(2, 2), ...Object.fromEntries(namespaces), [path]: object}, {force})
      expect(installation).toMatchObject({
        kind: 'error',
        error: {message: expect.stringContaining(`${objectName(object)} is there already, and is not of kubectl npm`)},
      })
      expect(api.written).toEqual([])
    }
  })
})

describe('an installation of before there were relays', () => {
  const OLD_DAEMON_SET = pathOf('npm-agent', NAMESPACE)
  const OLD_ACCOUNT = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/npm-agent`
  const BINDING = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubectl-npm-agent'
  const oldPod = {
    ...pod('npm-agent-abcde', NAMESPACE),
    metadata: {
      ...pod('npm-agent-abcde', NAMESPACE).metadata,
      ownerReferences: [{kind: 'DaemonSet', name: 'npm-agent', uid: '2'}],
    },
  }
  const whole = {
    ...rollouts(2, 2),
    [`/api/v1/namespaces/${NAMESPACE}`]: {metadata: {name: NAMESPACE, labels}},
    [OLD_DAEMON_SET]: daemonSet('npm-agent', NAMESPACE),
    [OLD_ACCOUNT]: account('npm-agent', NAMESPACE),
    [BINDING]: binding(NAMESPACE),
    // Its pods end some time after it.
    [PODS]: (removed: ReadonlySet<string>) => ({items: removed.has(OLD_DAEMON_SET) ? [] : [oldPod]}),
  }
  const at = (api: {written: readonly string[]}, start: string) => api.written.findIndex(each => each.startsWith(start))

  test('is removed after all was checked, and before agents of ours are made', async () => {
    const {api, steps, installation} = await run(whole, {timeoutMs: 10_000})
    expect(installation).toEqual({kind: 'all nodes', nodes: 2})
    expect(steps).toContain(`DaemonSet ${NAMESPACE}/npm-agent removed`)
    expect(steps).toContain(`ServiceAccount ${NAMESPACE}/npm-agent removed`)
    const order = [
      `PATCH /api/v1/namespaces/${NODE_NAMESPACE}/serviceaccounts`,
      `DELETE ${OLD_DAEMON_SET}`,
      `DELETE ${OLD_ACCOUNT}`,
      `PATCH ${BINDING}`,
      `PATCH ${pathOf('npm-agent', NODE_NAMESPACE)}`,
    ].map(start => at(api, start))
    expect(order).toEqual(order.toSorted((one, other) => one - other))
    expect(order).not.toContain(-1)
  })

  test('of which only pods are left, because somebody was killed half-way, is waited for', async () => {
    let looks = 0
    const {told, installation} = await run(
      {
        ...whole,
        [OLD_DAEMON_SET]: undefined,
        [OLD_ACCOUNT]: undefined,
        [BINDING]: binding(NODE_NAMESPACE),
        [PODS]: () => ({items: looks++ < 3 ? [oldPod] : []}),
      },
      {timeoutMs: 10_000},
    )
    expect(installation).toEqual({kind: 'all nodes', nodes: 2})
    expect(told).toContain('waiting: older agents have to end first: npm-agent-abcde')
  })

  test('whose pods do not end, because a kubelet is away, does not keep the others from being upgraded', async () => {
    const {told, steps} = await run({...whole, [PODS]: {items: [oldPod]}})
    expect(told).toContainEqual(expect.stringMatching(/^warning: older agents are still there: npm-agent-abcde; on their nodes/))
    expect(steps.some(step => step.startsWith(`DaemonSet ${NODE_NAMESPACE}/npm-agent`))).toBe(true)
  })

  test('in a dry run is said to go, and stays', async () => {
    const {api, steps} = await run(whole, {dryRun: true})
    expect(steps).toContain(`DaemonSet ${NAMESPACE}/npm-agent removed`)
    expect(api.written).toEqual([])
  })

  test('keeps an agent for one node away: its rights would be taken from it', async () => {
    const {api, installation} = await run({...node, ...whole}, {node: 'n1'})
    expect(installation).toMatchObject({
      kind: 'error',
      error: {message: `agents of an older version run in namespace ${NAMESPACE}`},
    })
    expect(api.written).toEqual([])
  })

  test('of somebody else is left alone', async () => {
    const theirs = {...account('npm-agent', NAMESPACE), metadata: {name: 'npm-agent', namespace: NAMESPACE}}
    const {api, installation} = await run({...whole, [OLD_DAEMON_SET]: undefined, [OLD_ACCOUNT]: theirs, [PODS]: {items: []}})
    expect(installation).toEqual({kind: 'all nodes', nodes: 2})
    expect(api.written.filter(each => each.startsWith('DELETE'))).toEqual([])
  })
})

describe('where the agents may be', () => {
  test.each(['default', 'kube-system', 'kube', `a${'b'.repeat(58)}`])('%s is refused in words', name => {
    expect(() => installNamespaces(name)).toThrow(/own|too long/)
  })

  test('a namespace with the longest name that leaves room for the other one', () => {
    expect(installNamespaces('b'.repeat(58))[1]).toHaveLength(63)
  })

  test.each([
    {place: 'ops-node', asked: 'kubectl-npm', right: 'ops'},
    {place: 'ops', asked: 'kubectl-npm', right: 'ops'},
    // Somebody has given the other one of the two.
    {place: 'ops-node', asked: 'ops-node', right: 'ops'},
  ])('agents in $place are not those of $asked', async ({place, asked, right}) => {
    const api = new FakeApi({'/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubectl-npm-agent': binding(place)}, asked)
    await expect(requireSameInstallation(api)).rejects.toMatchObject({
      message: expect.stringContaining(`installed in namespace ${right}, not in ${asked}`),
      next: expect.stringContaining(`kubectl npm uninstall --agent-namespace ${right}`),
    })
  })

  test.each([
    {place: 'ops-node', asked: 'ops', accounts: 'ops'},
    {place: 'ops', asked: 'ops', accounts: 'ops'},
    // Of before there were relays, in a namespace that happens to have such a name.
    {place: 'ops-node', asked: 'ops-node', accounts: 'ops-node'},
  ])('agents in $place are those of $asked', async ({place, asked, accounts}) => {
    const answers = {
      '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubectl-npm-agent': binding(place),
      [`/api/v1/namespaces/${accounts}/serviceaccounts/npm-viewer`]: account('npm-viewer', accounts),
    }
    await expect(requireSameInstallation(new FakeApi(answers, asked))).resolves.toBeUndefined()
  })
})
