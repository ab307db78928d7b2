import {describe, expect, test} from 'vitest'
import {compareProbes} from '../../../core/matrix/compare-probes.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import {withStandIns} from '../../../core/matrix/stand-ins.ts'
import {dumpOf} from '../../support/read-capture.ts'

const workload = (kind: string, name: string, app: string, more = '', podMore = '') =>
  kind === 'CronJob'
    ? `- {apiVersion: batch/v1, kind: CronJob, metadata: {name: ${name}, namespace: mill}, spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: ${app}}}, spec: {containers: [{name: c}]}}}}}}`
    : `- {apiVersion: ${kind === 'Job' ? 'batch' : 'apps'}/v1, kind: ${kind}, metadata: {name: ${name}, namespace: mill}, spec: {selector: {matchLabels: {app: ${app}}}, ${more} template: {metadata: {labels: {app: ${app}, tier: new}}, spec: {${podMore} containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}}}`
const pod = (name: string, app: string, ip: string) =>
  `- {apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: mill, labels: {app: ${app}, pod-template-hash: abc}}, spec: {containers: [{name: c}]}, status: {phase: Running, podIP: ${ip}}}`
const policy = (from: string, app = 'wheel') =>
  `- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${app}, namespace: mill}, spec: {podSelector: {matchLabels: {app: ${app}}}, policyTypes: [Ingress], ingress: [{from: [${from}], ports: [{port: http}]}]}}`
const NAMESPACE = '- {apiVersion: v1, kind: Namespace, metadata: {name: mill}}'
const list = (...items: readonly string[]) => `apiVersion: v1\nkind: List\nitems:\n${items.join('\n')}\n`
const none = {before: [], after: []}

describe('stand-ins', () => {
  test.each([
    {kind: 'Deployment', more: '', names: ['mill/wheel (Deployment)']},
    {kind: 'Deployment', more: 'replicas: 3,', names: ['mill/wheel (Deployment)', 'mill/wheel, another (Deployment)']},
    {kind: 'Deployment', more: 'replicas: 0,', names: []},
    {kind: 'StatefulSet', more: 'replicas: 2,', names: ['mill/wheel-0 (StatefulSet)', 'mill/wheel-1 (StatefulSet)']},
    {kind: 'DaemonSet', more: '', names: ['mill/wheel (DaemonSet)', 'mill/wheel, another (DaemonSet)']},
    {kind: 'ReplicaSet', more: '', names: ['mill/wheel (ReplicaSet)']},
    {kind: 'Job', more: '', names: ['mill/wheel (Job)']},
    {kind: 'CronJob', more: '', names: ['mill/wheel (CronJob)']},
  ])('are the pods of a $kind $more', async ({kind, more, names}) => {
    const {cluster} = await dumpOf(list(NAMESPACE, pod('sack', 'sack', '10.0.0.2'), workload(kind, 'wheel', 'wheel', more)))
    expect(cluster && withStandIns([cluster]).standIns.map(({name}) => name)).toEqual(names)
  })

  test('are none where pods are there, and none on the network of nodes', async () => {
    const {cluster} = await dumpOf(
      list(
        NAMESPACE,
        pod('wheel-x', 'wheel', '10.0.0.1'),
        workload('Deployment', 'wheel', 'wheel'),
        workload('DaemonSet', 'agent', 'agent', '', 'hostNetwork: true,'),
      ),
    )
    expect(cluster && withStandIns([cluster]).standIns).toEqual([])
  })

  test('have an address that no block contains but that of everything', async () => {
    const from = '{ipBlock: {cidr: 240.0.0.0/8}}, {ipBlock: {cidr: 0.0.0.0/0, except: [241.0.0.0/16]}}'
    const {cluster} = await dumpOf(list(NAMESPACE, policy(from), workload('Deployment', 'wheel', 'wheel')))
    expect(cluster && withStandIns([cluster]).standIns).toEqual([{name: 'mill/wheel (Deployment)', address: '241.1.0.0'}])
  })

  test('are probed with the ports that their template names, and told', async () => {
    const dump = await dumpOf(
      list(
        NAMESPACE,
        policy('{podSelector: {matchLabels: {app: sack}}}'),
        ...['wheel', 'sack', 'cart'].map(name => workload('Deployment', name, name)),
      ),
    )
    const {document} = probeNodes([dump], {})
    expect(document.standIns?.map(({name}) => name)).toEqual([
      'mill/wheel (Deployment)',
      'mill/sack (Deployment)',
      'mill/cart (Deployment)',
    ])
    const passing = [...document.probes].filter(({destination, verdict}) => destination.includes('wheel') && verdict === 'accept')
    expect(passing.map(({source, protocol, port}) => `${source} ${protocol}/${port}`)).toEqual([
      'mill/sack (Deployment) tcp/8080',
    ])
  })
})

describe('a change', () => {
  const BASE = list(
    NAMESPACE,
    policy('{podSelector: {matchLabels: {app: sack}}}'),
    pod('wheel-x', 'wheel', '10.0.0.1'),
    pod('sack-x', 'sack', '10.0.0.2'),
  )
  const changes = async (...items: string[]) => {
    const {opens, closes, standIns} = compareProbes([await dumpOf(BASE)], {changed: [await dumpOf(list(...items))]}, {}, none)
    const text = (all: typeof opens) => all.map(({source, destination, port}) => `${source} -> ${destination} ${port}`)
    return {opens: text(opens), closes: text(closes), standIns: standIns?.map(({name}) => name)}
  }

  test('with a new workload is compared as if its pods ran before', async () => {
    const closed = await changes(
      workload('Deployment', 'cart', 'cart'),
      policy('{podSelector: {matchLabels: {app: wheel}}}', 'cart'),
    )
    expect(closed.standIns).toEqual(['mill/cart (Deployment)'])
    expect(closed.opens).toEqual([])
    expect(closed.closes).toContain('mill/sack-x -> mill/cart (Deployment) 8080')
    expect(closed.closes).not.toContain('mill/wheel-x -> mill/cart (Deployment) 8080')
  })

  test('of a template changes the labels of the pods that are there', async () => {
    const base = BASE.replace('app: sack}}}', 'tier: new}}}').replace('port: http', 'port: 80')
    const changed = await dumpOf(list(workload('Deployment', 'sack', 'sack')))
    const {opens, closes, standIns} = compareProbes([await dumpOf(base)], {changed: [changed]}, {}, none)
    expect(standIns).toBeUndefined()
    expect(closes).toEqual([])
    expect(opens).toMatchObject([{source: 'mill/sack-x', destination: 'mill/wheel-x', port: 80}])
  })

  test('to objects that lack policies is not known, and the answer says which part', async () => {
    const dump = await dumpOf(list(NAMESPACE, pod('wheel-x', 'wheel', '10.0.0.1'), pod('sack-x', 'sack', '10.0.0.2')))
    const changed = await dumpOf(list('- {apiVersion: v1, kind: Namespace, metadata: {name: mill, labels: {a: b}}}'))
    const diff = compareProbes([dump], {changed: [changed]}, {}, none)
    expect(diff).toMatchObject({opens: [], closes: []})
    expect(diff.incomplete.map(({part}) => part)).toContain('NetworkPolicies')
  })
})
