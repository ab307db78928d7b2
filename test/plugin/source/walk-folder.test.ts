import {execFileSync} from 'node:child_process'
import {chmodSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {InputBudget, InputLimitError, inputLimits} from '../../../plugin/bytes/input-budget.ts'
import {walkFolder} from '../../../plugin/source/walk-folder.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

let home: TemporaryFolder
beforeEach(async () => {
  home = await temporaryFolder()
  chmodSync(home.path, 0o755)
})
afterEach(() => home[Symbol.asyncDispose]())

const at = (...parts: string[]) => join(home.path, ...parts)

/** Makes files, and the folders that they need. */
function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(at(path), '..'), {recursive: true})
    writeFileSync(at(path), path)
  }
}

async function found(folder: string, budget = new InputBudget('files')) {
  const {files, problems} = await walkFolder(folder, budget)
  const plain = (text: string) => text.replaceAll(`${home.path}/`, '')
  return {files: files.map(({path}) => plain(path)), problems: problems.map(({code, message}) => `${code} ${plain(message)}`)}
}

test('finds all files but hidden ones, in the order of their paths', async () => {
  put('in/b/rules.txt', 'in/a.txt', 'in/.hidden', 'in/b/.hidden/sets.txt', 'in/b-1/x', 'other/x')
  expect(await found(at('in'))).toEqual({
    files: ['in/a.txt', 'in/b-1/x', 'in/b/.hidden/sets.txt', 'in/b/rules.txt'],
    problems: [],
  })
})

describe('a link', () => {
  test('to a folder around it is not followed, however many there are', async () => {
    put('in/a.txt', 'in/deep/b.txt')
    for (const name of ['x', 'y']) for (const folder of ['in', 'in/deep']) symlinkSync('.', at(folder, name))
    const {files, problems} = await found(at('in'))
    expect(files).toEqual(['in/a.txt', 'in/deep/b.txt'])
    expect(problems).toEqual([
      expect.stringMatching(/^UNSUPPORTED_FILE in\/deep\/x, in\/deep\/y, in\/x, in\/y: links within the folder are not followed/),
    ])
  })

  test.each([
    {name: 'to a folder elsewhere', target: '../other'},
    {name: 'to a file elsewhere', target: '../other/secret.txt'},
    {name: 'to nowhere', target: 'nothing'},
    {name: 'to a folder whose name only begins alike', target: '../in-2'},
  ])('$name is not followed, and told', async ({target}) => {
    put('in/a.txt', 'other/secret.txt', 'in-2/b.txt')
    symlinkSync(target, at('in/link'))
    expect(await found(at('in'))).toEqual({
      files: ['in/a.txt'],
      problems: ['UNREADABLE_FILE in/link: links that lead out of the folder or nowhere are not followed'],
    })
  })

  test('that was named itself is followed', async () => {
    put('other/a.txt')
    symlinkSync('other', at('link'))
    expect(await found(at('link'))).toEqual({files: ['link/a.txt'], problems: []})
  })

  test('as a mounted ConfigMap has them costs no file', async () => {
    put('in/..2026/a.yaml')
    symlinkSync('..2026', at('in/..data'))
    symlinkSync('..data/a.yaml', at('in/a.yaml'))
    const {files, problems} = await found(at('in'))
    expect(files).toEqual(['in/..2026/a.yaml'])
    expect(problems).toEqual([expect.stringContaining('UNSUPPORTED_FILE in/a.yaml')])
  })
})

test('pipes and sockets are told and not opened', async () => {
  put('in/a.txt')
  execFileSync('mkfifo', [at('in/pipe')])
  await using server = createServer()
  await new Promise<void>(resolve => {
    server.listen(at('in/socket'), resolve)
  })
  const {files, problems} = await found(at('in'))
  expect(files).toEqual(['in/a.txt'])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^UNREADABLE_FILE in\/pipe, in\/socket: pipes, sockets and devices are not opened/)
})

/** Root may enter any folder. */
async function asSomebody<Result>(run: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return await run()
  process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}

describe('a folder that may not be entered', () => {
  test('is a problem, and the rest is read', async () => {
    put('in/a.txt', 'in/closed/b.txt', 'in/z/c.txt')
    chmodSync(at('in/closed'), 0)
    const {files, problems} = await asSomebody(() => found(at('in')))
    chmodSync(at('in/closed'), 0o755)
    expect(files).toEqual(['in/a.txt', 'in/z/c.txt'])
    expect(problems).toEqual(['UNREADABLE_FILE in/closed: cannot be read: permission denied'])
  })

  test('is an error when it was named itself', async () => {
    put('in/a.txt')
    chmodSync(at('in'), 0)
    await expect(asSomebody(() => found(at('in')))).rejects.toThrow('EACCES')
    chmodSync(at('in'), 0o755)
  })
})

test('of a hundred that are left out eight are named, and the others counted', async () => {
  put('in/a.txt')
  for (let index = 0; index < 100; index++) symlinkSync('nothing', at('in', `link-${index}`))
  const {problems} = await found(at('in'))
  expect(problems).toEqual([expect.stringMatching(/(?:in\/link-\d+[, ]+){8}and 92 more: links/)])
})

test('folders within folders end at a hundred', async () => {
  const deep = Array.from({length: 200}, () => 'd')
  put('in/a.txt', `in/${deep.slice(0, 100).join('/')}/b.txt`)
  put(`in/${deep.join('/')}/c.txt`)
  const {files, problems} = await found(at('in'))
  expect(files).toEqual(['in/a.txt', `in/${deep.slice(0, 100).join('/')}/b.txt`])
  expect(problems).toEqual([expect.stringContaining('more than 100 deep')])
})

test('counts everything that it finds against the limit', async () => {
  put(...Array.from({length: 50}, (_, index) => `in/${index}/x`))
  const budget = (entries: number) => new InputBudget('files', {...inputLimits(), entries})
  await expect(found(at('in'), budget(100))).resolves.toMatchObject({problems: []})
  await expect(found(at('in'), budget(99))).rejects.toThrow(InputLimitError)
})
