import {describe, expect, test} from 'vitest'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {readDocument} from '../../../core/dump/read-document.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {documentsOf, folders} from '../../support/redact/folders.ts'
import {redactDocuments} from '../../support/redact/redact-documents.ts'

/** What stays on purpose. */
const KEPT = new Set([
  '',
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'linux',
  'windows',
  'amd64',
  'arm64',
  'true',
  'false',
  // Names of ports that say no more than the protocol.
  'http',
  'https',
  'dns',
  'dns-tcp',
  'metrics',
  'grpc',
])

/** What the files themselves are made of, which somebody's names may be, too. */
const FORM = new RegExp(
  [
    /\bkube-(?:system|public|node-lease)\b/,
    // Words of iptables and ipset.
    /(?<= )-(?:[a-zA-Z]|-[a-z-]+)(?= )/,
    /(?<=-m )\w+/,
    /\b(?:size|maxelem|hashsize) \d+/,
    /^# .*$/m,
    // Comments of kube-proxy.
    /"kubernetes [a-z -]+"|block incoming localnet connections/,
    // Labels of metrics.
    /(?<=[{,])(?:operation|had_error|le|quantile)="[^"]*"/,
    // Label keys that charts use.
    /\b(?:podlabel-|nslabel-|nestedlabel-[\w./-]+[:-])?(?:k8s-app|pod-template-hash|app|component|role|tier|version|env|name)(?=[": ]|\.kubernetes\.io|-AND|-IN|-ON|$)/m,
    /"(?:kind|name|namespace|ingress|egress|from|to|port|ports|spec|status|type|address|items|labels|protocol|key|values|metadata)":/,
    /"(?:kind|apiVersion)":"[^"]*"/,
  ]
    .map(({source}) => source)
    .join('|'),
  'gm',
)
const KEPT_ADDRESS = /^(?:0\.|127\.|169\.254\.|168\.63\.129\.16|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|22[4-9]\.|2[345]\d\.)/

/** Every name of the objects, gathered from the JSON as it is and not by the code that is tested. */
function namesIn(objects: ClusterObjects): Set<string> {
  const names = new Set<string>()
  const addKey = (key: string) => {
    if (!/(?:^|[./])(?:kubernetes\.io|k8s\.io|azure\.com)\//.test(key)) for (const part of key.split('/')) names.add(part)
  }
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, path)
    else if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value)) {
        const isLabels = /\.(?:labels|matchLabels)$/.test(path)
        if (isLabels) addKey(key)
        visit(each, isLabels ? `${path}.LABEL` : `${path}.${key}`)
      }
    else if (typeof value === 'string') {
      if (/\.(?:LABEL|name|namespace|nodeName|values|port)$/.test(path) && !/\.conditions|annotations/.test(path))
        names.add(value)
      if (path.endsWith('matchExpressions.key')) addKey(value)
    }
  }
  for (const each of [...objects.namespaces, ...objects.pods, ...objects.policies, ...objects.nodes]) {
    const {metadata, spec, status} = each as unknown as {metadata: Record<string, unknown>; spec?: unknown; status?: unknown}
    visit({name: metadata['name'], namespace: metadata['namespace'], labels: metadata['labels']}, '.metadata')
    visit(spec, '.spec')
    visit((status as {addresses?: unknown} | undefined)?.addresses, '.status')
  }
  return names
}

async function namesOf(documents: readonly DumpDocument[]): Promise<string[]> {
  const names = new Set<string>()
  for (const document of documents) {
    const read = await readDocument(document)
    const objects = read.kind === 'cluster' ? [read.objects] : read.kind === 'npm-cache' ? [read.cache.objects] : []
    for (const name of objects.flatMap(each => [...namesIn(each)])) names.add(name)
    if (read.kind === 'npm-cache' && read.cache.node !== undefined) names.add(read.cache.node)
  }
  return [...names].filter(name => !KEPT.has(name) && !/^\d{1,6}$/.test(name))
}

const textOf = (documents: readonly DumpDocument[]): string => documents.map(({text}) => text.join('')).join('\n')
const matchesOf = (text: string, pattern: RegExp): Set<string> => new Set(text.match(pattern))
const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')

describe.each(folders)('%s', folder => {
  test('nothing of the names and addresses is left', async () => {
    const documents = await documentsOf(folder)
    const {documents: redacted, redaction} = await redactDocuments(documents)
    const before = textOf(documents)
    const after = textOf(redacted)
    const told = after.replaceAll(FORM, ' ')
    const names = await namesOf(documents)
    expect(names.length).toBeGreaterThan(5)
    const left = names.filter(name => new RegExp(`(?<![A-Za-z0-9])${escaped(name)}(?![A-Za-z0-9])`).test(told))
    const where = left.map(name => new RegExp(`.{0,40}(?<![A-Za-z0-9])${escaped(name)}(?![A-Za-z0-9]).{0,40}`).exec(told)?.[0])
    expect(where).toEqual([])

    // Bases of private blocks, and the halves of all addresses, are the same everywhere.
    const bases = new Set(['10.0.0.0', '172.16.0.0', '192.168.0.0', '100.64.0.0', '128.0.0.0'])
    const addresses = (text: string) => matchesOf(text, /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g)
    const own = [...addresses(before)].filter(address => !KEPT_ADDRESS.test(address) && !bases.has(address))
    expect(own.length).toBeGreaterThan(1)
    expect(own.filter(address => addresses(after).has(address))).toEqual([])

    const kernelNames = (text: string) =>
      matchesOf(text, /azure-npm-[0-9a-z]+|AZURE-NPM-(?:IN|E)GRESS-[0-9a-z]+|KUBE-S(?:EP|VC)-\w+/g)
    // The hash of a name that every cluster has tells nothing.
    const isTelling = (name: string) =>
      !redaction.names.namesOf(name).some(known => redaction.names.renameSet(known) === known.name)
    expect([...kernelNames(before)].filter(name => kernelNames(after).has(name) && isTelling(name))).toEqual([])
  })
})
