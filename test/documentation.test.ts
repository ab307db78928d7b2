import {existsSync, globSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import packageFacts from '../package.json' with {type: 'json'}

const root = join(import.meta.dirname, '..')
const documents = globSync(['*.md', 'docs/*.md', 'examples/*.md', 'manifests/**/*.md', 'test/**/*.md'], {cwd: root})
const scripts: Readonly<Record<string, string>> = packageFacts.scripts

const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name)

/** Paths from the root of the repository, in code or in sentences. Those with a `*` are patterns. */
const pathsIn = (text: string): string[] =>
  found(text, /(?<![\w./~-])((?:bin|core|agent|plugin|manifests|scripts|docs|examples|test|\.ci)\/[\w./-]+)/g).map(path =>
    path.replace(/\.$/, ''),
  )

/** The folder map of CONTRIBUTING.md: folders of the root at the start of a line, those within them indented. */
function mappedPaths(): string[] {
  const map = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('```')[3] ?? ''
  const paths: string[] = []
  let folder = ''
  for (const [, indent, names = ''] of map.matchAll(/^( {0,2})((?:[\w./-]+(?:\/|\.ts),? ?)+)/gm))
    for (const name of names.trim().split(/[ ,]+/)) {
      if (indent === '') folder = name
      paths.push(indent === '' ? name : `${folder}${name}`)
    }
  return paths
}

describe.each(documents)('%s', document => {
  const text = readFileSync(join(root, document), 'utf8')

  test('names only files, folders and scripts that are there', () => {
    const links = found(text, /\]\(([^)#:]+)(?:#[^)]*)?\)/g).filter(link => !existsSync(join(root, dirname(document), link)))
    const paths = pathsIn(text).filter(path => !existsSync(join(root, path)))
    const commands = found(text, /npm run (?:--silent |-s )?([\w-]+)/g).filter(name => !(name in scripts))
    expect([...links, ...paths, ...commands]).toEqual([])
  })
})

test('the index of the pages has each of them', () => {
  const links = new Set(found(readFileSync(join(root, 'docs/README.md'), 'utf8'), /\]\(([^)#:]+)/g))
  expect(globSync('*.md', {cwd: join(root, 'docs')}).filter(page => page !== 'README.md' && !links.has(page))).toEqual([])
})

/** Their folders are in the map, and the files that put these together. */
const dataPlanes = new Set(['core/linux', 'core/windows'])

test('the folder map has every folder of core, agent and plugin, and none that is not there', () => {
  const mapped = new Set(mappedPaths().map(path => path.replace(/\/$/, '')))
  expect([...mapped].filter(path => !existsSync(join(root, path)))).toEqual([])
  // By the files in them: a working tree may still have empty folders of the past.
  const files = globSync(['core/*/*.ts', 'core/{linux,windows}/*/*.ts', 'agent/*/*.ts', 'plugin/*/*.ts'], {cwd: root})
  const folders = [...new Set(files.map(file => dirname(file)))]
  expect(folders.filter(path => !dataPlanes.has(path) && !mapped.has(path))).toEqual([])
  expect(folders.length).toBeGreaterThan(30)
})
