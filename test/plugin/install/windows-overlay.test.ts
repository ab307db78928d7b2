import {existsSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {fileURLToPath} from 'node:url'
import type {V1DaemonSet} from '@kubernetes/client-node'
import {execa} from 'execa'
import {beforeAll, describe, expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {CLIENTS_ADDRESS, RELAY_PORT} from '../../../core/contract/agent.ts'
import {RELAY_LABEL, WINDOWS_AGENT_LABEL} from '../../../core/contract/pod-labels.ts'
import type {KubernetesObject} from '../../../plugin/install/objects.ts'
import {OWN_LABEL} from '../../../plugin/install/objects.ts'
import {daemonSetsOf, renderManifests} from '../../../plugin/install/render.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

describe('the manifests for Windows nodes', () => {
  let objects: readonly KubernetesObject[]
  let daemonSet: V1DaemonSet

  beforeAll(async () => {
    const {stdout} = await execa('kubectl', ['kustomize', 'manifests/overlays/windows'], {cwd: ROOT})
    objects = parseAllDocuments(stdout).map(document => document.toJS() as KubernetesObject)
    daemonSet = objects.find(({kind}) => kind === 'DaemonSet') as unknown as V1DaemonSet
  })

  test('are removed with all others', () => {
    expect(objects.map(({metadata: {labels}}) => labels?.[OWN_LABEL.key])).toEqual(objects.map(() => OWN_LABEL.value))
  })

  test('bind the role that the base has, and no other', async () => {
    const base = await renderManifests(ROOT, {namespace: 'kubectl-npm'})
    const binding = objects.find(({kind}) => kind === 'ClusterRoleBinding') as unknown as {roleRef: {name: string}}
    expect(base.filter(({kind, metadata}) => kind === 'ClusterRole' && metadata.name === binding.roleRef.name)).toHaveLength(1)
    expect(objects.filter(({kind}) => kind.endsWith('Role'))).toEqual([])
  })

  test('have pods that the plugin finds, and that no DaemonSet of the base takes for its own', async () => {
    const {relay, agent} = daemonSetsOf(await renderManifests(ROOT, {namespace: 'kubectl-npm'}))
    const labels = daemonSet.spec?.template.metadata?.labels
    expect(labels).toMatchObject({[RELAY_LABEL.key]: RELAY_LABEL.value, [WINDOWS_AGENT_LABEL.key]: WINDOWS_AGENT_LABEL.value})
    expect(daemonSet.metadata?.namespace).toBe(relay.metadata.namespace)
    for (const {spec} of [relay, agent] as unknown as V1DaemonSet[]) {
      const wanted = Object.entries(spec?.selector.matchLabels ?? {})
      expect(wanted.every(([key, value]) => labels?.[key] === value)).toBe(false)
      expect(spec?.template.spec?.nodeSelector).toEqual({'kubernetes.io/os': 'linux'})
    }
  })

  test('ask for what HNS and the kubelet demand of a HostProcess container', () => {
    const spec = daemonSet.spec?.template.spec
    expect(spec).toMatchObject({
      hostNetwork: true,
      nodeSelector: {'kubernetes.io/os': 'windows'},
      securityContext: {windowsOptions: {hostProcess: true, runAsUserName: String.raw`NT AUTHORITY\SYSTEM`}},
    })
    // A pod with these is refused on Windows.
    expect(spec?.containers.flatMap(({securityContext}) => securityContext ?? [])).toEqual([])
    expect(spec?.volumes).toBeUndefined()
  })

  test('probe where the agent listens, to which people forward a port', () => {
    expect(CLIENTS_ADDRESS).toBe(`127.0.0.1:${RELAY_PORT}`)
    const [{startupProbe, readinessProbe, livenessProbe} = {}] = daemonSet.spec?.template.spec?.containers ?? []
    for (const probe of [startupProbe, readinessProbe, livenessProbe])
      expect(probe?.tcpSocket).toEqual({host: '127.0.0.1', port: RELAY_PORT})
  })

  test('start what the image has', async () => {
    const containerfile = await readFile(`${ROOT}/manifests/Containerfile.windows`, 'utf8')
    const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(containerfile)?.[1] ?? '[]') as string[]
    const arguments_ = JSON.parse(/^CMD (.*)$/m.exec(containerfile)?.[1] ?? '[]') as string[]
    const [{command = [], args = []} = {}] = daemonSet.spec?.template.spec?.containers ?? []
    expect([...command, ...args].map(each => each.replace('%CONTAINER_SANDBOX_MOUNT_POINT%/', ''))).toEqual([
      ...entry,
      ...arguments_,
    ])
    expect(entry).toEqual(['node.exe', 'kubectl-npm/npm-agent'])
    expect(existsSync(`${ROOT}/scripts/image/windows-folder.ts`)).toBe(true)
  })
})
