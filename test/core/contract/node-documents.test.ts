import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {
  documentFiles,
  documentOf,
  documentRow,
  documentsFor,
  nodeDocuments,
  podLogs,
} from '../../../core/contract/node-documents.ts'
import {isForAnswers, isForPeople, isNodeFile, kindOfDocument} from '../../../core/dump/layout.ts'

const root = join(import.meta.dirname, '../../..')
const TABLE = 'core/contract/node-documents.ts'
const READERS = 'agent/node/documents.ts'

const sources = ['core', 'agent', 'plugin', 'bin'].flatMap(folder =>
  readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter(file => /\.tsx?$/.test(file))
    .map(file => ({file: `${folder}/${file}`, text: readFileSync(join(root, folder, file), 'utf8')})),
)

/** The files whose code names a document, once for each time. In comments names stand in backticks; `--from cluster.json` is somebody's. */
function placesOf(document: string): string[] {
  const text = document.replaceAll('.', '\\.')
  const name = new RegExp(`['"/]${text}['"\`]`, 'g')
  return sources.flatMap(({file, text}) => [...text.matchAll(name)].map(() => file))
}

test.each(documentFiles)('%s is named in the table of documents, and else by its reader only', document => {
  expect(sources.length).toBeGreaterThan(300)
  const places = placesOf(document)
  expect(places.filter(file => file === TABLE)).toEqual([TABLE])
  expect([[], [READERS]]).toContainEqual(places.filter(file => file !== TABLE))
})

test('the wire knows these documents, in this order', () => {
  expect(nodeDocuments).toEqual([
    'iptables-nft-save.txt',
    'iptables-legacy-save.txt',
    'ipset-save.txt',
    'ipset-list.txt',
    'conntrack.txt',
    'conntrack-count.txt',
    'hns-networks.json',
    'hns-endpoints.json',
    'versions.txt',
    'npm-cache.json',
    'npm-node-metrics.txt',
    'npm-cluster-metrics.txt',
    'cluster.json',
  ])
  expect(podLogs).toEqual({current: 'npm.log', previous: 'npm-previous.log'})
  expect(documentFiles).toEqual([...nodeDocuments, ...Object.values(podLogs)])
})

test('answers rest on rules, sets and objects', () => {
  expect(documentFiles.filter(isForAnswers)).toEqual(documentsFor('rules', 'objects'))
  expect(documentsFor('rules', 'objects')).toEqual([
    'iptables-nft-save.txt',
    'iptables-legacy-save.txt',
    'ipset-save.txt',
    'ipset-list.txt',
    'hns-networks.json',
    'hns-endpoints.json',
    'cluster.json',
  ])
  expect(['dump.json', 'constructor', undefined].filter(isForAnswers)).toEqual([])
})

test('a document has a content, or people read it', () => {
  expect(documentFiles.filter(isForPeople)).toEqual(['conntrack-count.txt', 'versions.txt', 'npm.log', 'npm-previous.log'])
  expect(documentFiles.filter(file => kindOfDocument(file) === undefined)).toEqual(documentFiles.filter(isForPeople))
  expect(documentFiles.filter(file => !isNodeFile(file))).toEqual(['cluster.json'])
})

test('a content, a back end and the name that somebody gave find the document', () => {
  for (const file of nodeDocuments) {
    const {content, backend} = documentRow(file)
    if (content) expect(documentOf(content, backend, file)).toBe(file)
  }
  expect(documentOf('hns', undefined, 'network')).toBe('hns-networks.json')
  expect(documentOf('hns', undefined, 'endpoint')).toBe('hns-endpoints.json')
  expect(documentOf('npm-metrics', undefined, 'page.txt')).toBe('npm-node-metrics.txt')
  expect(documentOf('npm-metrics', undefined, 'cluster.txt')).toBe('npm-cluster-metrics.txt')
})
