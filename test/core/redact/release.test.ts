import {expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {redactDocuments} from '../../support/redact/redact-documents.ts'

const pod = (name: string, namespace: string, image: string) => ({
  kind: 'Pod',
  metadata: {name, namespace, labels: {'k8s-app': namespace === 'kube-system' ? 'azure-npm' : 'contoso-till'}},
  spec: {nodeName: 'contoso-node-1', containers: [{image}]},
  status: {phase: 'Running'},
})

test.each([
  {tag: 'v1.6.48', kept: {name: 'v1.6.48', from: 'image'}},
  {tag: 'v1.5.5-contoso', kept: {name: 'v1.5.5', from: 'image'}},
  {tag: 'contoso', kept: {name: 'unknown', from: 'unknown'}},
])('a redacted dump keeps the release of Azure NPM, and of its image $tag nothing else', async ({tag, kept}) => {
  const items = [
    pod('azure-npm-x7', 'kube-system', `contoso.azurecr.io/mirror/azure-npm:${tag}`),
    pod('till-0', 'shop', 'contoso.azurecr.io/till:v9.9.9'),
  ]
  const node = {kind: 'Node', metadata: {name: 'contoso-node-1'}}
  const text = [JSON.stringify({kind: 'List', items: [...items, node]})]
  const {redaction, documents} = await redactDocuments([{name: 'dump/cluster.json', folder: 'dump', text}])
  const redacted = documents.flatMap(each => [...each.text]).join('')
  expect(redacted).not.toMatch(/contoso|v9\.9\.9|mirror/)
  const rules = ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT', ''].join('\n')
  const name = redaction.objects.rewrite({namespaces: [], pods: [], policies: [], nodes: [{metadata: {name: 'contoso-node-1'}}]})
    .nodes[0]?.metadata.name
  const {nodes} = await readDump([
    ...documents,
    {name: `dump/nodes/${name}/iptables-save.txt`, folder: `dump/nodes/${name}`, text: [rules]},
  ])
  expect(nodes.map(each => each.release())).toEqual([kept])
})
