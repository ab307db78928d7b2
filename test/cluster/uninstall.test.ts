import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Permission} from '../../core/contract/permissions.ts'
import {kubectlNpm} from '../support/built-programs.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {everything, find, ours} from '../support/cluster/inventory.ts'
import {type ControlPlane, startControlPlane, workloadControllers} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

describeControlPlane('uninstalling, at a real API server', () => {
  let cluster: ControlPlane
  /** All that there is without us. */
  let before: string[]

  beforeAll(async () => {
    cluster = await startControlPlane({controllers: workloadControllers})
    await cluster.kubectl(['create', 'clusterrolebinding', 'installer', '--clusterrole', 'cluster-admin', '--user', 'alice'])
    // What controllers make by themselves in each namespace.
    await until('the controllers have begun', async () => {
      const made = await cluster.kubectl(['get', 'serviceaccounts,configmaps', '--all-namespaces', '-o', 'name'])
      const count = (name: string) => made.stdout.split('\n').filter(line => line === name).length
      return count('serviceaccount/default') === 4 && count('configmap/kube-root-ca.crt') === 4
    })
    before = await everything(cluster)
  })
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]()
  })

  const npmAs = (kubeconfig: string, ...args: string[]) =>
    execa(process.execPath, [kubectlNpm, ...args], {env: {...cluster.env, KUBECONFIG: kubeconfig}, reject: false})
  const npm = (...args: string[]) => npmAs(cluster.kubeconfig, ...args)

  /** What is gone goes some moments after the object that it belongs to. */
  async function expectNothingLeft(): Promise<void> {
    await until('all is as it was before', async () => (await everything(cluster)).join('\n') === before.join('\n')).catch(
      async error => {
        expect(await everything(cluster)).toEqual(before)
        throw error
      },
    )
  }

  test('takes everything, and asks for no right that --explain does not tell', async () => {
    const {items} = JSON.parse((await npm('install', '--explain', '-o', 'json')).stdout) as {items: Permission[]}
    const isTold = (verb: string, where: string, group: string, resource: string) =>
      items.some(
        each =>
          each.who === 'installer' &&
          each.verbs.includes(verb) &&
          each.where === where &&
          (each.resource === '*' || (each.resource === resource && each.group === group)),
      )
    const alice = await cluster.kubeconfigFor('alice')
    expect(await npmAs(alice, 'install')).toMatchObject({exitCode: 0})
    await cluster.kubectl(['apply', '--server-side', '-k', 'manifests/overlays/windows'])
    expect(await npmAs(alice, 'uninstall', '--yes')).toMatchObject({exitCode: 0})
    const used = (await cluster.auditLines())
      .filter(({user, objectRef}) => user.username === 'alice' && objectRef?.resource !== undefined)
      .map(({verb, objectRef: {namespace = 'cluster', apiGroup = '', resource = ''} = {}}) => ({
        verb,
        // A namespace is its own namespace, in the words of the audit log.
        where: resource === 'namespaces' ? 'cluster' : namespace,
        apiGroup,
        resource,
      }))
    expect(used.length).toBeGreaterThan(20)
    expect(used.filter(({verb, where, apiGroup, resource}) => !isTold(verb, where, apiGroup, resource))).toEqual([])
    await expectNothingLeft()
    expect(await npm('uninstall', '--yes')).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing of'),
    })
  })

  test('with what --explain tells of whoever installs, and nothing else, somebody can install and uninstall', async () => {
    const places = ['apart', 'apart-node']
    for (const place of places) await cluster.kubectl(['create', 'namespace', place])
    const {items} = JSON.parse((await npm('install', '--explain', '--agent-namespace', 'apart', '-o', 'json')).stdout) as {
      items: Permission[]
    }
    const own = items.filter(({who}) => who === 'installer')
    const granted = [...new Set(own.map(({where}) => where))].flatMap(where => {
      const kind = where === 'cluster' ? 'ClusterRole' : 'Role'
      const metadata = {name: 'bob', ...(where !== 'cluster' && {namespace: where})}
      const rules = own
        .filter(each => each.where === where)
        .map(({verbs, group, resource}) => ({apiGroups: [group], resources: [resource], verbs}))
      const apiVersion = 'rbac.authorization.k8s.io/v1'
      const roleRef = {apiGroup: 'rbac.authorization.k8s.io', kind, name: 'bob'}
      const subjects = [{apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob'}]
      return [
        {apiVersion, kind, metadata, rules},
        {apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects},
      ]
    })
    const input = JSON.stringify({apiVersion: 'v1', kind: 'List', items: granted})
    await cluster.kubectl(['apply', '-f', '-'], {input})
    const bob = await cluster.kubeconfigFor('bob')
    const dryRun = await until('the bindings count', async () => {
      const each = await npmAs(bob, 'install', '--dry-run', '--agent-namespace', 'apart')
      return !each.stderr.includes('cannot get resource "namespaces"') && each
    })
    expect(dryRun).toMatchObject({exitCode: 0})
    // Without kubectl no more is needed.
    const apart = ['--agent-namespace', 'apart', '--via', 'library']
    expect(await npmAs(bob, 'install', ...apart)).toMatchObject({exitCode: 0})
    expect(await npmAs(bob, 'uninstall', '--yes', ...apart)).toMatchObject({exitCode: 0})
    expect(await ours(cluster)).toEqual([])
    await cluster.kubectl(['delete', '-f', '-'], {input})
    await cluster.kubectl(['delete', 'namespace', ...places])
    await expectNothingLeft()
  })

  test('a namespace that was there before stays, with the labels that it had', async () => {
    await cluster.kubectl(['create', 'namespace', 'tools'])
    await cluster.kubectl(['label', 'namespace', 'tools', 'team=blue'])
    const labels = async () => (await find(cluster, ['namespaces', 'tools']))[0]?.metadata.labels
    const had = await labels()
    expect(await npm('install', '--agent-namespace', 'tools')).toMatchObject({exitCode: 0})
    expect(await labels()).toMatchObject({team: 'blue', 'pod-security.kubernetes.io/enforce': 'privileged'})
    const elsewhere = await npm('install')
    expect(elsewhere).toMatchObject({exitCode: 2, stderr: expect.stringContaining('installed in namespace tools')})
    const said = await npm('uninstall', '--yes', '--agent-namespace', 'tools')
    expect(said).toMatchObject({exitCode: 0, stderr: expect.stringContaining('was there before kubectl npm, so it stays')})
    expect(await labels()).toEqual(had)
    expect(await ours(cluster)).toEqual([])
    await cluster.kubectl(['delete', 'namespace', 'tools'])
    await expectNothingLeft()
  })

  test("others' objects in the namespace are told, and stay; so does a binding to a role of ours elsewhere", async () => {
    expect(await npm('install')).toMatchObject({exitCode: 0})
    await cluster.kubectl(['create', 'secret', 'generic', 'theirs', '-n', 'kubectl-npm'])
    const binding = ['create', 'rolebinding', 'bob', '--role', 'kubectl-npm-viewer', '--user', 'bob', '-n']
    for (const namespace of ['kubectl-npm', 'kube-system']) await cluster.kubectl([...binding, namespace])
    const asked = await npm('uninstall')
    expect(asked).toMatchObject({exitCode: 2, stdout: '', stderr: expect.stringContaining('--yes')})
    const said = await npm('uninstall', '--yes')
    expect(said.exitCode).toBe(0)
    expect(said.stderr).toContain('holds what is not of kubectl npm, so it stays: Secret theirs')
    expect(said.stderr).toContain('kubectl delete rolebinding -n kube-system bob')
    expect(await find(cluster, ['secret', 'theirs', '-n', 'kubectl-npm'])).toHaveLength(1)
    // The namespace remembers that install has made it, and admits no privileged pods any more.
    const [left, ...others] = await ours(cluster)
    expect([left?.kind, left?.metadata.name, others]).toEqual(['Namespace', 'kubectl-npm', []])
    expect(Object.keys(left?.metadata.labels ?? {}).filter(label => label.startsWith('pod-security'))).toEqual([])
    const stays = await npm('uninstall', '--yes')
    expect(stays).toMatchObject({exitCode: 0, stdout: '', stderr: expect.stringContaining('so it stays: Secret theirs')})
    expect(stays.stderr).toContain('Nothing else of kubectl npm is in this cluster')

    // When it is empty of others, the next run removes it. A binding of a role that is gone does not keep it.
    await cluster.kubectl(['delete', 'secret', 'theirs', '-n', 'kubectl-npm'])
    const later = await npm('uninstall', '--yes')
    expect(later).toMatchObject({exitCode: 0, stdout: expect.stringContaining('Namespace kubectl-npm removed')})
    await cluster.kubectl(['delete', 'rolebinding', 'bob', '-n', 'kube-system'])
    await expectNothingLeft()
  })

  test('with another namespace than that of the agents, nothing is touched', async () => {
    expect(await npm('install', '--agent-namespace', 'ops')).toMatchObject({exitCode: 0})
    const installed = await everything(cluster)
    for (const wrong of [[], ['--agent-namespace', 'opps'], ['--agent-namespace', 'ops-node']]) {
      const said = await npm('uninstall', '--yes', ...wrong)
      expect(said).toMatchObject({exitCode: 2, stdout: '', stderr: expect.stringContaining('installed in namespace ops, not in')})
      expect(said.stderr).toContain('kubectl npm uninstall --agent-namespace ops')
    }
    for (const wrong of ['kube-system', 'default']) {
      const said = await npm('uninstall', '--yes', '--agent-namespace', wrong)
      expect(said).toMatchObject({exitCode: 2, stdout: '', stderr: expect.stringContaining(`${wrong} is not one`)})
    }
    expect(await everything(cluster)).toEqual(installed)
    expect(await npm('uninstall', '--yes', '--agent-namespace', 'ops')).toMatchObject({exitCode: 0})
    await expectNothingLeft()
  })

  test("somebody else's account of our name is neither taken over nor removed", async () => {
    await cluster.kubectl(['create', 'namespace', 'tools'])
    await cluster.kubectl(['create', 'serviceaccount', 'npm-viewer', '-n', 'tools'])
    // Not ours either, though it has the name that our agents' account had once.
    await cluster.kubectl(['create', 'serviceaccount', 'npm-agent', '-n', 'tools'])
    const had = await everything(cluster)
    const refused = await npm('install', '--agent-namespace', 'tools', '--force-conflicts')
    expect(refused).toMatchObject({exitCode: 2, stdout: ''})
    expect(refused.stderr).toMatch(
      /nothing was installed: .*ServiceAccount tools\/npm-viewer is there already, and is not of kubectl npm/,
    )
    expect(await everything(cluster)).toEqual(had)
    await cluster.kubectl(['delete', 'serviceaccount', 'npm-viewer', '-n', 'tools'])
    expect(await npm('install', '--agent-namespace', 'tools')).toMatchObject({exitCode: 0})
    expect(await npm('uninstall', '--yes', '--agent-namespace', 'tools')).toMatchObject({exitCode: 0})
    const left = (await find(cluster, ['serviceaccounts', '-n', 'tools'])).map(({metadata}) => metadata.name)
    expect(left.toSorted()).toEqual(['default', 'npm-agent'])
    await cluster.kubectl(['delete', 'namespace', 'tools'])
    await expectNothingLeft()
  })

  describe('an installation of before there were relays', () => {
    const OLD = fileURLToPath(new URL('../fixtures/manifests/loopback-agents.yaml', import.meta.url))
    const applyOld = () => cluster.kubectl(['apply', '--server-side', '--field-manager=kubectl-npm', '-f', OLD])

    test('is upgraded step by step, and leaves nothing of itself', async () => {
      await applyOld()
      const binding = ['create', 'rolebinding', 'alice', '-n', 'kubectl-npm', '--role', 'kubectl-npm-viewer', '--user', 'alice']
      await cluster.kubectl(binding)
      const said = await npm('install')
      expect(said).toMatchObject({exitCode: 0})
      for (const kind of ['DaemonSet', 'ServiceAccount']) expect(said.stdout).toContain(`${kind} kubectl-npm/npm-agent removed`)
      const [found] = await find(cluster, ['clusterrolebindings', 'kubectl-npm-agent'])
      expect(found).toMatchObject({subjects: [{name: 'npm-agent', namespace: 'kubectl-npm-node'}]})
      // Whom an administrator had let in, is.
      expect(await find(cluster, ['rolebindings', 'alice', '-n', 'kubectl-npm'])).toHaveLength(1)
      const upgraded = (await ours(cluster)).map(({kind, metadata: {namespace, name}}) => `${kind} ${namespace}/${name}`)
      expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
      await expectNothingLeft()
      await npm('install')
      const fresh = (await ours(cluster)).map(({kind, metadata: {namespace, name}}) => `${kind} ${namespace}/${name}`)
      expect(upgraded.toSorted()).toEqual(fresh.toSorted())
      expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
      await expectNothingLeft()
    })

    test('is upgraded by a second run when the first one is killed, at whatever moment', async () => {
      for (const word of [
        'Namespace kubectl-npm-node',
        'DaemonSet kubectl-npm/npm-agent removed',
        'ClusterRole kubectl-npm-agent',
      ]) {
        await applyOld()
        const first = execa(process.execPath, [kubectlNpm, 'install'], {env: {...cluster.env}, reject: false, buffer: false})
        let told = ''
        first.stdout.on('data', (chunk: Buffer) => {
          told += chunk.toString()
          if (told.includes(word)) first.kill('SIGKILL')
        })
        await first
        expect(told).toContain(word)
        expect(await npm('install')).toMatchObject({exitCode: 0})
        expect(
          await find(cluster, ['daemonsets,serviceaccounts', '-n', 'kubectl-npm', '--field-selector', 'metadata.name=npm-agent']),
        ).toEqual([])
        expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
        await expectNothingLeft()
      }
    })

    test('is removed without being upgraded first', async () => {
      await applyOld()
      expect(await npm('uninstall', '--yes')).toMatchObject({exitCode: 0})
      await expectNothingLeft()
    })
  })
})
