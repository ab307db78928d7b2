import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import type {Permission} from '../../core/contract/permissions.ts'
import {dryRunPod, podOf} from '../../plugin/install/admission.ts'
import {daemonSetsOf, renderManifests} from '../../plugin/install/render.ts'
import {openClusterApi} from '../../plugin/kubernetes/api.ts'
import {kubectlNpm} from '../support/built-programs.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {everything, ours} from '../support/cluster/inventory.ts'
import {type ControlPlane, startControlPlane, workloadControllers} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BASE = fileURLToPath(new URL('../../manifests/base', import.meta.url))
const WINDOWS = fileURLToPath(new URL('../../manifests/overlays/windows', import.meta.url))
const SCRAPERS = 'kubectl-npm-metrics'
const ACCOUNT = 'system:serviceaccount:kubectl-npm'

interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: {readonly name: string; readonly namespace?: string}
  readonly rules?: readonly Rule[]
}

describeControlPlane('installing, at a real API server', () => {
  let cluster: ControlPlane
  let rendered: readonly Manifest[]
  /** Those that are installed where agents serve no metrics. */
  let manifests: readonly Manifest[]

  beforeAll(async () => {
    cluster = await startControlPlane({controllers: workloadControllers})
    const {stdout} = await cluster.kubectl(['kustomize', BASE])
    rendered = parseAllDocuments(stdout).map(document => document.toJS() as Manifest)
    manifests = rendered.filter(({metadata: {name}}) => name !== SCRAPERS)
  })
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
  })

  const npmAs = (kubeconfig: string, ...args: string[]) =>
    execa(process.execPath, [kubectlNpm, ...args], {env: {...cluster.env, KUBECONFIG: kubeconfig}, reject: false})
  const npm = (...args: string[]) => npmAs(cluster.kubeconfig, ...args)

  test('a dry run asks the server about everything and stores nothing', async () => {
    const before = await everything(cluster)
    const said = await npm('install', '--dry-run')
    expect(said).toMatchObject({exitCode: 0})
    for (const {kind, metadata} of manifests)
      expect(said.stdout).toMatch(new RegExp(`^${kind} (?:[\\w-]+/)?${metadata.name} would be created$`, 'm'))
    expect(said.stderr).toContain('are admitted is known only when their namespace and account are there')
    expect(await everything(cluster)).toEqual(before)
  })

  test('whoever lacks a right is told which, and nothing is installed', async () => {
    const before = await everything(cluster)
    const said = await npmAs(await cluster.kubeconfigFor('nobody'), 'install')
    expect(said).toMatchObject({exitCode: 2, stdout: ''})
    // Two are asked for at once.
    expect(said.stderr).toMatch(/"nobody" cannot get resource "(?:namespaces|clusterrolebindings)"/)
    expect(said.stderr).toMatch(/Needed is the right to get \w+.* Ask an administrator/)
    expect(await everything(cluster)).toEqual(before)
  })

  test('pods that a policy of the cluster would refuse are refused before the agents are installed', async () => {
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: {name: 'no-host-network'},
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods']}],
        },
        validations: [{expression: '!has(object.spec.hostNetwork) || !object.spec.hostNetwork', message: 'no host network here'}],
      },
    }
    const binding = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: {name: 'no-host-network'},
      spec: {policyName: 'no-host-network', validationActions: ['Deny']},
    }
    const input = JSON.stringify({apiVersion: 'v1', kind: 'List', items: [policy, binding]})
    await cluster.kubectl(['apply', '-f', '-'], {input})
    try {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {name: 'probe'},
        spec: {hostNetwork: true, containers: [{name: 'probe', image: 'none'}]},
      }
      await until('the policy counts', async () => {
        const probe = ['create', '--dry-run=server', '-n', 'default', '-f', '-']
        return (await cluster.kubectl(probe, {input: JSON.stringify(pod), allowFailure: true})).stderr.includes('no host network')
      })
      const before = await everything(cluster)
      const said = await npm('install')
      expect(said.exitCode).toBe(2)
      expect(said.stderr).toMatch(/nothing was installed.*would be refused.*no host network here/s)
      expect(said.stderr).toContain('Ask its owner to exempt namespace kubectl-npm-node')
      // A namespace needs a moment to go.
      await until('all is as before', async () => (await everything(cluster)).join() === before.join())
    } finally {
      await cluster.kubectl(['delete', 'validatingadmissionpolicybinding,validatingadmissionpolicy', 'no-host-network'])
    }
  })

  test('a namespace of others that refuses the pods is left as it is, and told', async () => {
    await cluster.kubectl(['create', 'namespace', 'strict'])
    await cluster.kubectl(['label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted'])
    const before = await everything(cluster)
    const said = await npm('install', '--agent-namespace', 'strict')
    expect(said.exitCode).toBe(2)
    expect(said.stderr).toMatch(/nothing was installed.*pod-security\.kubernetes\.io\/enforce/s)
    expect(said.stderr).toContain('--force-conflicts')
    expect(await everything(cluster)).toEqual(before)

    // Something that runs at the API server can give labels again, so the Pod is asked for, too.
    await cluster.kubectl(['create', 'serviceaccount', 'npm-relay', '-n', 'strict'])
    const pod = podOf(daemonSetsOf(await renderManifests(ROOT, {namespace: 'strict'})).relay)
    const flags = {kubeconfig: cluster.kubeconfig, 'agent-namespace': 'strict'}
    await using api = await openClusterApi(flags, AbortSignal.timeout(60_000))
    const refused = await dryRunPod(api, pod).catch(error => error)
    expect(refused).toMatchObject({
      message: expect.stringMatching(/pods npm-relay-… would be refused.*violates PodSecurity "restricted.*hostPath/s),
      next: expect.stringContaining('kubectl label namespace strict --overwrite pod-security.kubernetes.io/enforce=privileged'),
    })
    await cluster.kubectl(['delete', 'namespace', 'strict'])
  })

  test('every manifest is taken as it is written, and what the server makes of the agent is as small as it says', async () => {
    const said = await npm('install')
    expect(said).toMatchObject({exitCode: 0, stderr: expect.stringContaining('no node takes an agent')})
    expect((await ours(cluster)).map(({kind, metadata: {name}}) => `${kind} ${name}`).toSorted()).toEqual(
      manifests.map(({kind, metadata: {name}}) => `${kind} ${name}`).toSorted(),
    )
    const strictly = [
      'apply',
      '--server-side',
      '--dry-run=server',
      '--validate=strict',
      '--field-manager=kubectl-npm',
      '-k',
      BASE,
    ]
    const {stdout, stderr} = await cluster.kubectl(strictly)
    expect(stdout.trim().split('\n')).toHaveLength(rendered.length)
    expect(stderr).toBe('')
    const windows = await cluster.kubectl([...strictly.slice(0, -1), WINDOWS])
    expect(windows.stdout.trim().split('\n').toSorted()).toEqual([
      'clusterrolebinding.rbac.authorization.k8s.io/kubectl-npm-agent-windows serverside-applied (server dry run)',
      'daemonset.apps/npm-agent-windows serverside-applied (server dry run)',
      'serviceaccount/npm-agent-windows serverside-applied (server dry run)',
    ])
    expect(windows.stderr).toBe('')

    const found = await cluster.kubectl(['get', 'daemonset', 'npm-agent', '-n', 'kubectl-npm-node', '-o', 'json'])
    const {spec} = (JSON.parse(found.stdout) as {spec: {template: {spec: Record<string, unknown>}}}).spec.template
    expect(spec).toMatchObject({
      hostNetwork: true,
      serviceAccountName: 'npm-agent',
      priorityClassName: 'system-node-critical',
      tolerations: [{operator: 'Exists'}],
      nodeSelector: {'kubernetes.io/os': 'linux'},
      securityContext: {seccompProfile: {type: 'RuntimeDefault'}},
      containers: [
        {
          securityContext: {
            privileged: false,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: {drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW']},
          },
          resources: {requests: {cpu: '20m', memory: '96Mi'}, limits: {cpu: '1', memory: '512Mi'}},
        },
      ],
    })
    expect(spec['hostPID'] ?? false).toBe(false)
    expect(spec['hostIPC'] ?? false).toBe(false)
    const paths = (spec['volumes'] as {hostPath?: {path: string}}[]).flatMap(({hostPath}) => hostPath?.path ?? [])
    expect(paths.toSorted()).toEqual(['/run/kubectl-npm', '/run/xtables.lock', '/var/lib/npm-agent'])
  })

  test('installing again, now without kubectl, changes nothing', async () => {
    const before = await ours(cluster)
    const said = await npm('install', '--via', 'library')
    expect(said.exitCode).toBe(0)
    expect(said.stdout.match(/ unchanged$/gm)).toHaveLength(manifests.length)
    expect(await ours(cluster)).toEqual(before)
  })

  test('with --metrics agents listen on their node and scrapers have a role, and without it neither is there any more', async () => {
    const agent = async () => {
      const {stdout} = await cluster.kubectl(['get', 'daemonset', 'npm-agent', '-n', 'kubectl-npm-node', '-o', 'json'])
      const {spec} = (JSON.parse(stdout) as {spec: {template: {spec: {containers: {args: string[]; ports?: object[]}[]}}}}).spec
        .template
      return spec.containers[0]
    }
    const before = await ours(cluster)
    expect(await npm('install', '--metrics')).toMatchObject({exitCode: 0, stdout: expect.stringContaining(`${SCRAPERS} created`)})
    expect(await agent()).toMatchObject({
      args: ['serve', '--metrics-listen=$(HOST_IP):10292'],
      ports: [{name: 'metrics', containerPort: 10292, hostPort: 10292}],
    })
    expect(await npm('install')).toMatchObject({exitCode: 0, stdout: expect.stringContaining(`${SCRAPERS} removed`)})
    expect(await agent()).toMatchObject({args: ['serve']})
    expect((await agent())?.ports).toBeUndefined()
    expect((await ours(cluster)).map(({kind, metadata: {name}}) => `${kind} ${name}`)).toEqual(
      before.map(({kind, metadata: {name}}) => `${kind} ${name}`),
    )
  })

  test('what somebody else has set is not taken over, unless that is asked for', async () => {
    await cluster.kubectl(['set', 'image', 'daemonset/npm-agent', 'agent=somebody/else:1', '-n', 'kubectl-npm-node'])
    const image = async () => {
      const path = ['-o', 'jsonpath={.spec.template.spec.containers[0].image}']
      return (await cluster.kubectl(['get', 'daemonset', 'npm-agent', '-n', 'kubectl-npm-node', ...path])).stdout
    }
    const said = await npm('install')
    expect(said.exitCode).toBe(2)
    expect(said.stderr).toMatch(/nothing was installed.*image belongs to "kubectl-set"/s)
    expect(said.stderr).toContain('--force-conflicts')
    expect(await image()).toBe('somebody/else:1')
    expect((await npm('install', '--force-conflicts')).exitCode).toBe(0)
    expect(await image()).toMatch(/^kubectl-npm\/agent:/)
  })

  test('--explain tells the rights of the manifests, all of them and no others', async () => {
    const {stdout} = await npm('install', '--metrics', '--explain', '-o', 'json')
    const {items} = JSON.parse(stdout) as {items: Permission[]}
    const told = items.flatMap(({role, where, verbs, group, resource, names = []}) =>
      role === undefined ? [] : [[where, role, group, resource, names.join(), verbs.join()].join(' ')],
    )
    const given = rendered.flatMap(({metadata: {name, namespace = 'cluster'}, rules = []}) =>
      rules.flatMap(({nonResourceURLs = [], apiGroups = [''], resources = nonResourceURLs, resourceNames = [], verbs}) =>
        apiGroups.flatMap(group =>
          resources.map(resource => [namespace, name, group, resource, resourceNames.join(), verbs.join()].join(' ')),
        ),
      ),
    )
    expect(told.toSorted()).toEqual(given.toSorted())
    expect(items.every(({why}) => why.length > 0)).toBe(true)
  })

  test('each account may do what is said, and nothing else', async () => {
    // What everybody who has signed in may do.
    const everybody = await rightsOf('system:serviceaccount:default:default')
    expect(without(await rightsOf('system:serviceaccount:kubectl-npm-node:npm-agent'), everybody)).toEqual(
      new Set([
        'list,watch namespaces',
        'list,watch networkpolicies.networking.k8s.io',
        'list,watch nodes',
        'list,watch pods',
        'create subjectaccessreviews.authorization.k8s.io',
        'create tokenreviews.authentication.k8s.io',
      ]),
    )
    expect(await rightsOf(`${ACCOUNT}:npm-relay`)).toEqual(everybody)
    for (const account of ['npm-viewer', 'npm-operator']) {
      const own = await rightsOf(`${ACCOUNT}:${account}`)
      expect(without(own, everybody)).toEqual(
        new Set([
          'get drifts.npm.kubectl.io',
          'get dumps.npm.kubectl.io',
          'get status.npm.kubectl.io',
          ...(account === 'npm-operator' ? ['create applies.npm.kubectl.io', 'get flows.npm.kubectl.io'] : []),
        ]),
      )
      expect(await rightsOf(`${ACCOUNT}:${account}`, 'default')).toEqual(
        await rightsOf('system:serviceaccount:default:default', 'default'),
      )
    }
  })

  test('the roles for people open the agents, their tokens, and nothing else', async () => {
    const everybody = await rightsOf('nobody')
    const way = ['get,list pods', 'create,get pods/portforward']
    const roles: Readonly<Record<string, Readonly<Record<'people' | 'node' | 'kubeSystem', readonly string[]>>>> = {
      'kubectl-npm-viewer': {
        people: [...way, 'create serviceaccounts/token npm-viewer'],
        node: ['get,list pods'],
        kubeSystem: ['list daemonsets.apps'],
      },
      'kubectl-npm-operator': {
        people: [...way, 'create serviceaccounts/token npm-viewer npm-operator'],
        node: [],
        kubeSystem: [],
      },
      'kubectl-npm-log-reader': {people: [], node: [], kubeSystem: ['list pods', 'get pods/log']},
    }
    const forPeople = manifests.filter(({kind, metadata: {name}}) => kind === 'Role' && name.startsWith('kubectl-'))
    expect(new Set(forPeople.map(({metadata}) => metadata.name))).toEqual(new Set(Object.keys(roles)))
    for (const [role, {people, node, kubeSystem}] of Object.entries(roles)) {
      for (const namespace of ['kubectl-npm', 'kubectl-npm-node', 'kube-system'])
        await cluster.kubectl(['create', 'rolebinding', role, '-n', namespace, '--role', role, '--user', role])
      // A binding counts some moments later.
      await expect.poll(async () => without(await rightsOf(role), everybody)).toEqual(new Set(people))
      await expect.poll(async () => without(await rightsOf(role, 'kubectl-npm-node'), everybody)).toEqual(new Set(node))
      await expect.poll(async () => without(await rightsOf(role, 'kube-system'), everybody)).toEqual(new Set(kubeSystem))
      expect(await rightsOf(role, 'default')).toEqual(everybody)
    }
  })

  const without = (all: ReadonlySet<string>, others: ReadonlySet<string>) => new Set([...all].filter(each => !others.has(each)))

  /** Each right in a namespace: `get,list pods`. */
  async function rightsOf(user: string, namespace = 'kubectl-npm'): Promise<Set<string>> {
    const review = {apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: {namespace}}
    const args = [
      'create',
      '--validate=false',
      '-f',
      '-',
      '-o',
      'json',
      '--as',
      user,
      '--as-group',
      'system:serviceaccounts',
      '--as-group',
      'system:authenticated',
    ]
    const {stdout} = await cluster.kubectl(args, {input: JSON.stringify(review)})
    const {status} = JSON.parse(stdout) as {status: {incomplete: boolean; resourceRules: Rule[]}}
    expect(status.incomplete).toBe(false)
    return new Set(
      status.resourceRules.flatMap(({apiGroups = [], resources = [], verbs, resourceNames}) =>
        apiGroups.flatMap(group =>
          resources.map(resource =>
            [verbs.toSorted().join(), group === '' ? resource : `${resource}.${group}`, ...(resourceNames ?? [])].join(' '),
          ),
        ),
      ),
    )
  }
})
