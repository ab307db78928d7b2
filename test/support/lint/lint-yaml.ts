import {parse} from 'yaml'
import type {Finding} from '../../../core/contract/lint.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {lintPolicies, type NodePlatform, nodePlatforms} from '../../../core/lint/lint.ts'
import type {Scheme} from '../../../core/names/hash.ts'
import type {Release} from '../../../core/policy/release.ts'

/** Objects of a cluster, each line in YAML flow style as short as its kind allows. */
export interface Around {
  /**
   * `shop/web-0 10.0.0.1 app=web`, with `host` for the host network, `done` for a finished pod, `name:8080` for a named port,
   * `sidecar-name:8080` for one of a sidecar, `six` for a pod whose first address is IPv6.
   */
  readonly pods?: readonly string[]
  /** `shop team=a`, with `terminating` for one that is being deleted. */
  readonly namespaces?: readonly string[]
  /** `node-1 10.1.0.4` */
  readonly nodes?: readonly string[]
}

interface Words {
  readonly name: string
  readonly labels: Record<string, string>
  readonly rest: readonly string[]
}

function words(line: string): Words {
  const [name = '', ...others] = line.split(' ')
  const labels = others.flatMap(word => (word.includes('=') ? [word.split('=') as [string, string]] : []))
  return {name, labels: Object.fromEntries(labels), rest: others.filter(word => !word.includes('='))}
}

const SIDECAR = 'sidecar-'
const portOf = ([name = '', number]: readonly string[]) => ({name: name.replace(SIDECAR, ''), containerPort: Number(number)})

export function cluster({pods = [], namespaces = [], nodes = []}: Around): ClusterObjects {
  return {
    pods: pods.map(words).map(({name, labels, rest}) => {
      const [namespace = '', pod = ''] = name.split('/')
      const ports = rest.filter(word => word.includes(':')).map(word => word.split(':'))
      return {
        metadata: {name: pod, namespace, labels},
        spec: {
          hostNetwork: rest.includes('host'),
          containers: [{ports: ports.filter(([port]) => !port?.startsWith(SIDECAR)).map(portOf)}],
          initContainers: [{restartPolicy: 'Always', ports: ports.filter(([port]) => port?.startsWith(SIDECAR)).map(portOf)}],
        },
        status: {
          phase: rest.includes('done') ? 'Succeeded' : 'Running',
          ...(rest.includes('six') ? {podIP: 'fd00::1', podIPs: [{ip: 'fd00::1'}, {ip: rest[0] ?? ''}]} : {podIP: rest[0] ?? ''}),
        },
      }
    }),
    namespaces: namespaces.map(words).map(({name, labels, rest}) => ({
      metadata: {name, labels, ...(rest.includes('terminating') && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
    })),
    nodes: nodes.map(words).map(({name, labels, rest}) => ({
      metadata: {name, labels},
      status: {addresses: [{type: 'InternalIP', address: rest[0] ?? ''}]},
    })),
    policies: [],
  }
}

/** A policy `shop/p` of that spec. */
export const policy = (spec: string, name = 'shop/p'): string =>
  JSON.stringify({
    kind: 'NetworkPolicy',
    metadata: {namespace: name.split('/')[0], name: name.split('/')[1]},
    spec: parse(spec),
  })

/** What is found in policies, given as JSON texts. */
export function lint(
  policies: readonly string[],
  around: ClusterObjects = cluster({}),
  platforms: readonly NodePlatform[] = nodePlatforms,
  scheme?: Scheme,
  release?: Release,
): Finding[] {
  const {objects, problems} = readClusterObjects(policies.map(text => JSON.parse(text)))
  if (problems.length > 0) throw new Error(`the test's own policy is bad: ${problems[0]?.message}`)
  return lintPolicies({
    policies: objects.policies,
    cluster: around,
    platforms,
    ...(scheme && {scheme}),
    ...(release && {release}),
  })
}
