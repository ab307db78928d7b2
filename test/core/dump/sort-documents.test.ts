import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {API_VERSION} from '../../../core/contract/version.ts'
import {locationIn, plainPath, readManifest} from '../../../core/dump/manifest.ts'
import type {DumpDocument} from '../../../core/dump/model.ts'
import {locationFinder, sortDocuments} from '../../../core/dump/sort-documents.ts'

const manifestIn = (folder: string, more: Record<string, unknown> = {}): DumpDocument => ({
  name: `${folder}/dump.json`,
  folder,
  text: [JSON.stringify({apiVersion: API_VERSION, kind: 'Dump', formatVersion: 1, ...more})],
})
const fileIn = (folder: string, name = 'ipset-save.txt', text = ['create s hash:net\n']): DumpDocument => ({
  name: `${folder}/${name}`,
  folder,
  text,
})

const folders = fc
  .array(fc.constantFrom('a', 'b', 'nodes', '.', '..', ''), {maxLength: 6})
  .map(parts => parts.join('/'))
  .filter(folder => folder !== '')

propertyTest.prop([fc.array(folders, {maxLength: 6}), fc.array(folders, {maxLength: 20})])(
  'a document belongs to the innermost dump around it, and of two in one folder to the first',
  (bases, places) => {
    const manifests = bases.flatMap((base, index) => readManifest(manifestIn(base, {id: `${index}`})) ?? [])
    const find = locationFinder(manifests)
    for (const document of places.map(place => fileIn(place))) {
      const around = manifests.filter(manifest => locationIn(manifest, document) !== undefined)
      const depth = Math.max(...around.map(({base}) => base.length))
      const wanted = around.find(({base}) => base.length === depth)
      expect(find(document)?.manifest.id).toBe(wanted?.id)
      expect(find(document)?.location).toEqual(wanted && locationIn(wanted, document))
      expect(plainPath(document.folder).startsWith(wanted?.base ?? '')).toBe(true)
    }
  },
)

describe('what a dump says of its nodes', () => {
  test('is found for each node by its name', () => {
    const failures = Array.from({length: 200}, (_, index) => ({
      node: `n${index % 100}`,
      document: index < 100 ? 'ipset-save.txt' : 'iptables-nft-save.txt',
      message: `failure ${index}`,
      next: '',
    }))
    const nodes = Array.from({length: 100}, (_, index) => ({name: `n${index}`, folder: `nodes/f${index}`}))
    const documents = [manifestIn('d', {failures, nodes}), ...nodes.map(({folder}) => fileIn(`d/${folder}`))]
    const sorted = sortDocuments(documents)
    expect(sorted.nodes.size).toBe(100)
    expect(sorted.nodes.get('d/nodes/f7')).toMatchObject({
      name: 'n7',
      problems: [
        {message: 'when the dump was taken: ipset-save.txt: failure 7'},
        {message: 'when the dump was taken: iptables-nft-save.txt: failure 107'},
      ],
    })
    // A tool that failed may have printed a part of it only.
    expect(sorted.documents.map(({kind}) => kind)).toEqual(Array.from({length: 100}, () => undefined))
  })
})
