import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {parse, stringify} from 'yaml'
import {readDump} from '../../../core/dump/read-dump.ts'
import {InputError} from '../../../core/problem/input-error.ts'
import {problemText} from '../../../core/problem/problem-text.ts'
import {readPorts} from '../../../core/trace/asked-port.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {tracePorts} from '../../../core/trace/trace-ports.ts'
import {traceLines, traceListLines} from '../../../plugin/print/trace.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

const plain = (text: string) => text
const read = (path: string) => readFileSync(fixture(path), 'utf8')
interface Item {
  readonly kind: string
  readonly metadata: {readonly name: string; readonly namespace: string}
}
const all = (parse(read('services/services.yaml')) as {items: Item[]}).items
const listOf = (items: readonly unknown[]) => stringify({apiVersion: 'v1', kind: 'List', items})
const everything = listOf(all)
const servicesAlone = listOf(all.filter(({kind}) => kind === 'Service'))
const own = listOf([
  ...all.filter(({kind}) => kind === 'Service'),
  {
    ...all.find(({metadata}) => metadata.name.startsWith('dairy-')),
    endpoints: [{addresses: ['10.244.0.10'], conditions: {ready: true}}],
  },
])
/** A cluster of which only the pods of one namespace were taken. */
const part = listOf(
  (JSON.parse(read('ways/cluster.json')) as {items: Item[]}).items.filter(({metadata}) => metadata.namespace === 'farm'),
)
const cluster = read('ways/cluster.json')
/** A pod of the namespace that cannot be read. */
const damaged = listOf([{apiVersion: 'v1', kind: 'Pod', metadata: {namespace: 'farm', name: 'bad', labels: 7}}])
const node = ['iptables-nft-save.txt', 'ipset-save.txt'].map(file => read(`ways/nodes/n1/${file}`))
const selecting = listOf([
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'farm', name: 'nobody'},
    spec: {clusterIP: '10.0.12.50', selector: {app: 'nobody'}, ports: [{port: 80}]},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'farm', name: 'other'},
    spec: {type: 'ExternalName', ports: [{port: 80}]},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'market', name: 'stalls'},
    spec: {clusterIP: '10.0.12.51', selector: {app: 'dairy'}, ports: [{port: 80, targetPort: 8080}]},
  },
])

/** Reached from outside, too, and within by pods of the own node alone. */
const reachedOtherwise = listOf([
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'farm', name: 'near'},
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.0.12.52',
      selector: {app: 'dairy'},
      internalTrafficPolicy: 'Local',
      externalIPs: ['198.18.0.1'],
      ports: [{port: 80, targetPort: 8080, nodePort: 30080}],
    },
    status: {loadBalancer: {ingress: [{ip: '20.1.2.3'}]}},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {namespace: 'farm', name: 'far'},
    spec: {clusterIP: '10.0.12.53', selector: {app: 'barn'}, internalTrafficPolicy: 'Local', ports: [{port: 80}]},
  },
])

interface Case {
  readonly source?: string
  readonly to: string
  readonly port?: string
  readonly given?: readonly string[]
  readonly protocol?: string
}

async function said({source = 'farm/barn-0', to, port, given = [cluster, everything], protocol}: Case): Promise<string[]> {
  const {nodes} = await readDump(given.map((text, at) => ({name: `${at}.yaml`, folder: '', text: [text]})))
  const ends = {source, destination: to}
  try {
    const ports = port === undefined ? [] : readPorts([port], protocol)
    if (ports.length > 1 || port?.includes('-')) return [...traceListLines(tracePorts(nodes, {...ends, ports}, []), plain, false)]
    const trace = tracePacket(nodes, {...ends, protocol: 'tcp', port}, [])
    return [...traceLines(trace, plain, {isShort: true}), ...trace.problems.map(problemText)]
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return [`error: ${error.message}`, ...error.steps.map(step => `  ${step}`)]
  }
}

const cases: readonly Case[] = [
  {to: 'svc/dairy'},
  {to: 'svc/dairy', given: [cluster, everything, ...node]},
  {to: 'svc/dairy', given: [cluster, servicesAlone]},
  {to: 'svc/dairy', given: [part, servicesAlone]},
  {to: 'svc/dairy', given: [cluster, damaged, servicesAlone]},
  {to: 'svc/stalls', given: [part, selecting]},
  {to: 'svc/churn', port: 'admin'},
  {to: 'svc/churn', port: 'http', given: [cluster, servicesAlone]},
  {to: 'svc/churn'},
  {to: 'svc/churn', port: 'htp'},
  {to: 'svc/churn', port: '1-65535'},
  {to: 'svc/churn', port: '100-200'},
  {to: 'svc/herd', port: '80'},
  {to: 'svc/herd', port: '1-1000'},
  {to: 'svc/empty'},
  {to: 'svc/byre'},
  {to: 'svc/nobody', given: [cluster, selecting]},
  {to: 'svc/outside'},
  {to: 'svc/other', given: [cluster, selecting]},
  {source: 'farm/dairy-0', to: 'svc/dairy', given: [cluster, own]},
  {to: 'svc/near', given: [cluster, reachedOtherwise]},
  {source: 'farm/dairy-1', to: 'svc/far', given: [cluster, reachedOtherwise]},
  {source: 'external', to: 'svc/near', given: [cluster, reachedOtherwise]},
  {source: 'external', to: 'node/n1', port: '30080', given: [cluster, reachedOtherwise]},
  {to: '20.1.2.3', port: '80', given: [cluster, reachedOtherwise]},
  {source: 'svc/dairy', to: 'farm/barn-0', port: '80'},
  {to: 'svc/dary'},
  {to: 'svc/dairy', given: [cluster]},
  {to: 'farm/dairy-0', port: '8079-8081'},
  {to: 'farm/dairy-0', port: Array.from({length: 22}, (_, at) => at + 1).join(',')},
  {to: 'farm/dairy-0', port: '80,'},
  {to: 'farm/dairy-0', port: '9-3'},
  {to: 'farm/dairy-0', port: '1-2', protocol: 'icmp'},
]

test('what is said of services and of several ports', async () => {
  const screens = await Promise.all(
    cases.map(async each => [
      `# ${each.source ?? 'farm/barn-0'} ${each.to} ${each.port ?? ''}`.trimEnd(),
      ...(await said(each)),
      '',
    ]),
  )
  await expect(`${screens.flat().join('\n')}\n`).toMatchFileSnapshot('../../golden/trace-services.txt')
})
