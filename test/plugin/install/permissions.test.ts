import {readFile} from 'node:fs/promises'
import {fileURLToPath} from 'node:url'
import {beforeAll, describe, expect, test} from 'vitest'
import type {Permission} from '../../../core/contract/permissions.ts'
import type {KubernetesObject} from '../../../plugin/install/objects.ts'
import {nodeReasons, rightReasons} from '../../../plugin/install/permission-reasons.ts'
import {nodeFacts, permissionsOf} from '../../../plugin/install/permissions.ts'
import {daemonSetsOf, renderManifests} from '../../../plugin/install/render.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** The sections of docs/rights.md that have a table of rights. */
const SECTIONS: Readonly<Record<Permission['who'], string>> = {
  agent: 'The agent',
  relay: 'The relay',
  'npm-viewer': 'A token of npm-viewer',
  'npm-operator': 'A token of npm-operator',
  reader: 'People who read',
  operator: 'People who write',
  'log reader': "People who want Azure NPM's log in a dump",
  'own rights': 'With your own rights',
  scraper: 'Prometheus',
  installer: 'Whoever installs',
}

describe('permissions', () => {
  let objects: KubernetesObject[]
  let docs: string

  beforeAll(async () => {
    objects = await renderManifests(ROOT, {namespace: 'kubectl-npm', metrics: {auth: 'token', lite: false}})
    docs = await readFile(new URL('../../../docs/rights.md', import.meta.url), 'utf8')
  })

  test('every right has its reason, and every reason its right', () => {
    const roles = objects.filter(({kind}) => kind === 'Role' || kind === 'ClusterRole')
    const isElsewhere = (namespace: string | undefined) => namespace !== undefined && namespace !== 'kubectl-npm'
    const rights = roles.flatMap(({metadata: {name, namespace}, ...role}) =>
      (role['rules'] as {resources: string[]; nonResourceURLs: string[]}[]).flatMap(({resources, nonResourceURLs}) =>
        (resources ?? nonResourceURLs).map(resource => `${isElsewhere(namespace) ? `${namespace}/` : ''}${name} ${resource}`),
      ),
    )
    expect(rights.toSorted()).toEqual(Object.keys(rightReasons).toSorted())
    for (const [who, {spec}] of Object.entries(daemonSetsOf(objects)))
      expect(nodeFacts(spec.template.spec).toSorted(), who).toEqual(Object.keys(nodeReasons[who as 'agent']).toSorted())
  })

  test('a right without a reason, and a role of nobody, are faults of the manifests', () => {
    const role = (name: string, resource: string): KubernetesObject => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: {name},
      rules: [{apiGroups: [''], resources: [resource], verbs: ['get']}],
    })
    expect(() => permissionsOf([...objects, role('kubectl-npm-agent', 'secrets')])).toThrow('kubectl-npm-agent secrets')
    expect(() => permissionsOf([...objects, role('somebody', 'pods')])).toThrow('somebody')
  })

  test('nothing that a container should not have goes unseen', () => {
    const spec = daemonSetsOf(objects).agent.spec.template.spec
    const [container] = spec.containers as [(typeof spec.containers)[number]]
    const privileged = Object.assign({}, container, {securityContext: {privileged: true}})
    const seen = nodeFacts({
      ...spec,
      hostPID: true,
      hostIPC: true,
      containers: [privileged],
      tolerations: [{key: 'gpu', operator: 'Exists'}],
    })
    for (const fact of ['hostPID', 'hostIPC', 'privileged', 'toleration of gpu']) expect(seen).toContain(fact)
  })

  test('in another namespace the rights are those of that one', async () => {
    const moved = permissionsOf(
      await renderManifests(ROOT, {namespace: 'elsewhere', metrics: {auth: 'token', lite: false}}),
      'elsewhere',
    )
    expect(moved.map(({where}) => where).filter(where => where.startsWith('kubectl-npm'))).toEqual([])
    const back = moved.map(each => ({...each, where: each.where.replace(/^elsewhere(?=$|-)/, 'kubectl-npm')}))
    expect(back.map(textOf).toSorted()).toEqual(permissionsOf(objects).map(textOf).toSorted())
  })

  test('docs/rights.md has the same tables', () => {
    for (const [who, title] of Object.entries(SECTIONS)) {
      const told = permissionsOf(objects).filter(each => each.who === who)
      expect(told.length).toBeGreaterThan(0)
      expect(tableOf(title).toSorted(), title).toEqual(told.map(textOf).toSorted())
    }
  })

  const textOf = ({where, verbs, group, resource, names, why}: Permission): string => {
    const full = group === '' || group === '*' ? resource : `${resource}.${group}`
    return [where, verbs.join(', '), names ? `${full} (${names.join(', ')})` : full, why].join(' | ')
  }

  /** The rows of a section's table, one for each resource. */
  function tableOf(title: string): string[] {
    const [, rest = ''] = docs.split(`\n## ${title}\n`)
    const section = rest.split('\n## ')[0] as string
    const rows = section.split('\n').filter(line => /^\| (?!---|where \|)/.test(line))
    return rows.flatMap(row => {
      const [where, verbs, resources = '', why] = row
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim())
      return [...resources.matchAll(/`([^`]+)`/g)].map(([, resource]) => [where, verbs, resource, why].join(' | '))
    })
  }
})
