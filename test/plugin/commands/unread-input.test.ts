import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {runCli} from '../../support/plugin/run-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

/** A cluster in which nothing reaches the pod till/counter, on disk in forms that people have. */

let home: TemporaryFolder
beforeEach(async () => {
  home = await temporaryFolder()
})
afterEach(() => home[Symbol.asyncDispose]())

const put = (name: string, content: string | Uint8Array) => {
  const path = join(home.path, name)
  writeFileSync(path, content)
  return path
}

const pod = (namespace: string, name: string, address: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name, namespace, labels: {app: name}},
  spec: {nodeName: 'n1', containers: [{name: 'c'}]},
  status: {phase: 'Running', podIP: address},
})
const namespace = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {name, labels: {'kubernetes.io/metadata.name': name}},
})
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {name: 'n1'},
  status: {addresses: [{type: 'InternalIP', address: '10.1.0.4'}]},
}
const closed = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {name: 'closed', namespace: 'till'},
  spec: {podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{podSelector: {}}]}]},
}
const objects = [
  namespace('till'),
  namespace('yard'),
  node,
  pod('till', 'counter', '10.2.0.2'),
  pod('yard', 'cart', '10.2.0.3'),
  closed,
]
const list = (items: readonly unknown[]) => JSON.stringify({apiVersion: 'v1', kind: 'List', items}, undefined, 1)

const trace = (...from: string[]) =>
  runCli(['trace', 'yard/cart', 'till/counter', '--port', '80', ...from.flatMap(path => ['--from', path])])

describe('a policy of another API group', () => {
  const calico = `apiVersion: crd.projectcalico.org/v1
kind: NetworkPolicy
metadata: {name: default.closed, namespace: till}
spec:
  selector: all()
  types: [Ingress]
  ingress: [{action: Deny, source: {}}]
`
  test('does not turn the verdict, and trace names it', async () => {
    const cluster = put('cluster.json', list(objects))
    const {stdout, stderr, exitCode} = await trace(cluster, put('calico.yaml', calico))
    expect(stdout).toContain('DROPPED')
    expect(stderr).toContain('NetworkPolicy of crd.projectcalico.org/v1')
    expect(exitCode).toBe(1)
  })

  test('is nothing that lint could judge', async () => {
    const {stderr, exitCode} = await runCli(['lint', '-f', put('calico.yaml', calico)])
    expect(stderr).toContain('NetworkPolicy of crd.projectcalico.org/v1')
    expect(stderr).toContain('error: no NetworkPolicy was found')
    expect(exitCode).toBe(2)
  })

  test('is nothing that compile programs', async () => {
    const cluster = put('cluster.json', list(objects))
    const alone = await runCli(['compile', '-f', cluster, '-o', 'iptables'])
    const beside = await runCli(['compile', '-f', cluster, '-f', put('calico.yaml', calico), '-o', 'iptables'])
    expect(beside.stdout).toBe(alone.stdout)
    expect(beside.stderr).toContain('NetworkPolicy of crd.projectcalico.org/v1')
  })
})

test('a pod that is not found is told behind what was wrong with its file', async () => {
  const {stderr, exitCode} = await trace(put('cluster.json', list(objects).slice(0, 900)))
  expect(stderr).toMatch(/^warning: .*cluster\.json:\d+:\d+: not valid JSON[\s\S]*^error: pod yard\/cart is not in the input/m)
  expect(exitCode).toBe(2)
})

test.each([
  ['sets', '--from'],
  ['translate', '--from'],
  ['diff', '--from'],
  ['matrix', '--ports', '80', '--from'],
  ['lint', '-f'],
  ['compile', '-f'],
  ['resolve', 'AZURE-NPM', '--pod', 'till/counter', '--from'],
])('%s tells what was wrong with a file before it says that it lacks something', async (...words) => {
  const {stderr, exitCode} = await runCli([...words, put('cluster.json', list(objects).slice(0, 900))])
  expect(stderr).toMatch(/^warning: .*cluster\.json:\d+:\d+: not valid JSON[\s\S]*^error: /m)
  expect(exitCode).toBe(2)
})

test.each([
  {what: 'a merge key', selector: 'matchLabels:\n      <<: *wheel'},
  {what: 'brackets below their key', selector: 'matchLabels: {\napp: counter\n}'},
])('lint finds the line of a field of a policy with $what', async ({selector}) => {
  const policy = `labels: &wheel
  app: counter
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: gate, namespace: till}
spec:
  podSelector:
    ${selector}
  policyTypes: [Ingress]
  ingress:
  - from:
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
    ports: [{port: 80, endPort: 90}]
`
  const {stdout, exitCode} = await runCli(['lint', '-f', put('policy.yaml', policy), '--platform', 'linux', '-o', 'json'])
  const lint = JSON.parse(stdout) as {policies: number; findings: {line?: number}[]; problems: unknown[]}
  expect(lint).toMatchObject({policies: 1, problems: []})
  expect(lint.findings.map(({line}) => line)).not.toContain(undefined)
  expect(exitCode).not.toBe(2)
})
