import {dirname} from 'node:path'
import {fileURLToPath} from 'node:url'
import {beforeAll, describe, expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {metricsOptions} from '../../../agent/serve/command.ts'
import {
  AGENT_STATE_DIR,
  CLIENTS_SOCKET,
  LIVE_SOCKET,
  METRICS_PORT,
  metricsPaths,
  RELAY_GROUP,
  RELAY_PORT,
} from '../../../core/contract/agent.ts'
import {AGENT_LABEL, RELAY_LABEL} from '../../../core/contract/pod-labels.ts'
import {ephemeralPods} from '../../../plugin/install/ephemeral.ts'
import {type KubernetesObject, objectName} from '../../../plugin/install/objects.ts'
import {permissionsOf} from '../../../plugin/install/permissions.ts'
import {
  daemonSetsOf,
  isForScrapers,
  isForWriting,
  type MetricsChoice,
  type PodSpec,
  renderManifests,
} from '../../../plugin/install/render.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const FOLDER = dirname(CLIENTS_SOCKET)
const LOOK = ['socat', '-u', `UNIX-CONNECT:${LIVE_SOCKET}`, 'STDOUT']

const specOf = (object: {readonly spec: {readonly template: {readonly spec: PodSpec}}}): PodSpec => object.spec.template.spec
const containerOf = (spec: PodSpec) => spec.containers[0] as PodSpec['containers'][number]
const hostPaths = (spec: PodSpec) => (spec.volumes ?? []).flatMap(({hostPath}) => hostPath?.path ?? [])

describe('metrics', () => {
  const rendered = (metrics?: MetricsChoice) => renderManifests(ROOT, {namespace: 'ops', metrics})
  const roles = (objects: readonly KubernetesObject[]) => objects.filter(isForScrapers).map(objectName)

  test('are not served unless they are asked for', async () => {
    const objects = await rendered()
    const {args = [], ports, env = []} = containerOf(specOf(daemonSetsOf(objects).agent))
    expect({args, ports}).toEqual({args: ['serve'], ports: undefined})
    expect(env.map(({name}) => name)).not.toContain('HOST_IP')
    expect(roles(objects)).toEqual([])
  })

  test.each<{choice: MetricsChoice; flags: string[]; roles: string[]}>([
    {choice: {auth: 'token', lite: false}, flags: [], roles: ['ClusterRole kubectl-npm-metrics']},
    {choice: {auth: 'none', lite: true}, flags: ['--metrics-auth=none', '--lite'], roles: []},
  ])('are served on the address of the node: $choice.auth', async ({choice, flags, roles: wanted}) => {
    const objects = await rendered(choice)
    const {agent, relay} = daemonSetsOf(objects)
    const {args = [], ports, env = []} = containerOf(specOf(agent))
    expect(args).toEqual(['serve', `--metrics-listen=$(HOST_IP):${METRICS_PORT}`, ...flags])
    expect(ports).toEqual([{name: 'metrics', containerPort: METRICS_PORT, hostPort: METRICS_PORT, protocol: 'TCP'}])
    expect(env).toContainEqual({name: 'HOST_IP', valueFrom: {fieldRef: {fieldPath: 'status.hostIP'}}})
    expect(roles(objects)).toEqual(wanted)
    expect(containerOf(specOf(relay)).ports).toBeUndefined()
    // What the agent makes of its flags.
    const listen = args[1]?.replace('--metrics-listen=', '').replace('$(HOST_IP)', '10.1.0.4')
    expect(metricsOptions(listen, choice.auth, true)).toMatchObject({host: '10.1.0.4', port: METRICS_PORT, auth: choice.auth})
    expect(metricsOptions(listen?.replace('10.1.0.4', 'fd00::4'), 'token', true)).toMatchObject({host: 'fd00::4'})
  })

  test('are for the paths that agents ask about', async () => {
    const [role] = (await rendered({auth: 'token', lite: false})).filter(isForScrapers)
    expect(role?.['rules']).toEqual([{nonResourceURLs: [...metricsPaths], verbs: ['get']}])
  })

  test.each([':10292', '10292x', '70000', 'node:10292', '10.0.0.300:1', '', '[fd00::4]'])(
    '--metrics-listen %s is refused',
    listen => {
      expect(() => metricsOptions(listen, 'token', true)).toThrow(/not a port/)
    },
  )

  test('--metrics-auth is one of two words', () => {
    expect(() => metricsOptions('1', 'password', true)).toThrow(/token or none/)
  })
})

describe('the manifests say what plugin and agent take for granted', () => {
  let agent: PodSpec
  let relay: PodSpec
  let objects: KubernetesObject[]

  beforeAll(async () => {
    objects = await renderManifests(ROOT, {namespace: 'kubectl-npm'})
    const sets = daemonSetsOf(objects)
    agent = specOf(sets.agent)
    relay = specOf(sets.relay)
    expect(sets.agent.spec.template.metadata.labels).toMatchObject({[AGENT_LABEL.key]: AGENT_LABEL.value})
    expect(sets.relay.spec.template.metadata.labels).toMatchObject({[RELAY_LABEL.key]: RELAY_LABEL.value})
  })

  test('both pods have the folder of the sockets, the relay to read only and nothing else of the node', () => {
    expect(dirname(LIVE_SOCKET)).toBe(FOLDER)
    expect(hostPaths(agent)).toEqual(['/run/xtables.lock', AGENT_STATE_DIR, FOLDER])
    expect(hostPaths(relay)).toEqual([FOLDER])
    for (const spec of [agent, relay])
      expect(containerOf(spec).volumeMounts?.filter(({name}) => name === 'sockets')).toEqual([
        {name: 'sockets', mountPath: FOLDER, ...(spec === relay && {readOnly: true})},
      ])
  })

  test('the relay is of the group that may open them, and the agent may give them to it', () => {
    expect(agent.securityContext).toMatchObject({runAsUser: 0, supplementalGroups: [RELAY_GROUP]})
    expect(relay.securityContext).toMatchObject({runAsUser: RELAY_GROUP, runAsGroup: RELAY_GROUP, runAsNonRoot: true})
  })

  test('the relay has no right, no token, no network but its own, and no capability', () => {
    expect([relay.hostNetwork, relay.hostPID, relay.hostIPC]).toEqual([undefined, undefined, undefined])
    expect(relay).toMatchObject({automountServiceAccountToken: false, serviceAccountName: 'npm-relay'})
    expect(containerOf(relay).securityContext).toEqual({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {drop: ['ALL']},
    })
    const bound = objects.flatMap(object => (object['subjects'] ?? []) as {readonly name: string}[])
    expect(bound.map(({name}) => name)).not.toContain('npm-relay')
  })

  test('the relay listens on its own loopback, passes on to the socket, and takes more connections than the agent', () => {
    const {command, args = []} = containerOf(relay)
    expect(command).toEqual(['socat'])
    const [, listen = '', connect] = args
    expect(listen).toMatch(new RegExp(`^TCP-LISTEN:${RELAY_PORT},bind=127\\.0\\.0\\.1,`))
    expect(connect).toBe(`UNIX-CONNECT:${CLIENTS_SOCKET}`)
    const children = Number(/,max-children=(\d+)/.exec(listen)?.[1])
    // Else connections that the agent would end to make room keep everybody else waiting in the relay.
    expect(children).toBeGreaterThan(limits.connections + limits.unauthenticatedConnections)
  })

  test('every probe asks the agent, through its own socket', () => {
    const probes = [agent, relay].flatMap(spec => {
      const {startupProbe, readinessProbe, livenessProbe} = containerOf(spec)
      return [startupProbe, readinessProbe, livenessProbe].filter(probe => probe !== undefined)
    })
    expect(probes).toHaveLength(6)
    for (const {exec} of probes) expect(exec?.command).toEqual(LOOK)
  })

  test('no port of the node is named', () => {
    const ports = [agent, relay].flatMap(spec => containerOf(spec).ports ?? [])
    expect(ports).toEqual([])
  })

  test('only relays can be reached by whoever may forward ports in the namespace that people go to', () => {
    const inPeople = objects.filter(({metadata}) => metadata.namespace === 'kubectl-npm')
    expect(inPeople.filter(({kind}) => kind === 'DaemonSet').map(({metadata}) => metadata.name)).toEqual(['npm-relay'])
    const roles = objects.filter(({kind}) => kind === 'Role' || kind === 'ClusterRole')
    const forwards = roles.filter(role =>
      (role['rules'] as {resources: string[]}[]).some(({resources}) => resources.includes('pods/portforward')),
    )
    expect(new Set(forwards.map(({metadata}) => metadata.namespace))).toEqual(new Set(['kubectl-npm']))
  })
})

describe('rendering', () => {
  test('for another namespace moves both, and tells the agent where the accounts are', async () => {
    const objects = await renderManifests(ROOT, {namespace: 'ops', image: 'r.example/agent:2'})
    const withoutLabels = JSON.stringify(objects, (key, value) => (key === 'labels' ? undefined : value))
    expect(withoutLabels).not.toMatch(/"kubectl-npm(?:-node)?"/)
    const {agent, relay} = daemonSetsOf(objects)
    expect([agent.metadata.namespace, relay.metadata.namespace]).toEqual(['ops-node', 'ops'])
    expect(containerOf(specOf(agent)).env).toContainEqual({name: 'ACCOUNT_NAMESPACE', value: 'ops'})
    expect([agent, relay].map(each => containerOf(specOf(each)).image)).toEqual(['r.example/agent:2', 'r.example/agent:2'])
    const binding = objects.find(({kind}) => kind === 'ClusterRoleBinding')
    expect(binding?.['subjects']).toMatchObject([{name: 'npm-agent', namespace: 'ops-node'}])
  })

  test('to read only leaves out the account, the role and the right of those who write, and tells the agent', async () => {
    const all = await renderManifests(ROOT, {namespace: 'ops'})
    const objects = await renderManifests(ROOT, {namespace: 'ops', readOnly: true})
    const names = (of: readonly KubernetesObject[]) => new Set(of.map(objectName))
    const leftOut = new Set([...names(all)].filter(name => !names(objects).has(name)))
    expect(leftOut).toEqual(
      new Set([
        'ServiceAccount ops/npm-operator',
        'Role ops/npm-operator',
        'RoleBinding ops/npm-operator',
        'Role ops/kubectl-npm-operator',
      ]),
    )
    expect(names(all.filter(isForWriting))).toEqual(leftOut)
    const rules = objects.flatMap(object => (object['rules'] ?? []) as {resources: string[]; resourceNames?: string[]}[])
    expect(JSON.stringify(rules)).not.toMatch(/applies|flows|npm-operator/)
    const {agent, relay} = daemonSetsOf(objects)
    expect(containerOf(specOf(agent)).args).toEqual(['serve', '--read-only'])
    expect(containerOf(specOf(relay)).args).toEqual(containerOf(specOf(daemonSetsOf(all).relay)).args)
    // Every right that is left has its reason.
    expect(permissionsOf(objects, 'ops').filter(({who}) => who === 'operator' || who === 'npm-operator')).toEqual([])
  })

  test('for one node makes two pods that end by themselves: the agent when idle, the relay when the agent is gone', async () => {
    const {agent, relay} = ephemeralPods(daemonSetsOf(await renderManifests(ROOT, {namespace: 'ops'})), 'n1', 60_000)
    expect([agent.metadata.namespace, relay.metadata.namespace]).toEqual(['ops-node', 'ops'])
    for (const {spec} of [agent, relay] as unknown as {spec: PodSpec}[])
      expect(spec).toMatchObject({nodeName: 'n1', restartPolicy: 'Never', activeDeadlineSeconds: 60})
    expect(containerOf(agent['spec'] as PodSpec).args).toEqual(['serve', '--exit-after-idle', '60', '--deadline', '60'])
    expect(containerOf(relay['spec'] as PodSpec).livenessProbe).toMatchObject({exec: {command: LOOK}, periodSeconds: 5})
    expect(containerOf(agent['spec'] as PodSpec).livenessProbe).toMatchObject({exec: {command: LOOK}})
  })
})
