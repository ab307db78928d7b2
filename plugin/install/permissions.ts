import type {V1PolicyRule} from '@kubernetes/client-node'
import type {Permission} from '../../core/contract/permissions.ts'
import type {Fields} from '../../core/kubernetes/api-types.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {type KubernetesObject, kinds, MANIFEST_NAMESPACE, STAND_IN_NAMESPACE} from './objects.ts'
import {installerReasons, nodeReasons, ownRights, rightReasons} from './permission-reasons.ts'
import {daemonSetsOf, type PodSpec} from './render.ts'

/** A rule of the manifests' roles: about resources, or about URLs. */
type Rule =
  | Fields<V1PolicyRule, 'apiGroups' | 'resources' | 'verbs', 'resourceNames'>
  | Fields<V1PolicyRule, 'nonResourceURLs' | 'verbs'>

/** The roles of the manifests, and whom they are for. Those for accounts are bound, those for people are not. */
const HOLDERS: Readonly<Record<string, Permission['who']>> = {
  'kubectl-npm-agent': 'agent',
  'npm-viewer': 'npm-viewer',
  'npm-operator': 'npm-operator',
  'kubectl-npm-viewer': 'reader',
  'kubectl-npm-operator': 'operator',
  'kubectl-npm-log-reader': 'log reader',
  'kubectl-npm-metrics': 'scraper',
}

/** As the reasons name it, wherever it is. */
const NODE_NAMESPACE = nodeNamespaceOf(MANIFEST_NAMESPACE)

/**
 * Every right that the manifests give, what the containers of agent and relay may do on their node, and what whoever installs needs.
 *
 * @param objects the manifests, as rendered
 * @param agentNamespace the one of the two namespaces that people go to
 */
export function permissionsOf(objects: readonly KubernetesObject[], agentNamespace: string = MANIFEST_NAMESPACE): Permission[] {
  const order = Object.values(HOLDERS)
  const granted = objects
    .filter(({kind}) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap(role => rights(role, agentNamespace))
    .toSorted((one, other) => order.indexOf(one.who) - order.indexOf(other.who) || one.where.localeCompare(other.where))
  const {agent, relay} = daemonSetsOf(objects)
  return [
    ...nodePermissions('agent', agent.spec.template.spec),
    ...nodePermissions('relay', relay.spec.template.spec),
    ...granted,
    ...ownRights.map(each => ({who: 'own rights' as const, ...each})),
    ...installerPermissions(objects, agentNamespace),
  ]
}

function rights(role: KubernetesObject, agentNamespace: string): Permission[] {
  const {name = '', namespace} = role.metadata
  const who = HOLDERS[name]
  if (!who) throw new Error(`no one is known for role ${name}`)
  const isElsewhere = namespace !== undefined && namespace !== agentNamespace
  return (role['rules'] as readonly Rule[]).flatMap(({verbs, ...rule}) => {
    const isOfUrls = 'nonResourceURLs' in rule
    const {resourceNames} = isOfUrls ? {resourceNames: undefined} : rule
    const [groups, resources] = isOfUrls ? [[''], rule.nonResourceURLs] : [rule.apiGroups, rule.resources]
    return groups.flatMap(group =>
      resources.map(resource => {
        const key = `${isElsewhere ? `${namespace === nodeNamespaceOf(agentNamespace) ? NODE_NAMESPACE : namespace}/` : ''}${name} ${resource}`
        const why = rightReasons[key]
        if (why === undefined) throw new Error(`nobody says why ${key} is needed`)
        const names = resourceNames === undefined ? {} : {names: resourceNames}
        return {who, where: namespace ?? 'cluster', role: name, verbs, group, resource, ...names, why}
      }),
    )
  })
}

/** What a container has that an ordinary one has not, as keys of the reasons. */
export function nodeFacts({
  hostNetwork,
  hostPID,
  hostIPC,
  priorityClassName,
  tolerations,
  volumes,
  securityContext,
  containers,
}: PodSpec): string[] {
  const uid = securityContext?.runAsUser
  const {securityContext: {privileged, capabilities} = {}, volumeMounts = [], ports = []} = containers[0] ?? {}
  const isReadOnly = (volume: string) => volumeMounts.find(({name}) => name === volume)?.readOnly === true
  return [
    ...Object.entries({hostNetwork, hostPID, hostIPC, privileged}).flatMap(([name, value]) => (value === true ? [name] : [])),
    ...(uid === undefined ? [] : [`user ${uid}`]),
    ...(securityContext?.supplementalGroups ?? []).map(group => `group ${group}`),
    ...(capabilities?.add ?? []).map(name => `capability ${name}`),
    ...(volumes ?? []).flatMap(({name, hostPath}) =>
      hostPath ? [`host path ${hostPath.path}${isReadOnly(name) ? ', to read' : ''}`] : [],
    ),
    ...ports.map(({hostPort}) => `port ${hostPort} of the node`),
    ...(priorityClassName === undefined ? [] : [`priority ${priorityClassName}`]),
    ...(tolerations ?? []).map(({operator, key}) =>
      operator === 'Exists' && key === undefined ? 'toleration of all taints' : `toleration of ${key}`,
    ),
  ]
}

function nodePermissions(who: keyof typeof nodeReasons, spec: PodSpec): Permission[] {
  return nodeFacts(spec).map(resource => {
    const why = nodeReasons[who][resource]
    if (why === undefined) throw new Error(`nobody says why the ${who} has ${resource}`)
    return {who, where: 'node', verbs: [], group: '', resource, why}
  })
}

const groupOf = (path: string): string => (path === '/api/v1' ? '' : (path.split('/')[2] as string))

function installerPermissions(objects: readonly KubernetesObject[], agentNamespace: string): Permission[] {
  const installer = (where: string, verbs: readonly string[], group: string, resource: string, why: string): Permission => ({
    who: 'installer',
    where,
    verbs,
    group,
    resource,
    why,
  })
  const places = [agentNamespace, nodeNamespaceOf(agentNamespace)]
  const inBoth = (verbs: readonly string[], group: string, resource: string, why: string): Permission[] =>
    places.map(place => installer(place, verbs, group, resource, why))
  const written = new Map<string, Permission>()
  const write = (where: string, kind: string, why: string) => {
    const {path, resource} = kinds[kind] as (typeof kinds)[string]
    written.set(`${where} ${resource}`, installer(where, ['get', 'patch', 'create'], groupOf(path), resource, why))
  }
  for (const {kind, metadata} of objects) write(metadata.namespace ?? 'cluster', kind, installerReasons.write)
  for (const {kind, metadata} of objects)
    if (places.includes(metadata.namespace ?? '')) write(STAND_IN_NAMESPACE, kind, installerReasons.standIn)
  const rbac = 'rbac.authorization.k8s.io'
  return [
    ...written.values(),
    installer('cluster', ['escalate', 'bind'], rbac, 'roles', installerReasons.escalate),
    installer('cluster', ['escalate', 'bind'], rbac, 'clusterroles', installerReasons.escalate),
    ...inBoth(['create'], '', 'pods', installerReasons.dryRun),
    ...inBoth(['get', 'list'], '', 'pods', installerReasons.watch),
    ...inBoth(['list'], '', 'events', installerReasons.watch),
    installer('cluster', ['get'], '', 'nodes', installerReasons.node),
    installer('cluster', ['list'], '', 'nodes', installerReasons.windows),
    ...inBoth(['list'], '*', '*', installerReasons.look),
    installer('cluster', ['delete'], '', 'namespaces', installerReasons.remove),
    installer('cluster', ['list', 'delete'], rbac, 'clusterroles', installerReasons.remove),
    installer('cluster', ['list', 'delete'], rbac, 'clusterrolebindings', installerReasons.remove),
    installer('kube-system', ['list', 'delete'], rbac, 'roles', installerReasons.remove),
    installer('kube-system', ['list'], rbac, 'rolebindings', installerReasons.look),
    ...inBoth(['delete'], 'apps', 'daemonsets', installerReasons.remove),
    ...[
      ['', 'pods'],
      ['', 'serviceaccounts'],
      [rbac, 'roles'],
      [rbac, 'rolebindings'],
    ].flatMap(([group = '', resource = '']) => inBoth(['delete'], group, resource, installerReasons.removeInside)),
  ]
}
