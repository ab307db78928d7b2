import {readdir, readFile} from 'node:fs/promises'
import {describe, expect, test} from 'vitest'
import {captureFileNames, captureFiles, captureFolder, captures, keptCapture, takeCapture} from './capture.ts'
import {describeKernel, kernelTest} from './describe.ts'
import {listSets, loadRules, loadSets, saveRules, saveSets, testRules} from './load.ts'
import type {Namespace} from './namespace.ts'
import {normalList, normalRules, normalSets} from './normal.ts'
import type {Backend} from './tools.ts'

test('every folder of captures is one of the list, and the other way round', async () => {
  const folders = (await readdir(captureFolder, {withFileTypes: true})).filter(entry => entry.isDirectory())
  expect(folders.map(folder => folder.name).sort()).toEqual(captures.map(({name}) => name).sort())
})

describeKernel('captures on the real kernel', () => {
  describe.each(captures)('$name', capture => {
    kernelTest('the program, loaded again, is saved and listed as it was kept', async namespace => {
      const taken = await takeCapture(namespace, capture)
      for (const file of captureFileNames) {
        const normal = captureFiles[file]
        expect(normal(taken[file]), file).toBe(normal(await keptCapture(capture, file)))
      }
    })

    kernelTest('what was saved can be restored, and is saved the same again', async namespace => {
      await restoreAndCompare(namespace, capture.backend, file => keptCapture(capture, file))
    })
  })
})

const real = new URL('../../fixtures/real-npm/', import.meta.url)

describeKernel('state programmed by Azure NPM itself, on the real kernel', () => {
  describe.each<{name: string; backend: Backend; isListed?: false}>([
    {name: 'bank-lite', backend: 'nft'},
    {name: 'clinic-fnv', backend: 'nft'},
    {name: 'freight-legacy', backend: 'legacy'},
    {name: 'garden-oldmarks', backend: 'nft'},
    {name: 'school-before', backend: 'nft', isListed: false},
    {name: 'school-changed', backend: 'nft'},
    {name: 'shop-sha256', backend: 'nft'},
  ])('$name', ({name, backend, isListed = true}) => {
    kernelTest('what was saved can be restored, and is saved the same again', async namespace => {
      const kept = (file: string) => readFile(new URL(`${name}/${file}`, real), 'utf8')
      await restoreAndCompare(namespace, backend, file => (file === 'ipset-list.txt' && !isListed ? undefined : kept(file)))
    })
  })
})

type Dump = 'iptables-save.txt' | 'ipset-save.txt' | 'ipset-list.txt'

async function restoreAndCompare(
  namespace: Namespace,
  backend: Backend,
  kept: (file: Dump) => Promise<string> | undefined,
): Promise<void> {
  const rules = (await kept('iptables-save.txt')) ?? ''
  const sets = (await kept('ipset-save.txt')) ?? ''
  await loadSets(namespace, sets)
  expect(await testRules(namespace, backend, rules)).toMatchObject({exitCode: 0, stderr: ''})
  await loadRules(namespace, backend, rules)
  expect(normalRules(await saveRules(namespace, backend))).toBe(normalRules(rules))
  expect(normalSets(await saveSets(namespace))).toBe(normalSets(sets))
  const list = await kept('ipset-list.txt')
  if (list !== undefined) expect(normalList(await listSets(namespace))).toBe(normalList(list))
}
