import {cp, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {parseAllDocuments} from 'yaml'
import {readBaseManifests} from '../../../plugin/install/base-manifests.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

test('the manifests are those that kubectl makes of them, in the same order', async () => {
  const {stdout} = await execa('kubectl', ['kustomize', join(ROOT, 'manifests/base')])
  const objects = parseAllDocuments(stdout).map(document => document.toJS() as unknown)
  expect(objects.length).toBeGreaterThan(15)
  expect(await readBaseManifests(ROOT)).toEqual(objects)
})

test('what a kustomization says beyond what is understood is refused, and so are manifests that are gone', async () => {
  await using folder = await temporaryFolder()
  await expect(readBaseManifests(folder.path)).rejects.toThrow('no such file or directory')
  const base = join(folder.path, 'manifests/base')
  await cp(join(ROOT, 'manifests/base'), base, {recursive: true})
  const file = join(base, 'kustomization.yaml')
  await writeFile(file, `${await readFile(file, 'utf8')}\nnamePrefix: my-\n`)
  await expect(readBaseManifests(folder.path)).rejects.toThrow('namePrefix')
})
