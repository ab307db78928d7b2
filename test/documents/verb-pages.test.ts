import {readdirSync, readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {schemas} from '../../core/contract/index.ts'
import {verbs} from '../../plugin/commands/index.ts'
import {pageOfVerb, pages} from '../../scripts/docs/pages.ts'
import {verbExamples} from '../../scripts/docs/verb-examples.ts'
import {outputsOfPage} from '../../scripts/docs/verb-page.ts'

/** Pages that are written from what the program says of itself. What their commands print is held by commands.test.ts. */

const kept = (url: URL): string => readFileSync(url, 'utf8')

test('pages are what would be written today', async () => {
  const written = await pages(verb => outputsOfPage(kept(pageOfVerb(verb))))
  for (const {url, text} of written)
    if (kept(url) !== text)
      expect(kept(url), `${url.pathname.split('/').at(-1)} is not as it would be now: npm run docs`).toBe(text)
  const names = (folder: string) => readdirSync(new URL(`../../${folder}`, import.meta.url)).map(name => `${folder}/${name}`)
  const paths = written.map(({url}) => url.pathname)
  expect(['docs/verbs', 'man'].flatMap(names).filter(name => !paths.some(path => path.endsWith(`/${name}`)))).toEqual([])
})

test('every verb has examples, and documents that have a schema', async () => {
  expect(Object.keys(verbExamples).toSorted()).toEqual(Object.keys(verbs).toSorted())
  for (const [verb, {document}] of Object.entries(verbExamples)) {
    const kinds =
      document === undefined ? [...kept(pageOfVerb(verb)).matchAll(/schema\/(\w+)\.json/g)].map(([, kind]) => kind) : [document]
    for (const kind of kinds) expect(Object.keys(schemas), verb).toContain(kind)
  }
})

test.each(Object.entries(verbExamples))('%s shows three outputs', (_, {examples}) => {
  expect(examples.length).toBeGreaterThanOrEqual(3)
})

test('the list of verbs and each verb say the same of it', async () => {
  for (const [name, verb] of Object.entries(verbs)) expect([name, verb.summary]).toEqual([name, (await verb.load()).summary])
})
