import {expect, test} from 'vitest'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {redactDocuments} from '../../support/redact/redact-documents.ts'

const pod = (name: string, podIP: string, isReady: boolean) => ({
  kind: 'Pod',
  metadata: {namespace: 'shop', name, labels: {app: name}},
  spec: {nodeName: 'n1'},
  status: {phase: 'Running', podIP, conditions: [{type: 'Ready', status: isReady ? 'True' : 'False'}]},
})
const service = (name: string, clusterIP: string, spec: object = {}, status: object = {}) => ({
  kind: 'Service',
  metadata: {namespace: 'shop', name},
  spec: {clusterIP, selector: {app: name}, ports: [{port: 80, nodePort: 30_080}], ...spec},
  status,
})
const objects = [
  {kind: 'Namespace', metadata: {name: 'shop'}},
  {
    kind: 'Node',
    metadata: {name: 'n1'},
    spec: {podCIDR: '10.244.0.0/24'},
    status: {addresses: [{type: 'InternalIP', address: '10.9.0.1'}]},
  },
  pod('api', '10.244.0.10', true),
  pod('new', '10.244.0.11', false),
  {kind: 'NetworkPolicy', metadata: {namespace: 'shop', name: 'deny'}, spec: {podSelector: {}, policyTypes: ['Ingress']}},
  service('new', '10.100.0.1', {externalIPs: ['198.18.0.1']}, {loadBalancer: {ingress: [{ip: '20.1.2.3'}]}}),
  service('far', '10.100.0.2', {internalTrafficPolicy: 'Local', selector: {app: 'api'}}),
]

test.each([
  {what: 'of the bridge of a node', source: '10.244.0.1', destination: '10.244.0.10', verdict: 'accept'},
  {what: 'of an address beside it', source: '10.244.0.2', destination: '10.244.0.10', verdict: 'drop'},
  {what: 'to a service whose pods are not ready', source: '10.244.0.10', destination: '10.100.0.1', verdict: 'drop'},
  {what: 'to a load balancer', source: '10.244.0.10', destination: '20.1.2.3', verdict: 'unknown'},
  {what: 'to an external address', source: '10.244.0.10', destination: '198.18.0.1', verdict: 'unknown'},
  {what: 'to a service of the own node, from elsewhere', source: '10.77.0.1', destination: '10.100.0.2', verdict: 'unknown'},
])('a redacted dump says the same of packets $what', async ({source, destination, verdict}) => {
  const text = JSON.stringify({kind: 'List', items: objects})
  const document: DumpDocument = {name: 'cluster.json', folder: '', text: [text]}
  const {documents, redaction} = await redactDocuments([document])
  const ask = async (all: readonly DumpDocument[], of: (address: string) => string) => {
    const {nodes} = await readDump(all)
    return tracePacket(nodes, {source: of(source), destination: of(destination), protocol: 'tcp', port: '80'}, []).verdict
  }
  expect(await ask([document], address => address)).toBe(verdict)
  expect(await ask(documents, address => redaction.objects.address(address))).toBe(verdict)
})
